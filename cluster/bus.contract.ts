import t, { type Test } from 'tap'
import type { Bus, Respond } from './bus.ts'

/** What is sent in the contract, both ways; a bus that crosses processes encodes it as it likes. */
export interface Note {
  readonly text: string
}

/** A bus to be tried, with nobody listening yet. */
export interface BusUnderTest {
  bus: Bus<Note, Note>
  /** Lets that much of the bus' time pass: moves a simulated clock, or waits. */
  elapse(ms: number): Promise<void>
}

/** Long enough for any answer that is going to come. */
const PATIENT_MS = 30_000
/** Short enough to be waited for on a real bus. */
const BRIEF_MS = 50

/** What every bus must do, whatever carries its messages. `open` makes a fresh one for each case. */
export function busContract(name: string, open: () => Promise<BusUnderTest>): void {
  const check = (rule: string, run: (t: Test, tried: BusUnderTest) => Promise<void>) =>
    t.test(`${name}: ${rule}`, async (t) => {
      const tried = await open()
      t.teardown(() => tried.bus.close())
      await run(t, tried)
    })
  asking(check)
  telling(check)
  manyListeners(check)
  ending(check)
}

type Check = (rule: string, run: (t: Test, tried: BusUnderTest) => Promise<void>) => void

function asking(check: Check): void {
  check('an ask gets the reply of the listener', async (t, { bus }) => {
    const a = bus.listen('a', ({ text }, respond) => respond?.({ text: `${text} heard` }))
    const b = bus.listen('b', (_, respond) => respond?.({ text: 'from b' }))
    await Promise.all([a.flush(), b.flush()])
    t.same(await bus.ask('a', { text: 'hello' }, PATIENT_MS), { text: 'hello heard' })
    t.same(await bus.ask('b', { text: 'hello' }, PATIENT_MS), { text: 'from b' })
  })

  check('an ask to an address nobody listens on is absent', async (t, { bus }) => {
    t.equal(await bus.ask('a', { text: 'hello' }, PATIENT_MS), 'absent')
    const stopped = bus.listen('a', () => {})
    stopped.stop()
    await stopped.flush()
    t.equal(await bus.ask('a', { text: 'hello' }, PATIENT_MS), 'absent')
  })

  check('an ask that nobody answers times out, and a late reply is ignored', async (t, tried) => {
    const { bus } = tried
    const held: Respond<Note>[] = []
    await bus.listen('a', (_, respond) => held.push(respond ?? t.fail)).flush()
    const first = bus.ask('a', { text: 'first' }, BRIEF_MS)
    await tried.elapse(BRIEF_MS)
    t.equal(await first, 'timeout')
    const second = bus.ask('a', { text: 'second' }, PATIENT_MS)
    while (held.length < 2) await tried.elapse(1)
    held[0]?.({ text: 'too late' })
    held[1]?.({ text: 'in time' })
    t.same(await second, { text: 'in time' })
  })

  check('asks under way at once each get their own reply', async (t, tried) => {
    const { bus } = tried
    const held: { text: string; respond: Respond<Note> | undefined }[] = []
    await bus.listen('a', ({ text }, respond) => held.push({ text, respond })).flush()
    const asked = ['1', '2', '3'].map((text) => bus.ask('a', { text }, PATIENT_MS))
    while (held.length < 3) await tried.elapse(1)
    for (const { text, respond } of held.reverse()) respond?.({ text: `reply ${text}` })
    t.same(await Promise.all(asked), [{ text: 'reply 1' }, { text: 'reply 2' }, { text: 'reply 3' }])
  })
}

function telling(check: Check): void {
  check('a tell reaches the listener and asks for no reply', async (t, { bus }) => {
    let hear: (heard: [Note, unknown]) => void = () => {}
    const heard = new Promise<[Note, unknown]>((resolve) => (hear = resolve))
    await bus.listen('a', (note, respond) => hear([note, respond])).flush()
    t.equal(bus.tell('a', { text: 'hint' }), 'sent')
    t.same(await heard, [{ text: 'hint' }, undefined])
  })

  check('a tell that nobody hears does no harm', async (t, { bus }) => {
    t.equal(bus.tell('nobody', { text: 'hint' }), 'sent')
    await bus.listen('a', (_, respond) => respond?.({ text: 'still here' })).flush()
    t.same(await bus.ask('a', { text: 'hello' }, PATIENT_MS), { text: 'still here' })
  })

  check('what one sends to one address arrives in order', async (t, { bus }) => {
    const heard: string[] = []
    const listening = bus.listen('a', ({ text }, respond) => {
      heard.push(text)
      respond?.({ text })
    })
    await listening.flush()
    bus.tell('a', { text: '1' })
    bus.tell('a', { text: '2' })
    await bus.ask('a', { text: '3' }, PATIENT_MS)
    t.same([...new Set(heard)], ['1', '2', '3'], 'a hint may come twice')
  })
}

function manyListeners(check: Check): void {
  check('all listeners of an address hear a message; the first reply counts', async (t, tried) => {
    const { bus } = tried
    const held: Respond<Note>[] = []
    const heard: string[] = []
    const one = bus.listen('a', (_, respond) => {
      heard.push('one')
      if (respond) held.push(respond)
    })
    const other = bus.listen('a', (_, respond) => {
      heard.push('other')
      respond?.({ text: 'from the other' })
    })
    await Promise.all([one.flush(), other.flush()])
    t.same(await bus.ask('a', { text: 'hello' }, PATIENT_MS), { text: 'from the other' })
    while (heard.length < 2) await tried.elapse(1)
    held[0]?.({ text: 'from the one, second' })
    t.same(heard.toSorted(), ['one', 'other'])
  })

  check('a listener that throws harms no other and answers nothing', async (t, tried) => {
    const { bus } = tried
    const throwing = bus.listen('a', () => {
      throw new Error('a defect of the listener')
    })
    const other = bus.listen('a', (_, respond) => respond?.({ text: 'from the other' }))
    await Promise.all([throwing.flush(), other.flush()])
    t.same(await bus.ask('a', { text: 'hello' }, PATIENT_MS), { text: 'from the other' })
    other.stop()
    await other.flush()
    const unanswered = bus.ask('a', { text: 'hello' }, BRIEF_MS)
    await tried.elapse(BRIEF_MS)
    t.equal(await unanswered, 'timeout')
    throwing.stop()
  })

  check(
    'a listener that was stopped is not called again, even by the message under way',
    async (t, tried) => {
      const { bus } = tried
      const heard: string[] = []
      const stopBoth = (name: string) => () => {
        heard.push(name)
        one.stop()
        other.stop()
      }
      const one = bus.listen('a', stopBoth('one'))
      const other = bus.listen('a', stopBoth('other'))
      await Promise.all([one.flush(), other.flush()])
      bus.tell('a', { text: 'hint' })
      bus.tell('a', { text: 'hint' })
      while (heard.length < 1) await tried.elapse(1)
      await tried.elapse(BRIEF_MS)
      t.equal(heard.length, 1)
      one.stop()
      t.equal(await bus.ask('a', { text: 'hello' }, PATIENT_MS), 'absent')
    },
  )

  check('stopping one listener leaves the others', async (t, { bus }) => {
    const reply = (text: string) => bus.listen('a', (_, respond) => respond?.({ text }))
    const all = [reply('first'), reply('second'), reply('third')]
    const [first, , third] = all
    first?.stop()
    third?.stop()
    await Promise.all(all.map((listening) => listening.flush()))
    t.same(await bus.ask('a', { text: 'hello' }, PATIENT_MS), { text: 'second' })
  })

  check('an address can be listened on again', async (t, { bus }) => {
    bus.listen('a', (_, respond) => respond?.({ text: 'old' })).stop()
    await bus.listen('a', (_, respond) => respond?.({ text: 'new' })).flush()
    t.same(await bus.ask('a', { text: 'hello' }, PATIENT_MS), { text: 'new' })
  })
}

function ending(check: Check): void {
  check('close settles what is pending and ends all listening', async (t, tried) => {
    const { bus } = tried
    const heard: string[] = []
    await bus.listen('a', ({ text }) => heard.push(text)).flush()
    const pending = bus.ask('a', { text: 'pending' }, PATIENT_MS)
    while (heard.length < 1) await tried.elapse(1)
    await bus.close()
    t.equal(await pending, 'timeout')
    bus.tell('a', { text: 'after the close' })
    await tried.elapse(BRIEF_MS)
    t.same(heard, ['pending'])
  })
}
