import type { FailedFile } from './tap-output.ts'

/** More than these are no accident. */
const MOST_FILES = 3
/** Of real processes, browsers and time. Everything else is the same each time that it runs. */
const OF_PROCESSES = /^dist\/test\/(?!simulation\/|support\/)/
/** What the service promises, as the tests name it; and a file that ran out of time, which may have waited for just that. */
const PROMISES = /every accepted message|timeout!/

/**
 * Tells whether the files that failed may run a second time: browsers, a dozen processes and stop-watches are not the same each time on a machine that stands
 * still now and then, and one such moment must not make thousands of assertions worthless. But an accepted message that did not arrive is never put down to the
 * machine, and neither is a unit test, a property, or the simulation.
 */
export function mayRunAgain(failed: readonly FailedFile[]): boolean {
  return failed.length <= MOST_FILES && failed.every(isOfProcesses) && !failed.some(isBrokenPromise)
}

function isOfProcesses({ file }: FailedFile): boolean {
  return OF_PROCESSES.test(file)
}

function isBrokenPromise({ failures }: FailedFile): boolean {
  return failures.some((name) => PROMISES.test(name))
}
