import { connect, type Socket } from 'node:net'

/** The upgrade of a websocket (RFC 6455 section 4.1). */
export const UPGRADE =
  'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

/**
 * Opens a websocket that says nothing. @param localAddress where it comes from: all of 127.0.0.0/8 are addresses of this machine
 * @throws when it is refused
 */
export async function silentSocket(wsUrl: string, localAddress = '127.0.0.1'): Promise<Socket> {
  const { hostname, port } = new URL(wsUrl)
  const socket = connect({ host: hostname, port: Number(port), localAddress })
  socket.write(UPGRADE)
  const answer = await new Promise<Buffer>((resolve, reject) => {
    socket.on('error', reject).once('data', resolve)
    socket.once('close', () => reject(new Error('closed before an answer')))
  })
  if (!answer.toString().startsWith('HTTP/1.1 101 ')) throw new Error(`refused: ${answer}`)
  return socket.resume()
}
