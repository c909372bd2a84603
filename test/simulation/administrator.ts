import type { Checked } from '../../endpoint/checked.ts'
import { type BroadcastId, type BroadcastVersion, parseBroadcastVersion } from '../../push/broadcast.ts'
import type { Fact } from './facts.ts'
import type { Server } from './server.ts'

/** Who sets broadcasts at endpoints, and drops them. No version is set twice, so that each has its place in their order. */
export class Administrator {
  readonly #report: (fact: Fact) => void
  #versions = 0

  constructor(report: (fact: Fact) => void) {
    this.#report = report
  }

  /** Sets a broadcast to something new; says what. */
  put(server: Server, broadcast: BroadcastId): BroadcastVersion {
    const { administration } = server
    this.#versions += 1
    const version = parseBroadcastVersion(`v${this.#versions}`)
    if (administration === undefined || version === undefined)
      throw new Error(`${server.process.name} is no endpoint`)
    const body = { outcome: 'read', bytes: Buffer.from(version) } as const
    this.#ask(server, broadcast, version, () => administration.put(broadcast, body))
    return version
  }

  /** Drops a broadcast. */
  drop(server: Server, broadcast: BroadcastId): void {
    const { administration } = server
    if (administration === undefined) throw new Error(`${server.process.name} is no endpoint`)
    this.#ask(server, broadcast, undefined, () => administration.drop(broadcast))
  }

  #ask(
    server: Server,
    broadcast: BroadcastId,
    version: BroadcastVersion | undefined,
    perform: () => Promise<Checked<string | undefined>>,
  ): void {
    this.#report({ kind: 'broadcastPutting', broadcast, version, at: server.process.name })
    server.request(0, perform).then(
      (answer) => {
        const outcome = answer.ok ? (answer.value ?? 'dropped') : answer.code
        this.#report({ kind: 'broadcastAnswered', broadcast, version, outcome })
      },
      (error) => this.#report({ kind: 'defect', error, where: 'administration' }),
    )
  }
}
