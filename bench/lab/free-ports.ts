import { once } from 'node:events'
import { createServer } from 'node:net'

/** Ports of loopback that are free now, each another one: not every server can choose its own. */
export async function freePorts(count: number): Promise<readonly string[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports: string[] = []
  for (const server of servers) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address !== null && typeof address === 'object') ports.push(String(address.port))
  }
  for (const server of servers) server.close()
  return ports
}
