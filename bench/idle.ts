import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { connectAgents } from './agent.ts'
import { startFloor, startPushgrid } from './server-process.ts'

/*
 * What a connected user agent costs that does nothing: resident memory of the server per idle connection with one registered
 * channel, and CPU time of connecting, hello and register together. With --floor FILE the same on that script.
 */
const { values } = parseArgs({
  options: { floor: { type: 'string' }, agents: { type: 'string', default: '10000' } },
})
const AGENTS = Number(values.agents)
/** Connected before the measurement, so that what the process needs once is not counted. */
const WARM_UP_AGENTS = 1000
/** Until garbage of the connecting is collected and memory stands still. */
const SETTLE_MS = 5000

for (const start of [startPushgrid, ...(values.floor ? [() => startFloor(values.floor ?? '')] : [])]) {
  const server = await start()
  const warm = await connectAgents(server.wsUrl, WARM_UP_AGENTS, 50, () => {})
  await wait(SETTLE_MS)
  const before = { cpuUs: server.cpuUs(), residentBytes: server.residentBytes() }
  const agents = await connectAgents(server.wsUrl, AGENTS, 50, () => {})
  const cpuUs = (server.cpuUs() - before.cpuUs) / AGENTS
  await wait(SETTLE_MS)
  const bytes = (server.residentBytes() - before.residentBytes) / AGENTS
  console.log(
    `${server.name}: ${(bytes / 1000).toFixed(2)} kB resident per idle registered connection, ` +
      `${cpuUs.toFixed(0)} us CPU for connect + hello + register (${AGENTS} user agents)`,
  )
  for (const agent of [...warm, ...agents]) agent.close()
  await server.stop()
}
