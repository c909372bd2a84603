/** What the outside sees of one kind of failure. `errno` is autopush's number for it, `label` its name in metrics. */
export interface Failure {
  readonly status: number
  readonly errno: number
  readonly message: string
  /** Seconds a client should wait before it tries again. */
  readonly retryAfterSeconds?: number
}

/** Every failure an HTTP client can meet: code -> status, errno and words. The code is the metric label too. */
export const FAILURES = {
  keysMissing: { status: 400, errno: 101, message: 'Missing crypto keys' },
  bridgeUnknown: { status: 400, errno: 108, message: 'Unknown bridge' },
  encryptionInvalid: { status: 400, errno: 110, message: 'Invalid encryption headers' },
  ttlMissing: { status: 400, errno: 111, message: 'Missing TTL header' },
  ttlInvalid: { status: 400, errno: 112, message: 'Invalid TTL header' },
  topicInvalid: { status: 400, errno: 113, message: 'Invalid Topic header' },
  ttlNegative: { status: 400, errno: 114, message: 'TTL must not be negative' },
  urgencyInvalid: { status: 400, errno: 115, message: 'Invalid Urgency header' },
  receiptInvalid: { status: 400, errno: 117, message: 'Invalid Push-Receipt header' },
  requestMalformed: { status: 400, errno: 999, message: 'Malformed request' },
  broadcastInvalid: { status: 400, errno: 999, message: 'Invalid broadcast' },
  adminTokenInvalid: { status: 401, errno: 109, message: 'Invalid admin token' },
  vapidInvalid: { status: 401, errno: 109, message: 'Invalid authorization' },
  consoleForbidden: { status: 403, errno: 999, message: 'The console is not for you' },
  tokenInvalid: { status: 404, errno: 102, message: 'Unknown endpoint' },
  broadcastUnknown: { status: 404, errno: 102, message: 'Unknown broadcast' },
  methodNotAllowed: { status: 405, errno: 999, message: 'Method not allowed' },
  requestTimeout: { status: 408, errno: 999, message: 'The request took too long to arrive' },
  broadcastsFull: { status: 409, errno: 999, message: 'Too many broadcasts' },
  agentGone: { status: 410, errno: 103, message: 'The user agent is gone' },
  notSubscribed: { status: 410, errno: 106, message: 'The subscription has ended' },
  bodyTooLarge: { status: 413, errno: 104, message: 'Message body too large' },
  rateLimited: { status: 429, errno: 116, message: 'Too many messages', retryAfterSeconds: 1 },
  headersTooLarge: { status: 431, errno: 999, message: 'Request headers too large' },
  internal: { status: 500, errno: 999, message: 'Internal error' },
  tooManyReaders: {
    status: 503,
    errno: 201,
    message: 'Too many requests for receipts are open',
    retryAfterSeconds: 10,
  },
  unavailable: { status: 503, errno: 201, message: 'Not possible at the moment', retryAfterSeconds: 5 },
  storeDown: { status: 503, errno: 201, message: 'The message could not be stored', retryAfterSeconds: 10 },
  storeFull: { status: 503, errno: 201, message: 'The store is full', retryAfterSeconds: 60 },
  noAnswer: { status: 503, errno: 202, message: 'No answer in time', retryAfterSeconds: 0 },
} as const satisfies Record<string, Failure>

/** Name of a failure. */
export type FailureCode = keyof typeof FAILURES

/** The one error that is thrown on purpose. Expected outcomes are return values instead. */
export class PushError extends Error {
  readonly code: FailureCode

  /**
   * @param detail what exactly was wrong and what would be right, for the client to read
   * @param cause the error behind it, for the log only
   */
  constructor(code: FailureCode, detail?: string, cause?: unknown) {
    super(detail ?? FAILURES[code].message, cause === undefined ? undefined : { cause })
    this.name = 'PushError'
    this.code = code
  }

  get failure(): Failure {
    return FAILURES[this.code]
  }
}

/** Stands for TCP that ends at once (RFC 6455 section 7.1.5): a peer that would not answer a Close frame can't hold on to the descriptor. */
export const WITHOUT_CLOSE_FRAME = 1006

/** Why a websocket is closed by the service -> close code (RFC 6455 section 7.4.1). Never 4774: Firefox stays away after it. */
export const CLOSE_CODES = {
  drained: 1001,
  binaryFrame: 1003,
  displaced: 1000,
  protocolViolated: 1008,
  tooManyUnacknowledged: 1008,
  frameTooLarge: 1009,
  behaviourFailed: 1011,
  storeDown: 1013,
  tooManyHellos: 1013,
  tooManySilent: WITHOUT_CLOSE_FRAME,
} as const satisfies Record<string, number>

/** Name of a reason to close. */
export type CloseReason = keyof typeof CLOSE_CODES
