import t, { type Test } from 'tap'
import { createSystemRandom } from '../../cluster/clock.ts'
import { InProcessBus } from '../../cluster/in-process-bus.ts'
import { SimulatedClock, settled } from '../../cluster/simulated-clock.ts'
import {
  type AgentReply,
  type AgentRequest,
  consoleAddress,
  PROCESSES_ADDRESS,
} from '../../push/agent-requests.ts'
import type { AgentBus } from '../assembly.ts'
import { Metrics } from '../metrics/metrics.ts'
import type { Role } from '../role.ts'
import type { ClusterFigures, ProcessFigures } from './figures.ts'
import { FiguresGatherer } from './figures-gatherer.ts'
import { FIGURES_MAX, FiguresTeller } from './figures-teller.ts'
import { OwnFigures } from './own-figures.ts'

/** Processes on one bus, on a clock that stands still until it is moved. */
class World {
  readonly clock = new SimulatedClock()
  readonly bus: AgentBus
  /** What was told, and to whom. */
  readonly told: { address: string; kind: AgentRequest['kind'] }[] = []
  readonly logged: string[] = []
  readonly #t: Test

  constructor(t: Test) {
    this.#t = t
    const bus = new InProcessBus<AgentRequest, AgentReply>({
      clock: this.clock,
      onListenerError: (error) => t.fail(`${error}`),
    })
    const tell = bus.tell.bind(bus)
    bus.tell = (address, message) => {
      this.told.push({ address, kind: message.kind })
      return tell(address, message)
    }
    this.bus = bus
  }

  process(role: Role, worker?: number) {
    const metrics = new Metrics()
    const figures = new OwnFigures({ role, worker }, metrics, {
      clock: this.clock,
      random: createSystemRandom(),
    })
    const log = {
      debug: (_: object, message: string) => void this.logged.push(message),
      warn: (_: object, message: string) => void this.logged.push(message),
    }
    const deps = { bus: this.bus, figures, clock: this.clock, log }
    const teller = new FiguresTeller(deps)
    const close = () => {
      teller.close()
      figures.close()
    }
    this.#t.teardown(close)
    return { metrics, figures, id: figures.process, console: new FiguresGatherer(deps), close }
  }

  count(kind: AgentRequest['kind']): number {
    return this.told.filter((one) => one.kind === kind).length
  }
}

/** Follows a console; the figures that came, latest last. */
function follow(console: FiguresGatherer) {
  const seen: ClusterFigures[] = []
  const stop = console.watch((json) => seen.push(JSON.parse(json)))
  return { seen, stop, names: () => (seen.at(-1)?.processes ?? []).map(({ process }) => process) }
}

/** Figures as a process would tell them. */
const FIGURES: ProcessFigures = {
  process: '0123456789abcdef',
  role: 'node',
  host: 'elsewhere',
  pid: 7,
  version: '0.1.0',
  upMs: 1,
  series: { pushgrid_connections: [[{}, 3]], pushgrid_acks_total: [[{ code: '100' }, 4]] },
}

t.test('a console shows all processes, itself first, once a second', async (t) => {
  const world = new World(t)
  const [one, node, other] = [world.process('endpoint'), world.process('node', 2), world.process('endpoint')]
  node.metrics.gauge('pushgrid_connections', 'help', () => 12)
  const { seen, names } = follow(one.console)
  await world.clock.advanceSettled(249)
  t.equal(seen.length, 0, 'the others have a moment for their answers')
  await world.clock.advanceSettled(1)
  t.equal(seen.length, 1)
  t.equal(world.count('figures'), 2, 'it needs not be told its own')
  t.equal(names()[0], one.id)
  t.same(names().slice(1).sort(), [node.id, other.id].sort())
  t.match(
    seen[0]?.processes.find(({ process }) => process === node.id),
    { role: 'node', worker: 2, pid: process.pid, upMs: 0, series: { pushgrid_connections: [[{}, 12]] } },
  )
  t.equal(seen[0]?.atMs, world.clock.nowMs())
  await world.clock.advanceSettled(3000)
  t.equal(seen.length, 4)
  t.equal(seen.at(-1)?.processes[1]?.upMs, 3000)
  t.same(world.logged, [])
})

t.test('nothing is told while nobody looks, and no timer runs', async (t) => {
  const world = new World(t)
  const one = world.process('serve')
  world.process('node')
  await world.clock.advanceSettled(10_000)
  t.same(world.told, [])
  t.equal(world.clock.waiting, 0)
  const [first, second] = [follow(one.console), follow(one.console)]
  await world.clock.advanceSettled(2250)
  t.equal(first.seen.length, 3)
  t.same(second.seen, first.seen, 'all who look see the same')
  t.equal(world.count('watch'), 3, 'and the processes are asked once for all')
  first.stop()
  first.stop()
  await world.clock.advanceSettled(1000)
  t.equal(first.seen.length, 3)
  t.equal(second.seen.length, 4)
  second.stop()
  world.told.length = 0
  await world.clock.advanceSettled(10_000)
  t.same(world.told, [])
  t.equal(world.clock.waiting, 0, 'the event loop is not measured any more either')
  world.bus.tell(consoleAddress(one.id), { kind: 'figures', json: 'nobody listens to it' })
  t.same(world.logged, [])
  const again = follow(one.console)
  await world.clock.advanceSettled(250)
  t.equal(again.names().length, 2)
  again.stop()
})

t.test('a process that is gone leaves after 5 s', async (t) => {
  const world = new World(t)
  const [one, node] = [world.process('endpoint'), world.process('node')]
  const { names, stop } = follow(one.console)
  await world.clock.advanceSettled(250)
  node.close()
  await world.clock.advanceSettled(4000)
  t.same(names(), [one.id, node.id])
  await world.clock.advanceSettled(1000)
  t.same(names(), [one.id])
  stop()
})

t.test('with the bus away a console has its own process', async (t) => {
  const world = new World(t)
  const one = world.process('endpoint')
  world.process('node')
  world.bus.tell = () => 'notSent'
  const listen = world.bus.listen.bind(world.bus)
  for (const flush of [() => Promise.reject(new Error('away')), () => new Promise<void>(() => {})]) {
    world.bus.listen = (address, listener) => {
      const listening = listen(address, listener)
      return { stop: () => listening.stop(), flush }
    }
    const { names, seen, stop } = follow(one.console)
    await world.clock.advanceSettled(2000)
    t.same(names(), [one.id])
    t.equal(seen.length, 2)
    stop()
  }
})

t.test('a page that leaves before the bus has answered leaves nothing behind', async (t) => {
  const world = new World(t)
  const one = world.process('endpoint')
  follow(one.console).stop()
  const { seen, stop } = follow(one.console)
  await world.clock.advanceSettled(1250)
  t.equal(seen.length, 2, 'not twice as many')
  stop()
  await world.clock.advanceSettled(10_000)
  t.equal(world.clock.waiting, 0)
})

t.test('what is no figures is left out, and harms nobody', async (t) => {
  const world = new World(t)
  const one = world.process('endpoint')
  const { names, seen, stop } = follow(one.console)
  await settled()
  const tell = (json: string) => world.bus.tell(consoleAddress(one.id), { kind: 'figures', json })
  const bad: unknown[] = [
    ...[null, 1, [], {}, { ...FIGURES, process: 'x' }, { ...FIGURES, role: 'king' }, { ...FIGURES, host: 1 }],
    ...[
      { ...FIGURES, pid: '7' },
      { ...FIGURES, series: { a: 1 } },
      { ...FIGURES, series: { a: [[{}, '1']] } },
    ],
    ...[
      { ...FIGURES, series: { a: [[{ b: {} }, 1]] } },
      { ...FIGURES, worker: null },
    ],
    { ...FIGURES, host: 'x'.repeat(FIGURES_MAX) },
  ]
  for (const value of bad) tell(JSON.stringify(value))
  for (const text of ['', '{', 'data: x\n\n']) tell(text)
  t.equal(world.logged.length, bad.length + 3)
  tell(JSON.stringify({ ...FIGURES, process: one.id, host: 'an impostor' }))
  tell(`${JSON.stringify(FIGURES, undefined, 1)}\n\n`)
  world.bus.tell(consoleAddress(one.id), { kind: 'check' })
  await world.clock.advanceSettled(250)
  t.same(names(), [one.id, FIGURES.process])
  t.not(seen[0]?.processes[0]?.host, 'an impostor')
  t.same(seen[0]?.processes[1], FIGURES)
  stop()
})

t.test('however many processes there are, what is kept of them is bounded', async (t) => {
  const world = new World(t)
  const one = world.process('endpoint')
  const { names, stop } = follow(one.console)
  await settled()
  for (let number = 0; number < 600; number++) {
    const json = JSON.stringify({ ...FIGURES, process: number.toString(16).padStart(16, '0') })
    world.bus.tell(consoleAddress(one.id), { kind: 'figures', json })
  }
  await world.clock.advanceSettled(250)
  t.equal(names().length, 501)
  stop()
})

t.test(
  'a watcher is told once, however many cells it asks through, and again when it asks again',
  async (t) => {
    const world = new World(t)
    world.process('node')
    const watcher = 'f'.repeat(16)
    const watch = () => world.bus.tell(PROCESSES_ADDRESS, { kind: 'watch', watcher })
    for (let times = 0; times < 4; times++) watch()
    await settled()
    t.equal(world.count('figures'), 1)
    t.match(world.told.at(-1), { address: `push.console.${watcher}`, kind: 'figures' })
    await world.clock.advanceSettled(1000)
    watch()
    await settled()
    t.equal(world.count('figures'), 2)
  },
)

t.test('watchers told at a time are bounded in number', async (t) => {
  const world = new World(t)
  world.process('node')
  for (let number = 0; number < 200; number++)
    world.bus.tell(PROCESSES_ADDRESS, { kind: 'watch', watcher: number.toString(16).padStart(16, '0') })
  await settled()
  t.equal(world.count('figures'), 64)
})

t.test('figures that are too large are not told, and the log says so', async (t) => {
  const world = new World(t)
  const node = world.process('node')
  const labels = Array.from({ length: 3000 }, (_, index) => ({ cell: `a-cell-of-some-name-${index}` }))
  node.metrics.gauges('pushgrid_nats_connected', 'help', ['cell'], () =>
    labels.map((one) => [one, 1] as const),
  )
  world.bus.tell(PROCESSES_ADDRESS, { kind: 'watch', watcher: 'f'.repeat(16) })
  await settled()
  t.equal(world.count('figures'), 0)
  t.same(world.logged, ['the figures of this process can not be told to a console'])
})
