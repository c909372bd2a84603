import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { OPTIONS } from '../../deploy/options.ts'
import type { Role } from '../../deploy/role.ts'
import { stopMsOf } from '../../deploy/roles.ts'
import { spawnBound } from '../support/bound-process.ts'
import { DEPLOY, ROOT } from '../support/deploy-folder.ts'
import { finished } from '../support/finished.ts'
import { requireProgram } from '../support/programs.ts'
import { SYSTEMD_ANALYZE } from '../support/systemd-program.ts'

const FOLDER = path.join(DEPLOY, 'systemd')
/** Times ten, as systemd-analyze wants it; an unhardened service has 96. */
const EXPOSURE_MAX = 15

const analyze = await requireProgram(SYSTEMD_ANALYZE)
const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.service'))

/** The units with the paths of this machine for those of an operator's, which are demanded to be there. */
async function installed(t: Test): Promise<string[]> {
  const folder = t.testdir()
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(path.join(FOLDER, name), 'utf8')
      const file = path.join(folder, name)
      await writeFile(file, here(text))
      return file
    }),
  )
}

function here(text: string): string {
  return text.replaceAll('/usr/bin/node', process.execPath).replaceAll('/opt/pushgrid', ROOT)
}

/** The last value of a setting, as systemd takes it. */
function setting(unit: string, name: string): string {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].at(-1)?.[1] ?? ''
}

function roleOf(unit: string): Role {
  const [, , role] = setting(unit, 'ExecStart').split(' ')
  if (role === 'serve' || role === 'node' || role === 'endpoint') return role
  throw new Error(`a unit starts ${role}`)
}

t.test('there is one unit for each role', async (t) => {
  t.same(names.toSorted(), ['pushgrid-endpoint@.service', 'pushgrid-node@.service', 'pushgrid.service'])
})

t.test('systemd finds nothing wrong', async (t) => {
  const { status, output } = await finished(analyze, ['verify', ...(await installed(t))])
  t.equal(status, 0, output)
  t.equal(output, '')
})

t.test('they are locked up', async (t) => {
  for (const file of await installed(t)) {
    const args = ['security', '--offline=yes', `--threshold=${EXPOSURE_MAX}`, file]
    const { status, output } = await finished(analyze, args)
    t.equal(status, 0, output.slice(output.indexOf('Overall exposure')))
  }
})

t.test('systemd waits for a stop as long as that may take', async (t) => {
  for (const name of names) {
    const unit = await readFile(path.join(FOLDER, name), 'utf8')
    const role = roleOf(unit)
    const longestMs = stopMsOf(role, { stopMs: OPTIONS.stopMs.initial, drainMs: undefined })
    const waits = setting(unit, 'TimeoutStopSec')
    t.ok(Number(waits) * 1000 > longestMs, `${role}: systemd waits ${waits} s`)
  }
})

t.test("a unit's command serves, reloads and stops with 0", async (t) => {
  const unit = here(await readFile(path.join(FOLDER, 'pushgrid.service'), 'utf8'))
  const state = path.join(t.testdir(), 'state')
  await mkdir(state)
  const [program = '', ...args] = setting(unit, 'ExecStart').split(' ')
  const env = {
    ...Object.fromEntries(
      Array.from(unit.matchAll(/^Environment=(\w+)=(.*)$/gm), ([, name, value]) => [
        name,
        value?.replace('/var/lib/pushgrid', state),
      ]),
    ),
    PUSHGRID_WS_PORT: '0',
    PUSHGRID_HTTP_PORT: '0',
  }
  const child = spawnBound(program, args, { env })
  let log = ''
  const reloaded = new Promise<void>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      log += `${line}\n`
      if (line.includes('"msg":"listening"')) child.kill('SIGHUP')
      if (line.includes('service keys')) resolve()
    })
  })
  const ended = once(child, 'close')
  await Promise.race([reloaded, ended])
  t.ok((await readdir(state)).includes('service-keys'), 'its data is in the state directory')
  child.kill('SIGTERM')
  const [status] = await ended
  t.equal(status, 0, log)
})
