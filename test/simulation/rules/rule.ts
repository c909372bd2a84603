import type { Browser } from '../browser.ts'
import type { Recorded } from '../facts.ts'
import type { Ledger } from '../ledger.ts'
import type { Link } from '../link.ts'
import type { Server } from '../server.ts'
import type { StoreTruth } from '../store-truth.ts'

/** What the rules look at. */
export interface View {
  readonly ledger: Ledger
  /** What is in the store, whatever anyone was told. */
  readonly truth: StoreTruth
  /** Those that run. */
  readonly browsers: readonly Browser[]
  readonly servers: readonly Server[]
  /** Listeners of user agents on the simulated network. */
  listening(): number
  /** Links of all time, by their number. */
  readonly links: ReadonlyMap<number, Link>
  readonly elapsedMs: number
  /** The true wall time. */
  readonly wallMs: number
  /** Until when something went wrong last. */
  readonly disturbedUntilMs: number
  readonly limits: RuleLimits
}

/** The limits that the rules hold the service to. */
export interface RuleLimits {
  readonly inFlightMax: number
  readonly sendsMax: number
  /** How far a wall clock may be wrong. */
  readonly skewMaxMs: number
}

/** A rule of delivery.md that is looked at whenever something happens. It answers what is wrong, if anything. */
export interface FactRule {
  readonly name: string
  check(recorded: Recorded, view: View): string | undefined
}

/** A rule about how things stand, looked at now and then. */
export interface StateRule {
  readonly name: string
  check(view: View): string | undefined
}

/** A rule was broken: the end of a simulation. */
export class Violation extends Error {
  readonly rule: string
  readonly elapsedMs: number

  constructor(rule: string, what: string, elapsedMs: number) {
    super(`${rule}: ${what}`)
    this.name = 'Violation'
    this.rule = rule
    this.elapsedMs = elapsedMs
  }
}
