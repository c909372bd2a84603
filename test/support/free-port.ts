import { createServer } from 'node:net'

/**
 * A free port on loopback, for servers that can't be asked for port 0, or that must come back on the port they had.
 * Nothing keeps others from it until the server listens.
 * @param wanted this one; rejects when it is in use
 */
export function freePort(wanted = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address()
      const port = address !== null && typeof address === 'object' ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
