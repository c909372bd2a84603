import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/** Those below are of well-known services. */
const LOWEST = 10_000
const HIGHEST = 65_535
/** Where the system does not say from where on it numbers connections itself (Linux, ip(7)). */
const USUAL_FIRST_OF_SYSTEM = 32_768
const FIRST_OF_SYSTEM = firstOfSystem()

/**
 * A free port on loopback, for servers that can't choose their own, or that must come back on the port they had. Nothing keeps others from
 * it while no server listens: so it is none that the system gives to connections, of which there are thousands meanwhile, and none that
 * another process has got here.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, FIRST_OF_SYSTEM)
    if ((await takePort(port)) && (await isFree(port))) return port
  }
}

/** Several of them, each another one. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await freePort())
  return [...ports]
}

/** Whether nobody listens on a port of loopback, or is connected by it. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

/**
 * Takes a port for this process, for as long as that is there; false when another one has it. It does so by a UDP socket, which the system closes however
 * the process ends, of another number: a server may want UDP on its port, too, for HTTP/3.
 */
export async function takePort(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  try {
    socket.bind({ port: HIGHEST - (port - LOWEST), address: '127.0.0.1', exclusive: true })
    await once(socket, 'listening')
    socket.unref()
    return true
  } catch {
    socket.close()
    return false
  }
}

function firstOfSystem(): number {
  try {
    const [first = ''] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)
    return Number(first) > LOWEST + 1000 ? Number(first) : USUAL_FIRST_OF_SYSTEM
  } catch {
    return USUAL_FIRST_OF_SYSTEM
  }
}
