import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DIST, PLANTED_BUGS, type PlantedBug, plant } from './planted-bugs.ts'

/** What came of hunting one bug. */
export interface Hunt {
  readonly bug: PlantedBug
  /** The seed, or the step of a story, that found it, and the rule it broke there; undefined when none did. */
  readonly found: { readonly where: string; readonly rule: string } | undefined
  /** Whether it was found by a rule that it was to be found by. */
  readonly ok: boolean
}

/** Seeds within which each bug must be found. */
export const HUNT_SEEDS = 500
/** Harm is done at every so manyth step of a story. */
const HUNT_STRIDE = '3'
/** A seed or a step, and below it the rule that it broke. */
const BROKEN = /^(seed \d+|.* at step \d+)(?: breaks a rule after [\d.]+ ms:)?\n {2}(.*)/m
const HUNT_BYTES_MAX = 16 * 1024 * 1024

interface Ended {
  readonly code?: unknown
  readonly stdout?: unknown
}

/** Plants a bug in a copy of the compiled code in this directory, and runs seeds there, from the first, until one breaks a rule. */
export async function hunt(bug: PlantedBug, directory: string, first = 1): Promise<Hunt> {
  const main = await plant(bug, directory)
  const args =
    bug.story === undefined
      ? ['--first', String(first), '--seeds', String(HUNT_SEEDS)]
      : ['--steps', '--story', bug.story, '--stride', HUNT_STRIDE]
  const ended: Ended = await promisify(execFile)(process.execPath, [main, ...args], {
    maxBuffer: HUNT_BYTES_MAX,
  }).catch((error) => error)
  const [, where, rule = ''] = BROKEN.exec(String(ended.stdout)) ?? []
  if (ended.code !== 1 || where === undefined) return { bug, found: undefined, ok: false }
  return { bug, found: { where, rule }, ok: bug.breaks.test(rule) }
}

/**
 * Hunts all planted bugs and prints a line for each as soon as it is known.
 * @param jobs bugs at a time
 * @returns 0 when each was found by a rule that it breaks, else 1
 */
export async function huntAll(jobs: number, print: (line: string) => void): Promise<number> {
  const left = [...PLANTED_BUGS]
  let missed = 0
  print('bug | what found it | rule it broke')
  const work = async () => {
    for (let bug = left.shift(); bug !== undefined; bug = left.shift()) {
      // Inside of the build, where the copy finds the packages.
      const directory = await mkdtemp(join(DIST, 'planted-'))
      try {
        const { found, ok } = await hunt(bug, directory)
        if (!ok) missed += 1
        print(
          `${bug.name} | ${found?.where ?? 'NOT FOUND'} | ${found?.rule ?? ''}${found && !ok ? ' (WRONG RULE)' : ''}`,
        )
      } finally {
        await rm(directory, { recursive: true })
      }
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  print(
    missed === 0
      ? `all ${PLANTED_BUGS.length} were found`
      : `${missed} of ${PLANTED_BUGS.length} were not found`,
  )
  return missed === 0 ? 0 : 1
}
