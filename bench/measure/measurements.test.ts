import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { type Measurements, mergeMeasurements } from './measurements.ts'
import { Recorder } from './recorder.ts'

/** What happens to a message of a worker; times are microseconds after the one before. */
interface Told {
  readonly worker: number
  readonly channel: number
  readonly topic: string | undefined
  readonly ttlS: number
  readonly connected: boolean
  readonly waitUs: number
  readonly lateUs: number
  readonly answer: number
  readonly answerUs: number
  /** Arrivals, so long after the POST. */
  readonly arrivalsUs: readonly number[]
}

const told: fc.Arbitrary<Told> = fc.record({
  worker: fc.nat(2),
  channel: fc.nat(2),
  topic: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
  ttlS: fc.constantFrom(0, 1, 600),
  connected: fc.boolean(),
  waitUs: fc.oneof(fc.nat(1000), fc.nat(5_000_000), fc.constant(700_000_000)),
  lateUs: fc.nat(20_000),
  answer: fc.constantFrom(201, 201, 201, 503, 410, 0),
  answerUs: fc.nat(3_000_000),
  arrivalsUs: fc.array(fc.nat(4_000_000), { maxLength: 3 }),
})

interface Event {
  readonly atUs: number
  readonly worker: number
  readonly tell: (recorder: Recorder) => void
}

function eventsOf(messages: readonly Told[]): readonly Event[] {
  let atUs = 0
  return messages
    .flatMap((message, number) => {
      atUs += message.waitUs
      return eventsOfMessage(message, `run-${message.worker}-${number}`, atUs)
    })
    .sort((a, b) => a.atUs - b.atUs)
}

function eventsOfMessage(message: Told, id: string, sentUs: number): Event[] {
  const { worker, ttlS, connected, topic, answer, lateUs } = message
  const channel = `${worker}/${message.channel}`
  const intendedUs = sentUs - lateUs
  const event = (atUs: number, tell: Event['tell']): Event => ({ atUs, worker, tell })
  const posted = { id, channel, topic, ttlS, toConnected: connected, intendedUs, sentUs }
  const answeredUs = sentUs + message.answerUs
  return [
    event(sentUs, (recorder) => recorder.posting(posted)),
    event(answeredUs, (recorder) =>
      recorder.answered(id, answer, answer === 410 ? 106 : undefined, answeredUs),
    ),
    event(answeredUs, (recorder) => answer === 0 && recorder.failed('timeout')),
    ...message.arrivalsUs.flatMap((afterUs) => [
      event(sentUs + afterUs, (recorder) => recorder.arrived(id, sentUs + afterUs)),
      event(sentUs + afterUs, (recorder) => recorder.acknowledged(id)),
      event(sentUs + afterUs, (recorder) => recorder.connected(1)),
    ]),
  ]
}

/** Plays events to one recorder, or to one for each of three workers, all started and read at the same times. */
function play(events: readonly Event[], workers: number): readonly Measurements[] {
  let nowUs = 0
  const recorders = Array.from({ length: workers }, () => new Recorder(() => nowUs))
  for (const recorder of recorders) recorder.start(1_000_000)
  for (const event of events) {
    nowUs = event.atUs
    const recorder = recorders[event.worker % workers]
    if (recorder !== undefined) event.tell(recorder)
  }
  nowUs += 5_000_000
  for (const recorder of recorders) recorder.stop(nowUs)
  return recorders.map((recorder) => recorder.snapshot())
}

/** As it travels between processes. */
function travelled(measurements: Measurements): Measurements {
  return JSON.parse(JSON.stringify(measurements))
}

const scripts = fc.array(told, { maxLength: 25 })

t.test('workers merged are the same as one that was told all', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(scripts, (messages) => {
        const events = eventsOf(messages)
        const [all] = play(events, 1)
        const merged = play(events, 3).map(travelled).reduce(mergeMeasurements)
        assert.deepEqual(merged, all)
      }),
    ),
  )
})

t.test('merging is associative and commutative', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(scripts, scripts, scripts, (first, second, third) => {
        const [a, b, c] = [first, second, third].map((messages) => play(eventsOf(messages), 1)[0])
        assert.ok(a && b && c)
        assert.deepEqual(mergeMeasurements(a, b), mergeMeasurements(b, a))
        assert.deepEqual(
          mergeMeasurements(mergeMeasurements(a, b), c),
          mergeMeasurements(a, mergeMeasurements(b, c)),
        )
      }),
      { numRuns: 50 },
    ),
  )
})

t.test('each accepted message is delivered, replaced or lost, and no other', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(scripts, (messages) => {
        const [{ ledger, statuses } = assert.fail()] = play(eventsOf(messages), 1)
        assert.equal(ledger.accepted, ledger.delivered + ledger.replaced + ledger.lost)
        assert.equal(ledger.posted, messages.length)
        assert.ok(ledger.acknowledged <= ledger.delivered)
        assert.equal(ledger.accepted, statuses['201'] ?? 0)
        assert.equal(ledger.lostIds.length, ledger.lost)
        const arrivals = messages.flatMap(({ answer, arrivalsUs }) => (answer === 201 ? arrivalsUs : []))
        assert.equal(ledger.delivered + ledger.duplicated - duplicatesOfRefused(messages), arrivals.length)
      }),
    ),
  )
})

/** Copies that came before their message was refused: nobody could know yet. */
function duplicatesOfRefused(messages: readonly Told[]): number {
  return messages
    .filter(({ answer }) => answer !== 201)
    .map(({ arrivalsUs, answerUs }) => arrivalsUs.filter((afterUs) => afterUs < answerUs).length - 1)
    .reduce((sum, copies) => sum + Math.max(0, copies), 0)
}
