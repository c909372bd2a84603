import { connect } from 'node:net'
import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'

const CLOSE_TIMEOUT_MS = 60_000

/**
 * Sends bytes on a connection of its own, and resolves to what came back until the server closed.
 * @param ending with `halfClose` the server is told that no more will come, and may leave the rest unanswered
 * @throws when the server does not close
 */
export function exchange(port: number, bytes: Uint8Array, ending?: 'halfClose'): Promise<Buffer> {
  const chunks: Buffer[] = []
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  const closed = new Promise<Buffer>((resolve) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.once('end', () => socket.destroy())
    socket.on('error', () => {}) // a reset is a way to close, too
    socket.once('close', () => resolve(Buffer.concat(chunks)))
  })
  if (ending === 'halfClose') socket.end(bytes)
  else socket.write(bytes)
  return within(systemClock, CLOSE_TIMEOUT_MS, closed, () => {
    socket.destroy()
    throw new Error(
      `port ${port} is still open ${CLOSE_TIMEOUT_MS} ms after ${JSON.stringify(String(bytes))}`,
    )
  })
}

/** The statuses of the HTTP/1.1 answers in what came back. */
export function statusesIn(answers: Buffer): number[] {
  return [...answers.toString('latin1').matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}
