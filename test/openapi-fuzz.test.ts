import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { readUntil } from './support/becomes.ts'
import { requireProgram } from './support/programs.ts'
import { SCHEMATHESIS } from './support/schemathesis-program.ts'
import { Sender } from './support/sender.ts'
import { subscribed } from './support/subscribed.ts'
import { startSystem } from './support/system.ts'

/** What every answer is checked for. Node's parser answers methods that it does not know itself, so that is not among them. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'missing_required_header',
]
/** Requests made up for each route, beside those for each part of its description. */
const EXAMPLES_MAX = 10
/** The same requests each time, unless another is given. */
const { PUSHGRID_TEST_SEED = '1' } = process.env

const system = await startSystem()
const { wsUrl, httpUrl } = system
const sender = new Sender()
t.teardown(() => system.stop())
t.teardown(() => sender.close())

/** Fuzzes every route. @param config of schemathesis */
async function fuzz(t: Test, config: string): Promise<void> {
  const folder = t.testdir()
  const file = path.join(folder, 'schemathesis.toml')
  await writeFile(file, config)
  const child = spawn(
    await requireProgram(SCHEMATHESIS),
    [
      ...['--no-color', '--config-file', file, 'run', `${httpUrl}/openapi.json`, '--url', httpUrl],
      ...['--phases', 'coverage,fuzzing', '--checks', CHECKS.join(','), '--continue-on-failure'],
      ...['--max-examples', `${EXAMPLES_MAX}`, '--seed', PUSHGRID_TEST_SEED, '--no-shrink'],
      ...['--generation-database', 'none', '--warnings', 'off'],
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  const [code] = await once(child, 'close')
  t.equal(code, 0, output)
  t.match(output, /Selected: (\d+)\/\1\s+Tested: \1\b/, 'every route was tested')
}

t.test('whatever the document allows, and what it does not, is answered as it says', async (t) => {
  const { client, endpoint } = await subscribed(wsUrl)
  await fuzz(t, '')
  t.equal((await sender.post(endpoint, { ttl: 0 })).status, 201, 'and others are served')
  await client.close()
})

t.test('the same with tokens that are good', async (t) => {
  const { client, endpoint } = await subscribed(wsUrl, { onNotification: (one, agent) => agent.ack(one) })
  const { headers } = await sender.post(endpoint, { ttl: 60 })
  const token = (url: unknown) => String(url).split('/').at(-1)
  const operation = (route: string, url: unknown) =>
    `[[operations]]\ninclude-path = "${route}"\nparameters = { "path.token" = "${token(url)}" }\n`
  await fuzz(t, operation('/wpush/v1/{token}', endpoint) + operation('/m/{token}', headers['location']))
  const some = await readUntil(
    () => client.notifications.length,
    (count) => count > 1,
  )
  t.ok(some > 1, 'some of what was made up is a message')
  await client.close()
})
