import { type LiveNumbers, liveLines, type Progress, plainLine, type Rates } from './live-lines.ts'
import { PLAIN, type Terminal } from './style.ts'

/** Where a run is shown: stdout, or what stands for it in a test. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** A log gets a line this often: each second would bury what else it says. */
const PLAIN_EVERY_S = 5

const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
const CLEAR_BELOW = '\u001b[J'

/** Shows a run while it goes on: drawn in place on a terminal, else as a line every 5 s. Call {@link LiveDisplay.show} once a second. */
export class LiveDisplay {
  readonly #screen: Screen
  readonly #colours: boolean
  #height = 0
  #last: { readonly live: LiveNumbers; readonly runS: number } | undefined
  #lineAtS = Number.NEGATIVE_INFINITY
  #phase = ''

  constructor(screen: Screen, terminal: Terminal = PLAIN) {
    this.#screen = screen
    this.#colours = terminal.colours
  }

  /** Shows where the run is now. */
  show(progress: Progress, live: LiveNumbers): void {
    const rates = this.#rates(progress.runS, live)
    if (this.#screen.isTTY === true) this.#draw(liveLines(progress, live, rates, this.#terminal()))
    else this.#log(progress, live, rates)
  }

  /** Writes something that stays, above the picture. */
  say(text: string): void {
    this.#erase()
    this.#screen.write(`${text}\n`)
  }

  /** Takes the picture away and gives the cursor back; call it whichever way the run ends. */
  end(): void {
    this.#erase()
    if (this.#screen.isTTY === true) this.#screen.write(SHOW_CURSOR)
  }

  #draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}\n`).join('')
    this.#screen.write(`${HIDE_CURSOR}${this.#upwards()}${CLEAR_BELOW}${text}`)
    this.#height = lines.length
  }

  #log(progress: Progress, live: LiveNumbers, rates: Rates): void {
    const isNew = progress.phase !== this.#phase
    if (!isNew && progress.runS - this.#lineAtS < PLAIN_EVERY_S - 0.5) return
    this.#phase = progress.phase
    this.#lineAtS = progress.runS
    this.#last = { live, runS: progress.runS }
    this.#screen.write(`${plainLine(progress, live, rates)}\n`)
  }

  /** Since the last picture, or the last line of a log. */
  #rates(runS: number, live: LiveNumbers): Rates {
    const { live: before, runS: beforeS } = this.#last ?? { live: NOTHING_YET, runS: 0 }
    const seconds = runS - beforeS
    const rate = (of: keyof Rates) => (seconds > 0 ? Math.max(0, live[of] - before[of]) / seconds : 0)
    if (this.#screen.isTTY === true) this.#last = { live, runS }
    return {
      posted: rate('posted'),
      accepted: rate('accepted'),
      delivered: rate('delivered'),
      errors: rate('errors'),
    }
  }

  #erase(): void {
    if (this.#height > 0) this.#screen.write(`${this.#upwards()}${CLEAR_BELOW}`)
    this.#height = 0
  }

  #upwards(): string {
    return this.#height > 0 ? `\r\u001b[${this.#height}A` : '\r'
  }

  /** Asked for each time: windows change their size. */
  #terminal(): Terminal {
    return { columns: Math.max(20, this.#screen.columns ?? PLAIN.columns), colours: this.#colours }
  }
}

const NOTHING_YET: LiveNumbers = {
  posted: 0,
  accepted: 0,
  delivered: 0,
  errors: 0,
  connected: 0,
  latencies: {},
}
