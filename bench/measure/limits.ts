import { readFileSync } from 'node:fs'

/** What a worker of a run needs of its machine. */
export interface Needs {
  /** Websockets at a time. */
  readonly connections: number
  /** HTTP connections of its senders at a time. */
  readonly senders: number
  /** The server is on this machine, so that any address of 127.0.0.0/8 can be a source. */
  readonly loopback: boolean
}

/** What the machine allows a process. */
export interface Limits {
  readonly openFiles: number
  /** Source ports of one address to one destination. */
  readonly sourcePorts: number
}

/** Whether it fits. */
export interface Fit {
  /** Addresses to connect from, in turn; empty: the system's choice. */
  readonly sourceAddresses: readonly string[]
  /** Why it does not fit, and what to do, one line each. */
  readonly problems: readonly string[]
}

/** Files that a process has open anyhow: libraries, pipes, its event loop. */
const OPEN_ANYHOW = 100
/** The kernel searches long for a free one of 28,232 when few are left. */
const PORTS_SHARE = 0.9
/** Where the system does not say: what most have. */
const USUAL_LIMITS: Limits = { openFiles: Number.POSITIVE_INFINITY, sourcePorts: 28_232 }

/** Reads them from `/proc`; elsewhere they are those that most systems have. */
export function readLimits(): Limits {
  try {
    const files = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    const [from = 0, to = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
      .trim()
      .split(/\s+/)
      .map(Number)
    return {
      openFiles: files === undefined || files === 'unlimited' ? USUAL_LIMITS.openFiles : Number(files),
      sourcePorts: to - from + 1,
    }
  } catch {
    return USUAL_LIMITS
  }
}

/** Compares what a worker needs with what it may have. Connections beyond one address's ports come from several, where that is possible. */
export function fit({ connections, senders, loopback }: Needs, { openFiles, sourcePorts }: Limits): Fit {
  const problems: string[] = []
  const files = connections + senders + OPEN_ANYHOW
  if (files > openFiles)
    problems.push(
      `${connections} connections need ${files} open files, this process may have ${openFiles}: raise it (ulimit -n ${files}), or share them out with --workers`,
    )
  const perAddress = Math.floor(sourcePorts * PORTS_SHARE)
  if (connections <= perAddress) return { sourceAddresses: [], problems }
  const addresses = Math.ceil(connections / perAddress)
  if (loopback) return { sourceAddresses: loopbackAddresses(addresses), problems }
  problems.push(
    `${connections} connections need ${addresses} source addresses (${perAddress} ports each): widen net.ipv4.ip_local_port_range, or use workers on several machines (--nats)`,
  )
  return { sourceAddresses: [], problems }
}

function loopbackAddresses(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `127.0.0.${index + 1}`)
}
