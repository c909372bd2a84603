import { randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { Pool } from 'undici'
import { type Amounts, addedEach, type MeasuredSystem, read } from './measured-system.ts'

const BODY_BYTES = 1024

/** What a run of messages took. */
export interface RunResult {
  /** CPU time of each process per message, in microseconds. */
  readonly cpuUs: Amounts
  readonly perSecond: number
}

/** An application server that sends to a system under measurement: bodies of 1 kB, one VAPID token, keep-alive connections. */
export class Load {
  readonly #system: MeasuredSystem
  readonly #paths: readonly string[]
  readonly #pool: Pool
  readonly #headers: Readonly<Record<string, string>>
  readonly #body = aes128gcmBody()
  #sent = 0

  private constructor(
    system: MeasuredSystem,
    paths: readonly string[],
    connections: number,
    authorization: string,
  ) {
    this.#system = system
    this.#paths = paths
    this.#pool = new Pool(system.httpUrl.replace('localhost', '127.0.0.1'), { connections })
    this.#headers = {
      ttl: '600',
      'content-encoding': 'aes128gcm',
      'content-type': 'application/octet-stream',
      authorization,
    }
  }

  /** @param paths those of the endpoints that take turns */
  static async create(system: MeasuredSystem, paths: readonly string[], connections: number): Promise<Load> {
    return new Load(system, paths, connections, await vapid(system.httpUrl))
  }

  /** Messages sent so far. */
  get sent(): number {
    return this.#sent
  }

  /** Sends so many messages, so many at a time. @throws when one is not answered 201 */
  async run(messages: number, atATime: number): Promise<RunResult> {
    const before = { cpuUs: read(this.#system, 'cpuUs'), atMs: performance.now() }
    const until = this.#sent + messages
    await Promise.all(Array.from({ length: atATime }, () => this.#sendUntil(until)))
    const seconds = (performance.now() - before.atMs) / 1000
    return {
      cpuUs: addedEach(this.#system, 'cpuUs', before.cpuUs, messages),
      perSecond: Math.round(messages / seconds),
    }
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  async #sendUntil(count: number): Promise<void> {
    while (this.#sent < count) {
      const path = this.#paths[this.#sent % this.#paths.length] ?? ''
      this.#sent += 1
      const request = { method: 'POST', path, headers: this.#headers, body: this.#body } as const
      const response = await this.#pool.request(request)
      if (response.statusCode !== 201)
        throw new Error(`answer ${response.statusCode} of ${this.#system.name}`)
      await response.body.dump()
    }
  }
}

/** A body that looks encrypted (RFC 8188): salt, record size, an ephemeral key as its id, and noise. */
function aes128gcmBody(): Buffer {
  const body = randomBytes(BODY_BYTES)
  body.writeUInt32BE(4096, 16)
  body.writeUInt8(65, 20)
  body.writeUInt8(4, 21)
  return body
}

async function vapid(audience: string): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const token = await new SignJWT({ aud: audience, sub: 'mailto:bench@example.com' })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
    .setExpirationTime('12h')
    .sign(privateKey)
  const { x = '', y = '' } = await exportJWK(publicKey)
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  return `vapid t=${token}, k=${point.toString('base64url')}`
}
