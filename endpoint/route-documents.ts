import type { FastifySchema } from 'fastify'
import { FAILURES, type Failure, type FailureCode } from '../push/errors.ts'
import type { OperationsPath } from '../push/operations.ts'
import type { EndpointVersion } from '../push/tokens.ts'
import { URGENCIES } from '../push/urgency.ts'

/** Name of the scheme by which application servers identify themselves. */
export const VAPID_SCHEME = 'vapid'

/** Name of the scheme by which operators do. */
export const ADMIN_SCHEME = 'admin'

/** Any request can meet these. */
const ALWAYS: readonly FailureCode[] = ['internal', 'requestMalformed', 'requestTimeout', 'headersTooLarge']
const SECONDS = { type: 'string', pattern: '^[0-9]+$' } as const
const TOKEN = {
  type: 'string',
  description: 'From the URL of the subscription or message, unchanged',
} as const

const RECEIPT_LIST = {
  type: 'object',
  properties: {
    receipts: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          id: { ...SECONDS, description: 'For Last-Event-ID' },
          message: { type: 'string', format: 'uri', description: 'Its Location' },
          status: { type: 'integer', enum: [204, 410], description: 'Acknowledged, or not delivered' },
        },
      },
    },
  },
} as const

/** Headers that come with a status. */
const HEADERS_OF: Readonly<Record<number, object>> = {
  401: { 'WWW-Authenticate': { type: 'string', description: 'The scheme: vapid, or Bearer for operators' } },
  405: { Allow: { type: 'string', description: 'The methods that there are' } },
  410: {
    'Cache-Control': { type: 'string', description: 'A subscription that has ended does not come back' },
  },
  429: { 'Retry-After': { ...SECONDS, description: 'Seconds to wait' } },
  503: { 'Retry-After': { ...SECONDS, description: 'Seconds to wait' } },
}

/** The routes of messages, RFC 8030 section 5. */
export function postDocument(version: EndpointVersion): FastifySchema {
  const restricted = version === 2
  return {
    operationId: `sendMessage${restricted ? 'Restricted' : ''}`,
    summary: restricted
      ? 'Sends a message to a subscription that is restricted to a VAPID key'
      : 'Sends a message to a subscription',
    tags: ['messages'],
    params: { type: 'object', properties: { token: TOKEN }, required: ['token'] },
    headers: MESSAGE_HEADERS,
    // Without restriction it may be left out.
    security: restricted ? [{ [VAPID_SCHEME]: [] }] : [{}, { [VAPID_SCHEME]: [] }],
    body: { content: { 'application/octet-stream': { schema: {} } } },
    response: {
      201: {
        description: 'Acknowledged by the user agent, or durable; with TTL 0 sent, or dropped',
        type: 'null',
        headers: {
          Location: { type: 'string', format: 'uri', description: 'The message: DELETE takes it back' },
          TTL: { ...SECONDS, description: 'Seconds granted' },
        },
      },
      202: {
        description: 'The same, and a receipt will come',
        type: 'null',
        headers: {
          Location: { type: 'string', format: 'uri', description: 'The message: DELETE takes it back' },
          TTL: { ...SECONDS, description: 'Seconds granted' },
          Link: {
            type: 'string',
            description: 'The receipt subscription: <URL>; rel="urn:ietf:params:push:receipt"',
          },
        },
      },
      ...failureResponses([
        'keysMissing',
        'encryptionInvalid',
        'ttlMissing',
        'ttlInvalid',
        'topicInvalid',
        'ttlNegative',
        'urgencyInvalid',
        'receiptInvalid',
        'vapidInvalid',
        'tokenInvalid',
        'agentGone',
        'notSubscribed',
        'bodyTooLarge',
        'rateLimited',
        'unavailable',
        'storeDown',
        'storeFull',
      ]),
    },
  }
}

const MESSAGE_HEADERS = {
  type: 'object',
  properties: {
    TTL: { ...SECONDS, description: 'Seconds to keep the message; at most 30 days are granted' },
    Topic: {
      type: 'string',
      pattern: '^[A-Za-z0-9_-]{1,32}$',
      description: 'Replaces the undelivered message of the same topic',
    },
    Urgency: { type: 'string', enum: [...URGENCIES], description: 'normal unless said otherwise' },
    'Content-Encoding': {
      type: 'string',
      enum: ['aes128gcm', 'aesgcm'],
      description: 'Required with a body: RFC 8291, or the older draft',
    },
    Encryption: { type: 'string', description: 'With aesgcm: salt=<base64url>' },
    'Crypto-Key': { type: 'string', description: 'With aesgcm: dh=<base64url>' },
    Prefer: { type: 'string', description: 'respond-async asks for a receipt' },
    'Push-Receipt': { type: 'string', description: 'URL of the receipt subscription that it goes to' },
  },
  required: ['TTL'],
} as const

/** Takes back a message. */
export const DELETE_MESSAGE: FastifySchema = {
  operationId: 'deleteMessage',
  summary: 'Takes a message back that was not yet delivered',
  tags: ['messages'],
  params: { type: 'object', properties: { token: TOKEN }, required: ['token'] },
  response: {
    204: { description: 'It will not be delivered any more', type: 'null' },
    ...failureResponses(['tokenInvalid', 'storeDown', 'storeFull', 'noAnswer']),
  },
}

/** Reads receipts, RFC 8030 section 6.3. */
export const READ_RECEIPTS: FastifySchema = {
  operationId: 'readReceipts',
  summary: 'Gives receipts: those that wait, then live ones',
  description: 'By HTTP/2 server push; as events; or, with Prefer: wait, in one answer',
  tags: ['receipts'],
  params: { type: 'object', properties: { token: TOKEN }, required: ['token'] },
  headers: {
    type: 'object',
    properties: {
      Accept: { type: 'string', description: 'text/event-stream asks for events' },
      Prefer: { type: 'string', description: 'wait=N: one answer, after N seconds at the latest' },
      'Last-Event-ID': {
        type: 'string',
        description: 'Of the last receipt that was got: later ones come again',
      },
    },
  },
  response: {
    200: {
      description: 'Receipts',
      content: {
        'text/event-stream': { schema: { type: 'string' } },
        'application/json': { schema: RECEIPT_LIST },
      },
    },
    204: { description: 'None for now', type: 'null' },
    ...failureResponses(['tokenInvalid', 'tooManyReaders', 'storeDown', 'storeFull']),
  },
}

/** Ends a receipt subscription. */
export const END_RECEIPTS: FastifySchema = {
  operationId: 'endReceipts',
  summary: 'Ends a receipt subscription for good',
  tags: ['receipts'],
  params: { type: 'object', properties: { token: TOKEN }, required: ['token'] },
  response: {
    204: { description: 'It has ended', type: 'null' },
    ...failureResponses(['tokenInvalid', 'storeDown', 'storeFull']),
  },
}

/** Bridges, of which there are none. */
export const BRIDGE: FastifySchema = {
  operationId: 'registerBridge',
  summary: 'Refuses to reach a user agent through another push service',
  tags: ['messages'],
  response: failureResponses(['bridgeUnknown']),
}

const OPERATION_DOCUMENTS: Readonly<Record<OperationsPath, readonly [id: string, summary: string]>> = {
  '/health': ['health', 'How the service fares'],
  '/__heartbeat__': ['heartbeat', 'The same, for tools'],
  '/__lbheartbeat__': ['loadBalancerHeartbeat', 'Whether this process takes requests'],
  '/__version__': ['version', 'Which software runs'],
  '/metrics': ['metrics', 'Measurements, for Prometheus'],
}
const JSON_OBJECT = { 'application/json': { schema: { type: 'object' } } } as const

/** A route for operators. */
export function operationsDocument(path: OperationsPath): FastifySchema {
  const content = path === '/metrics' ? { 'text/plain': { schema: { type: 'string' } } } : JSON_OBJECT
  const [operationId, summary] = OPERATION_DOCUMENTS[path]
  return {
    operationId,
    summary,
    tags: ['operations'],
    response: {
      200: { description: 'It is well', content },
      503: { description: 'It is not', content: JSON_OBJECT },
      ...failureResponses([]),
    },
  }
}

/** What a route answers with these failures, and with those that any route can answer; from the one table of all failures. */
export function failureResponses(codes: readonly FailureCode[]): Record<string, object> {
  const byStatus = new Map<number, Failure[]>()
  for (const code of [...codes, ...ALWAYS]) {
    const failure = FAILURES[code]
    byStatus.set(failure.status, [...(byStatus.get(failure.status) ?? []), failure])
  }
  return Object.fromEntries(
    Array.from(byStatus, ([status, failures]) => [
      status,
      {
        description: failures.map(({ errno, message }) => `errno ${errno}: ${message}`).join('; '),
        ...(HEADERS_OF[status] && { headers: HEADERS_OF[status] }),
        content: { 'application/json': { schema: failureSchema(failures) } },
      },
    ]),
  )
}

/** The form of `failureBody` in answers.ts. */
function failureSchema(failures: readonly Failure[]): object {
  const only = (values: readonly number[]) => [...new Set(values)].sort((a, b) => a - b)
  return {
    type: 'object',
    properties: {
      code: { type: 'integer', enum: only(failures.map(({ status }) => status)) },
      errno: { type: 'integer', enum: only(failures.map(({ errno }) => errno)) },
      error: { type: 'string', description: 'The name of the status' },
      message: { type: 'string', description: 'What is wrong and what would be right' },
      more_info: { type: 'string', format: 'uri' },
    },
    required: ['code', 'errno', 'error', 'message', 'more_info'],
    additionalProperties: false,
  }
}
