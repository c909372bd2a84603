import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { KEY_FILE } from './data-folder.ts'

const CLI = path.join(import.meta.dirname, 'cli.js')

type Listening = Record<'wsPort' | 'httpPort', number> & Record<string, unknown>

interface Ended {
  readonly code: number | null
  readonly stdout: readonly string[]
  readonly stderr: string
}

/** `pushgrid serve` as a process of its own, which the end of the test ends too. */
class Served {
  readonly child: ChildProcess
  readonly listening: Promise<Listening>
  /** Resolves when its service keys were read again. */
  readonly reloaded: Promise<unknown>
  readonly ended: Promise<Ended>

  constructor(t: Test, variables: Readonly<Record<string, string>>, nodeArgs: readonly string[] = []) {
    const { PATH = '' } = process.env
    const env = { PATH, PUSHGRID_WS_PORT: '0', PUSHGRID_HTTP_PORT: '0', ...variables }
    const child = spawn(process.execPath, [...nodeArgs, CLI, 'serve'], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    t.teardown(() => child.kill('SIGKILL'))
    const stdout: string[] = []
    this.child = child
    const said = new EventEmitter()
    const entryOf = async (message: string): Promise<Listening> => (await once(said, message))[0]
    this.listening = entryOf('listening')
    this.reloaded = entryOf('service keys were read')
    createInterface(child.stdout).on('line', (line) => {
      stdout.push(line)
      const entry: Listening & { msg: string } = JSON.parse(line)
      said.emit(entry.msg, entry)
    })
    this.ended = Promise.all([once(child, 'close'), text(child.stderr)]).then(([[code], stderr]) => ({
      code,
      stdout,
      stderr,
    }))
  }
}

/** What a start that must fail says on stderr. */
async function refusal(t: Test, variables: Readonly<Record<string, string>>, nodeArgs?: readonly string[]) {
  const { code, stdout, stderr } = await new Served(t, variables, nodeArgs).ended
  t.equal(code, 1)
  t.same(stdout, [], 'nothing on stdout')
  t.match(stderr, /^pushgrid: [^\n]+\n$/, 'one line on stderr')
  return stderr
}

t.test('serves on the ports it says, and SIGTERM ends it with 0', async (t) => {
  const served = new Served(t, { PUSHGRID_DATA_DIR: t.testdir() })
  const { wsPort, httpPort, ...rest } = await served.listening
  t.match(rest, { publicUrl: `http://localhost:${httpPort}`, wsUrl: `ws://127.0.0.1:${wsPort}/` })
  // It reads its keys again, and goes on.
  served.child.kill('SIGHUP')
  for (const port of [wsPort, httpPort])
    t.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200, `health of port ${port}`)
  t.match(await served.reloaded, { level: 30 }, 'none was removed')
  served.child.kill('SIGTERM')
  const { code, stdout, stderr } = await served.ended
  t.equal(code, 0)
  t.match(JSON.parse(stdout.at(-1) ?? ''), { msg: 'stopped' })
  t.match(stderr, `dom.push.serverURL                         ws://127.0.0.1:${wsPort}/`, 'the banner')
})

t.test('a second process on one data folder is refused; one that was killed is no obstacle', async (t) => {
  const variables = { PUSHGRID_DATA_DIR: t.testdir() }
  const first = new Served(t, variables)
  await first.listening
  t.match(await refusal(t, variables), /is in use by another pushgrid; choose another folder with --data-dir/)
  const keys = await readFile(path.join(variables.PUSHGRID_DATA_DIR, KEY_FILE))
  first.child.kill('SIGKILL')
  await first.ended
  const again = new Served(t, variables)
  await again.listening
  t.same(await readFile(path.join(variables.PUSHGRID_DATA_DIR, KEY_FILE)), keys)
})

t.test('a port in use is named with its option', async (t) => {
  const folders = t.testdir({ one: {}, other: {} })
  const first = new Served(t, { PUSHGRID_DATA_DIR: path.join(folders, 'one') })
  const { wsPort, httpPort } = await first.listening
  for (const [variable, port] of [
    ['PUSHGRID_WS_PORT', wsPort],
    ['PUSHGRID_HTTP_PORT', httpPort],
  ] as const) {
    const other = { PUSHGRID_DATA_DIR: path.join(folders, 'other'), [variable]: String(port) }
    const line = await refusal(t, other)
    t.match(line, `port ${port} on 127.0.0.1 is in use`)
    t.match(line, `(${variable})`)
  }
})

t.test('a damaged key file stops the start and stays as it is', async (t) => {
  const folder = t.testdir()
  await writeFile(path.join(folder, KEY_FILE), 'half a key')
  t.match(await refusal(t, { PUSHGRID_DATA_DIR: folder }), /service-keys is damaged/)
  t.equal(await readFile(path.join(folder, KEY_FILE), 'utf8'), 'half a key')
})

t.test('a uWebSockets.js that can not be loaded stops the start with what to do', async (t) => {
  const hooks = `export const resolve = (name, context, next) => {
    if (name.startsWith('uWebSockets.js')) throw new Error('not for this system')
    return next(name, context)
  }`
  const register = `import { register } from 'node:module'; register(${JSON.stringify(inline(hooks))})`
  const line = await refusal(t, { PUSHGRID_DATA_DIR: t.testdir() }, ['--import', inline(register)])
  t.match(line, `uWebSockets.js can't be loaded on Node ${process.versions.node}`)
  t.match(line, /glibc/)
})

function inline(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`
}
