import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'
import type { LoopNote } from './loop-delay.ts'
import { SYSTEMS_OPTIONS, systemsOf } from './systems.ts'

/*
 * How long a change of a broadcast takes to all of many subscribed user agents, from the PUT on; and how long it holds the event loop of the
 * node: how much later than it was due a timer there ran at most, and how much processor time its turns took, which is the share of
 * publishing. The rest was spent waiting for a processor. With --cluster on node, endpoint, nats-server and a database.
 */
const { values } = parseArgs({
  options: {
    cluster: SYSTEMS_OPTIONS.cluster,
    agents: { type: 'string', default: '10000' },
    changes: { type: 'string', default: '5' },
  },
})
const AGENTS = Number(values.agents)
const CHANGES = Number(values.changes)
const ID = 'bench/broadcast'
const TOKEN = 'token-of-the-broadcast-bench'
/** Connected at a time. */
const AT_A_TIME = 50
/** Between two changes: notes of the event loop that are of one of them only. */
const QUIET_MS = 1500

const folder = mkdtempSync(path.join(tmpdir(), 'pushgrid-bench-'))
const notesFile = path.join(folder, 'loop-delay')
process.env['PUSHGRID_ADMIN_TOKEN'] = TOKEN
process.env['PUSHGRID_BENCH_LOOP_DELAY_FILE'] = notesFile
process.env['NODE_OPTIONS'] = `--import ${new URL('loop-delay.js', import.meta.url).href}`

for (const start of systemsOf({ cluster: values.cluster })) {
  const system = await start()
  const receivedAtMs: number[] = []
  const sockets: WebSocket[] = []
  while (sockets.length < AGENTS) {
    const some = Math.min(AT_A_TIME, AGENTS - sockets.length)
    const connecting = Array.from({ length: some }, () =>
      subscribe(system.wsUrl, () => receivedAtMs.push(performance.now())),
    )
    sockets.push(...(await Promise.all(connecting)))
  }
  await wait(QUIET_MS)
  for (let change = 1; change <= CHANGES; change += 1) {
    const [fromMs, quiet] = [Date.now(), worst(Date.now() - QUIET_MS + 200, Date.now())]
    receivedAtMs.length = 0
    const startedAtMs = performance.now()
    await put(system.httpUrl, `${change}`)
    const answeredMs = performance.now() - startedAtMs
    while (receivedAtMs.length < AGENTS) await wait(1)
    const times = receivedAtMs.map((atMs) => atMs - startedAtMs).sort((a, b) => a - b)
    const at = (part: number) => (times[Math.ceil(part * AGENTS) - 1] ?? 0).toFixed(0)
    await wait(QUIET_MS)
    console.log(
      `change ${change}: ${AGENTS} user agents; PUT answered after ${answeredMs.toFixed(0)} ms; median ${at(0.5)} ms, 99 % ${at(0.99)} ms, last ${at(1)} ms; ` +
        `event loop held for at most ${worst(fromMs, Date.now())}; before: ${quiet}`,
    )
  }
  for (const socket of sockets) socket.terminate()
  await system.stop()
}
rmSync(folder, { recursive: true, force: true })

/** Connects a user agent that is subscribed; `received` is called for each version it is told. */
async function subscribe(wsUrl: string, received: () => void): Promise<WebSocket> {
  const socket = new WebSocket(wsUrl, 'push-notification', { perMessageDeflate: false })
  await once(socket, 'open')
  socket.send(JSON.stringify({ messageType: 'hello', use_webpush: true, broadcasts: { [ID]: '' } }))
  await once(socket, 'message')
  socket.on('message', received)
  return socket
}

async function put(httpUrl: string, version: string): Promise<void> {
  const headers = { authorization: `Bearer ${TOKEN}` }
  const response = await fetch(`${httpUrl.replace('localhost', '127.0.0.1')}/v1/broadcasts/${ID}`, {
    method: 'PUT',
    headers,
    body: version,
  })
  if (!response.ok) throw new Error(`PUT is answered ${response.status}`)
  await response.arrayBuffer()
}

/** The worst of any process between two wall times, in words. */
function worst(fromMs: number, toMs: number): string {
  const notes = readFileSync(notesFile, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LoopNote)
    .filter(({ pid, atMs }) => pid !== process.pid && atMs >= fromMs && atMs <= toMs + 100)
  const heldMs = Math.max(0, ...notes.map((note) => note.heldMs))
  const worksMs = notes.flatMap((note) => note.worksMs).sort((a, b) => a - b)
  const at = (part: number) => (worksMs[Math.ceil(part * worksMs.length) - 1] ?? 0).toFixed(1)
  return `${heldMs.toFixed(1)} ms; ${worksMs.length} turns with work, median ${at(0.5)} ms of it, 95 % ${at(0.95)} ms, most ${at(1)} ms`
}
