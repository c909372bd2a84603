import { parseArgs } from 'node:util'
import { connectAgents } from './agent.ts'
import { Load, type RunResult } from './load.ts'
import { described, type MeasuredSystem, median } from './measured-system.ts'
import { SYSTEMS_OPTIONS, systemsOf } from './systems.ts'

/*
 * CPU time of the service per message stored for a user agent that is offline, by how many are posted at a time. With --cluster that
 * of node, endpoint and nats-server, without the database.
 */
const AGENTS = 500
/** Until the machine code of all that is used has been made, which would cost more than the messages. */
const WARM_UP_MESSAGES = 12_000
/** Few at a time take long. */
const MESSAGES_FOR_EACH_AT_A_TIME = 500

const { values } = parseArgs({
  options: {
    cluster: SYSTEMS_OPTIONS.cluster,
    'cpu-prof': SYSTEMS_OPTIONS['cpu-prof'],
    messages: { type: 'string', default: '3000' },
    'at-a-time': { type: 'string', default: '64,8,1' },
    rounds: { type: 'string', default: '3' },
  },
})
const AT_A_TIME = values['at-a-time'].split(',').map(Number)

for (const start of systemsOf(values)) {
  const system = await start()
  const load = await Load.create(system, await endpointsOfAbsentAgents(system), Math.max(...AT_A_TIME))
  await load.run(WARM_UP_MESSAGES, Math.max(...AT_A_TIME))
  for (const atATime of AT_A_TIME) await measure(system, load, atATime)
  await load.close()
  await system.stop()
}

async function measure(system: MeasuredSystem, load: Load, atATime: number): Promise<void> {
  const messages = Math.min(Number(values.messages), atATime * MESSAGES_FOR_EACH_AT_A_TIME)
  const rounds: RunResult[] = []
  for (let round = 0; round < Number(values.rounds); round += 1)
    rounds.push(await load.run(messages, atATime))
  const cpuUs = median(rounds.map((round) => round.cpuUs))
  const [slowest, fastest] = [Math.min, Math.max].map((of) => of(...rounds.map((round) => round.perSecond)))
  const cost = described(system, cpuUs, 'us CPU per stored message')
  console.log(`${atATime} at a time: ${cost}, ${slowest} to ${fastest} messages/s`)
}

/** Registers user agents and lets them go. */
async function endpointsOfAbsentAgents({ wsUrl }: MeasuredSystem): Promise<readonly string[]> {
  const agents = await connectAgents(wsUrl, AGENTS, 50, () => {})
  for (const agent of agents) agent.close()
  return agents.map(({ endpointPath }) => endpointPath)
}
