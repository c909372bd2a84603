import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { Pool } from 'undici'
import { type BenchAgent, connectAgents } from './agent.ts'
import { type ServerProcess, startFloor, startPushgrid } from './server-process.ts'

/*
 * CPU time of the server per message delivered to a connected user agent: 500 user agents, 64 keep-alive senders, bodies of
 * 1 kB, one VAPID token. With --floor FILE the same is measured in turn, round by round, on that script, and the ratio printed.
 */
const AGENTS = 500
const SENDERS = 64
const BODY_BYTES = 1024
const WARM_UP_MESSAGES = 10_000

const { values } = parseArgs({
  options: {
    floor: { type: 'string' },
    messages: { type: 'string', default: '30000' },
    rounds: { type: 'string', default: '3' },
    'cpu-prof': { type: 'string' },
  },
})

const flags = values['cpu-prof'] ? ['--cpu-prof', `--cpu-prof-dir=${values['cpu-prof']}`] : []
const servers = [await startPushgrid(flags), ...(values.floor ? [await startFloor(values.floor)] : [])]
const loads = await Promise.all(servers.map((server) => prepare(server)))
for (const load of loads) await load.run(WARM_UP_MESSAGES)

const results = new Map<string, number[]>()
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const load of loads) {
    const { cpuUs, seconds } = await load.run(Number(values.messages))
    results.set(load.name, [...(results.get(load.name) ?? []), cpuUs])
    const rate = Math.round(Number(values.messages) / seconds)
    console.log(`${load.name.padEnd(9)} ${cpuUs.toFixed(1)} us CPU per delivered message, ${rate} messages/s`)
  }
}
const [own = 0, floor] = loads.map((load) => median(results.get(load.name) ?? []))
console.log(`median    ${own.toFixed(1)} us${floor ? `, ${(own / floor).toFixed(3)} times the floor` : ''}`)
for (const load of loads) load.close()
await Promise.all(servers.map((server) => server.stop()))

interface Load {
  readonly name: string
  run(messages: number): Promise<{ cpuUs: number; seconds: number }>
  close(): void
}

async function prepare(server: ServerProcess): Promise<Load> {
  let delivered = 0
  const agents = await connectAgents(server.wsUrl, AGENTS, 50, () => {
    delivered += 1
  })
  const pool = new Pool(server.httpUrl.replace('localhost', '127.0.0.1'), { connections: SENDERS })
  const headers = {
    ttl: '60',
    'content-encoding': 'aes128gcm',
    'content-type': 'application/octet-stream',
    authorization: await vapid(server.httpUrl),
  }
  const body = aes128gcmBody()
  let sent = 0

  async function sender(until: number): Promise<void> {
    while (sent < until) {
      sent += 1
      const path = pathOf(agents, sent)
      const response = await pool.request({ method: 'POST', path, headers, body })
      if (response.statusCode !== 201) throw new Error(`answer ${response.statusCode} of ${server.name}`)
      await response.body.dump()
    }
  }

  return {
    name: server.name,
    async run(messages) {
      const before = { cpuUs: server.cpuUs(), delivered, atMs: performance.now() }
      await Promise.all(Array.from({ length: SENDERS }, () => sender(before.delivered + messages)))
      if (delivered !== sent) throw new Error(`${sent} messages sent, ${delivered} delivered`)
      return {
        cpuUs: (server.cpuUs() - before.cpuUs) / (delivered - before.delivered),
        seconds: (performance.now() - before.atMs) / 1000,
      }
    },
    close() {
      for (const agent of agents) agent.close()
      void pool.close()
    },
  }
}

function pathOf(agents: readonly BenchAgent[], sent: number): string {
  return agents[sent % agents.length]?.endpointPath ?? ''
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

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
}
