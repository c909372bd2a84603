import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { connectAgents } from './agent.ts'
import { addedEach, described, read } from './measured-system.ts'
import { SYSTEMS_OPTIONS, systemsOf } from './systems.ts'

/*
 * What a connected user agent costs that does nothing: resident memory of the service per idle connection with one registered
 * channel, and CPU time of connecting, hello and register together; with --cluster of node, endpoint and nats-server. With
 * --floor FILE the same on that script.
 */
const { values } = parseArgs({
  options: { ...SYSTEMS_OPTIONS, agents: { type: 'string', default: '10000' } },
})
const AGENTS = Number(values.agents)
/** Connected before the measurement, so that what the process needs once is not counted. */
const WARM_UP_AGENTS = 1000
/** Until garbage of the connecting is collected and memory stands still. */
const SETTLE_MS = 5000

for (const start of systemsOf(values)) {
  const system = await start()
  const warm = await connectAgents(system.wsUrl, WARM_UP_AGENTS, 50, () => {})
  await wait(SETTLE_MS)
  const before = { cpuUs: read(system, 'cpuUs'), residentBytes: read(system, 'residentBytes') }
  const agents = await connectAgents(system.wsUrl, AGENTS, 50, () => {})
  const cpuUs = addedEach(system, 'cpuUs', before.cpuUs, AGENTS)
  await wait(SETTLE_MS)
  const kilobytes = addedEach(system, 'residentBytes', before.residentBytes, AGENTS * 1000)
  console.log(
    `${system.name}: ${described(system, kilobytes, 'kB resident per idle registered connection', 2)}; ` +
      `${described(system, cpuUs, 'us CPU for connect + hello + register', 0)}; ${AGENTS} user agents`,
  )
  for (const agent of [...warm, ...agents]) agent.close()
  await system.stop()
}
