import { Validator } from '@seriousme/openapi-schema-validator'
import t from 'tap'
import { FAILURES } from '../push/errors.ts'
import { OPERATIONS } from '../push/operations.ts'
import { endpointTest, post } from './fixtures/http-test.ts'
import { TEST_CONSOLE } from './fixtures/test-console.ts'
import { ORIGIN, type TestEndpoint } from './fixtures/test-endpoint.ts'

const ADMIN = { adminToken: 'token-of-the-operator' }

interface Response {
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content?: Readonly<Record<string, { schema: { properties?: { errno?: { enum: number[] } } } }>>
}

interface Document {
  readonly openapi: string
  readonly servers: readonly { url: string }[]
  readonly paths: Readonly<
    Record<string, Record<string, { responses: Record<string, Response>; requestBody?: unknown }>>
  >
}

async function documentOf({ url }: TestEndpoint): Promise<Document> {
  const response = await fetch(`${url}/openapi.json`)
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^application\/json/)
  return (await response.json()) as Document
}

/** All pairs of status and errno that a document names. */
function failuresOf(document: Document): Set<string> {
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
  return new Set(
    operations.flatMap(({ responses }) =>
      Object.entries(responses).flatMap(([status, { content }]) =>
        (content?.['application/json']?.schema.properties?.errno?.enum ?? []).map(
          (errno) => `${status}/${errno}`,
        ),
      ),
    ),
  )
}

endpointTest(
  'the document is a valid one of OpenAPI 3.1, for this service',
  async (t, endpoint) => {
    const document = await documentOf(endpoint)
    t.match(document, { openapi: '3.1.0', servers: [{ url: ORIGIN }], info: { version: '1.2.3' } })
    const { valid, errors } = await new Validator().validate({ ...document })
    t.ok(valid, JSON.stringify(errors))
  },
  ADMIN,
)

endpointTest(
  'it has every route but those of the console, and every failure but theirs and that of a wrong method',
  async (t, endpoint) => {
    const document = await documentOf(endpoint)
    const messages = ['/m/{token}', '/r/{token}', '/wpush/v1/{token}', '/wpush/v2/{token}']
    const others = [
      '/v1/{bridge}/{app}/registration',
      '/v1/broadcasts',
      '/v1/broadcasts/{broadcaster}/{channel}',
    ]
    t.same(Object.keys(document.paths).sort(), [...OPERATIONS, ...others, ...messages].sort())
    const all = new Set(Object.values(FAILURES).map(({ status, errno }) => `${status}/${errno}`))
    for (const left of ['403/999', '405/999'] as const) all.delete(left)
    t.same([...failuresOf(document)].sort(), [...all].sort())
  },
  { ...ADMIN, console: TEST_CONSOLE },
)

endpointTest('what is answered is in it, headers included', async (t, endpoint) => {
  const { paths } = await documentOf(endpoint)
  const operation = paths['/wpush/v1/{token}']?.['post']
  t.match(operation?.requestBody, { required: false })
  const accepted = await post(endpoint, { ttl: '60' })
  for (const header of Object.keys(operation?.responses[accepted.status]?.headers ?? {}))
    t.ok(accepted.headers.has(header), header)
  endpoint.agent.outcome = () => 'gone'
  endpoint.store.status = { outcome: 'agentGone' }
  const gone = await post(endpoint, { ttl: '60' })
  const described = operation?.responses[gone.status]
  t.same(Object.keys(described?.headers ?? {}), ['Cache-Control'])
  t.ok(gone.headers.has('cache-control'))
})
