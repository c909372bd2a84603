import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { FastifyReply } from 'fastify'

const NO_ERROR = 0

/** The HTTP/2 stream of a request or response; undefined in HTTP/1.1. */
export function http2StreamOf(message: IncomingMessage | ServerResponse): ServerHttp2Stream | undefined {
  // Node gives HTTP/2 the interface of HTTP/1.1, and this beside it.
  return 'stream' in message ? (message.stream as ServerHttp2Stream) : undefined
}

/** Ends the connection with this answer. In HTTP/2 the server says so for all of its streams, so there is nothing to do. */
export function closeAfter(reply: FastifyReply): void {
  if (http2StreamOf(reply.raw) === undefined) reply.header('connection', 'close')
}

/** Leaves the rest of a request unread once it is answered; that takes the stream with it, or in HTTP/1.1 the connection (RFC 9113 section 8.1). */
export function leaveUnread(reply: FastifyReply): void {
  const stream = http2StreamOf(reply.raw)
  if (stream === undefined) reply.header('connection', 'close')
  else stream.once('finish', () => stream.close(NO_ERROR))
}
