import t from 'tap'
import { LiveDisplay } from './live-display.ts'
import type { LiveNumbers, Progress } from './live-lines.ts'

const progress = (runS: number, more: Partial<Progress> = {}): Progress => ({
  phase: 'steady',
  phaseIndex: 1,
  phases: 2,
  measured: true,
  phaseS: runS - 5,
  phaseLengthS: 30,
  runS,
  runLengthS: 35,
  ...more,
})

const numbers = (posted: number, more: Partial<LiveNumbers> = {}): LiveNumbers => ({
  posted,
  accepted: posted,
  delivered: posted - 10,
  errors: 0,
  connected: 1000,
  outstanding: 10,
  latencies: {
    hello: { count: 0, p50Ms: 0, p99Ms: 0 },
    register: { count: 5, p50Ms: 1, p99Ms: 2 },
    post_to_notification: { count: 400, p50Ms: 0.6, p99Ms: 12 },
  },
  ...more,
})

/** A terminal that understands as much of its language as the display speaks. */
class FakeScreen {
  readonly isTTY: boolean
  columns: number
  lines: string[] = ['']
  row = 0
  raw = ''

  constructor(isTTY: boolean, columns = 80) {
    this.isTTY = isTTY
    this.columns = columns
  }

  write(text: string): void {
    this.raw += text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    for (const [part] of text.matchAll(/\u001b\[[?\d;]*[A-Za-z]|[^\u001b]/gs)) this.#take(part)
  }

  shown(): string[] {
    return this.lines.slice(0, -1)
  }

  #take(part: string): void {
    const [, up] = /^.\[(\d+)A$/.exec(part) ?? []
    if (up !== undefined) this.row = Math.max(0, this.row - Number(up))
    else if (part === '\u001b[J') this.lines = [...this.lines.slice(0, this.row), '']
    else if (part === '\n') {
      this.row += 1
      this.lines[this.row] ??= ''
    } else if (part.length === 1 && part !== '\r') this.lines[this.row] = `${this.lines[this.row]}${part}`
  }
}

t.test('on a terminal it is drawn in place, and taken away at the end', async (t) => {
  const screen = new FakeScreen(true)
  const display = new LiveDisplay(screen)
  display.show(progress(10), numbers(4000))
  display.show(progress(12), numbers(4800))
  t.match(screen.shown(), [
    /^█+░+ 12 s of 35 s {2}steady \(2 of 2\), 23 s left$/,
    /^posted 400\/s {3}accepted 400\/s {3}delivered 400\/s$/,
    /^connected 1,000 {3}outstanding 10 {3}errors 0$/,
    /^post_to_notification {2}p50 +600 µs {2}p99 +12 ms$/,
    /^register {14}p50 +1 ms/,
  ])
  t.equal(screen.shown().length, 5)
  display.say('a word')
  display.show(progress(13), numbers(5200, { latencies: {} }))
  t.match(screen.shown(), ['a word', /13 s of 35 s/, /400\/s/, /connected/])
  display.end()
  t.same(screen.shown(), ['a word'])
  t.ok(screen.raw.endsWith('\u001b[?25h'), 'the cursor is back')
})

t.test('a narrow terminal is never written beyond its edge', async (t) => {
  const screen = new FakeScreen(true, 28)
  const display = new LiveDisplay(screen, { columns: 28, colours: false })
  for (const columns of [28, 20, 40]) {
    screen.columns = columns
    display.show(progress(10), numbers(4000))
    t.ok(
      screen.shown().every((line) => line.length < columns),
      screen.shown().join('\n'),
    )
    t.equal(screen.shown().length, 5)
  }
})

t.test('no colours where there are to be none', async (t) => {
  const [plain, coloured] = [new FakeScreen(true), new FakeScreen(true)]
  const bad = numbers(10, { errors: 3 })
  new LiveDisplay(plain, { columns: 80, colours: false }).show(progress(1), bad)
  new LiveDisplay(coloured, { columns: 80, colours: true }).show(progress(1), bad)
  t.notMatch(plain.raw, /\[\d+m/)
  t.match(coloured.raw, /\[31mconnected .* errors 3.\[0m/)
})

t.test('elsewhere it is a plain line every five seconds, and at each new phase', async (t) => {
  const screen = new FakeScreen(false)
  const display = new LiveDisplay(screen)
  for (let second = 1; second <= 12; second += 1)
    display.show(
      progress(second, second < 3 ? { phase: 'warm-up', phaseIndex: 0, measured: false } : {}),
      numbers(second * 400),
    )
  display.end()
  t.match(screen.shown(), [
    /^1 s warm-up \(1 of 2\), not measured.* \| posted 400\/s delivered 390\/s \| post_to_notification p50/,
    /^3 s steady .*\| posted 400\/s delivered 400\/s /,
    /^8 s steady .* connected 1,000, outstanding 10, errors 0$/,
  ])
  t.equal(screen.shown().length, 3)
  t.notOk(screen.raw.includes('\u001b'))
})
