import { spawn } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import path from 'node:path'

/** Where the tests look for the path of Firefox before they look on PATH. */
export const FIREFOX_VARIABLE = 'PUSHGRID_TEST_FIREFOX'
const FIREFOX_NAMES = ['firefox-esr', 'firefox']

/**
 * Makes sure of the programs that the tests drive and npm can't bring; call it once before the tests.
 * @param log told in one line each what was taken, done, or can't be had
 * @returns additions to the environment of the tests
 * @throws when CI is set and something can't be had; elsewhere the tests that need it fail and say so
 */
export async function provideAll(log: (line: string) => void): Promise<Record<string, string>> {
  const firefox = (await findFirefox()) ?? (await installFirefox(log))
  if (firefox !== undefined) {
    log(`test: using Firefox at ${firefox}`)
    return { [FIREFOX_VARIABLE]: firefox }
  }
  log(`test: ${FIREFOX_MISSING}`)
  const { CI } = process.env
  if (CI) throw new Error(FIREFOX_MISSING)
  return {}
}

/** The Firefox to test with. @throws when there is none: its tests are never skipped in silence */
export async function requireFirefox(): Promise<string> {
  const firefox = await findFirefox()
  if (firefox === undefined) throw new Error(FIREFOX_MISSING)
  return firefox
}

const FIREFOX_MISSING = `FIREFOX IS MISSING, its tests will fail: install firefox-esr or firefox, or set ${FIREFOX_VARIABLE} to its path`

async function findFirefox(): Promise<string | undefined> {
  const named = process.env[FIREFOX_VARIABLE]
  if (named) return (await isExecutable(named)) ? named : undefined
  return findOnPath(FIREFOX_NAMES)
}

/** Installs the Debian package where that can be done without asking anyone; undefined where it can't. */
async function installFirefox(log: (line: string) => void): Promise<string | undefined> {
  const root = process.getuid?.() === 0
  const prefix = root ? [] : ['sudo', '-n']
  if (process.env[FIREFOX_VARIABLE] || (await findOnPath(['apt-get'])) === undefined) return undefined
  if (!root && !(await succeeds(['sudo', '-n', 'true']))) return undefined
  log('test: no Firefox found; installing the Debian package firefox-esr (90 MB)')
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', 'firefox-esr']
  const installed =
    (await succeeds([...prefix, 'apt-get', 'update'])) && (await succeeds([...prefix, ...install]))
  return installed ? findOnPath(FIREFOX_NAMES) : undefined
}

/** Runs a program with its output on our stderr. */
function succeeds([program = '', ...args]: readonly string[]): Promise<boolean> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return new Promise((resolve) => {
    spawn(program, args, { env, stdio: ['ignore', 2, 2] })
      .once('error', () => resolve(false))
      .once('exit', (code) => resolve(code === 0))
  })
}

async function findOnPath(names: readonly string[]): Promise<string | undefined> {
  const { PATH = '' } = process.env
  const folders = PATH.split(path.delimiter).filter(Boolean)
  for (const file of names.flatMap((name) => folders.map((folder) => path.join(folder, name)))) {
    if (await isExecutable(file)) return file
  }
  return undefined
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}
