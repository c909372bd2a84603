import { parseArgs } from 'node:util'
import { connectAgents } from './agent.ts'
import { Load } from './load.ts'
import { type Amounts, described, type MeasuredSystem, median, sum } from './measured-system.ts'
import { SYSTEMS_OPTIONS, systemsOf } from './systems.ts'

/*
 * CPU time of the service per message delivered to a connected user agent: 500 user agents, 64 keep-alive senders, bodies of
 * 1 kB, one VAPID token. With --cluster of node, endpoint and nats-server together. With --floor FILE the same is measured in turn,
 * round by round, on that script, and the ratio printed.
 */
const AGENTS = 500
const SENDERS = 64
const WARM_UP_MESSAGES = 10_000

const { values } = parseArgs({
  options: {
    ...SYSTEMS_OPTIONS,
    messages: { type: 'string', default: '30000' },
    rounds: { type: 'string', default: '3' },
  },
})
const MESSAGES = Number(values.messages)

const systems = await Promise.all(systemsOf(values).map((start) => start()))
const subjects = await Promise.all(systems.map((system) => prepare(system)))
for (const { run } of subjects) await run(WARM_UP_MESSAGES)

for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const { system, run, rounds } of subjects) {
    const { cpuUs, perSecond } = await run(MESSAGES)
    rounds.push(cpuUs)
    const cost = described(system, cpuUs, 'us CPU per delivered message')
    console.log(`${system.name.padEnd(9)} ${cost}, ${perSecond} messages/s`)
  }
}
const medians = subjects.map(({ rounds }) => median(rounds))
for (const [index, { system }] of subjects.entries())
  console.log(`${system.name.padEnd(9)} median ${described(system, medians[index] ?? [], 'us')}`)
const [own = 0, floor] = medians.map(sum)
if (floor) console.log(`${(own / floor).toFixed(3)} times the floor`)
for (const { close } of subjects) close()
await Promise.all(systems.map((system) => system.stop()))

interface Subject {
  readonly system: MeasuredSystem
  /** What was measured so far. */
  readonly rounds: Amounts[]
  run(messages: number): ReturnType<Load['run']>
  close(): void
}

async function prepare(system: MeasuredSystem): Promise<Subject> {
  let delivered = 0
  const agents = await connectAgents(system.wsUrl, AGENTS, 50, () => {
    delivered += 1
  })
  const paths = agents.map(({ endpointPath }) => endpointPath)
  const load = await Load.create(system, paths, SENDERS)
  return {
    system,
    rounds: [],
    async run(messages) {
      const result = await load.run(messages, SENDERS)
      if (delivered !== load.sent) throw new Error(`${load.sent} messages sent, ${delivered} delivered`)
      return result
    },
    close() {
      for (const agent of agents) agent.close()
      void load.close()
    },
  }
}
