import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import { CLI } from './support/by-hand.ts'
import { startSingleSystem } from './support/single-system.ts'

/*
 * Runs the commands of docs/by-hand.md, and types its lines, as they stand there, against a real service, and looks for the output that
 * the page shows. What differs each time (ids, keys, the time of day) is made alike on both sides.
 */
const ROOT = path.resolve(import.meta.dirname, '../..')
const text = await readFile(path.join(ROOT, 'docs/by-hand.md'), 'utf8')

/** A block of the page: a command, lines to type, or output, which is indented. */
interface Block {
  readonly kind: string
  readonly text: string
}

const blocks: Block[] = [...text.matchAll(/^```(sh|text)\n(.*?)^```$|((?:^ {4}[^\n]*\n)+)/gms)].map(
  ([, kind = 'output', code, output]) => ({ kind, text: code ?? output?.replaceAll(/^ {4}/gm, '') ?? '' }),
)

/** Takes the next block of the page: each is used, and in its order. */
function next(kind: Block['kind']): string {
  const block = blocks.shift()
  if (block?.kind !== kind)
    throw new Error(`not ${kind} is next on the page, but ${block?.kind}: ${block?.text}`)
  return block.text
}

const WAIT_MS = 60_000
const PAGE_URL = 'ws://localhost:8080/'

const system = await startSingleSystem({})
t.teardown(() => system.stop())

/** Where commands run: with `pushgrid` and `wscat` on the path. */
const folder = t.testdir({ bin: {} })
await symlink(CLI, path.join(folder, 'bin/pushgrid'))
await symlink(path.join(ROOT, 'node_modules/.bin/wscat'), path.join(folder, 'bin/wscat'))
await mkdir(path.join(folder, 'work'))

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to go
const CONTROL_SEQUENCE = /\x1b\[[\d;?]*[A-Za-z]|\r/g

/** What a reader would see alike: not the ids, the keys, the ports, the time of day and what is left of a TTL. */
function alike(output: string): string[] {
  return output
    .replaceAll(CONTROL_SEQUENCE, '')
    .replaceAll(/^(> )?[<>] (?=[{])/gm, '')
    .replaceAll(/(ws|http):\/\/(localhost|127\.0\.0\.1):\d+/g, '$1://HOST')
    .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UUID')
    .replaceAll(/\b[0-9a-f]{32}\b/g, 'UAID')
    .replaceAll(/[\w-]{40,}|(?<="auth":"|salt=)[\w-]{22}|[\w-]{6,}\.\.\./g, 'TOKEN')
    .replaceAll(/^\d\d:\d\d:\d\d/gm, 'TIME')
    .replaceAll(/(TTL |"ttl":)86[34]\d\d/g, '$1DAY')
    .replaceAll(/(TTL |"ttl":)(60|5\d)\b/g, '$1MINUTE')
    .split('\n')
    .filter((line) => line !== '')
}

/** A command of the page, as it runs. */
class Command {
  output = ''
  readonly ended: Promise<unknown>
  readonly #child: ChildProcessWithoutNullStreams
  #watcher: () => void = () => {}

  constructor(t: Test, code: string, env: Readonly<Record<string, string>> = {}) {
    const PATH = [path.join(folder, 'bin'), process.env['PATH']].join(path.delimiter)
    // By one pipe: what comes by two has no order between them.
    const child = spawn('sh', ['-c', `exec 2>&1\n${code.replaceAll(PAGE_URL, system.wsUrl)}`], {
      cwd: path.join(folder, 'work'),
      // Nothing of what a developer, or the test runner, has in the environment.
      env: { PATH, ...env },
      detached: true,
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        this.output += text
        this.#watcher()
      })
    this.ended = new Promise((resolve) => child.on('close', resolve))
    t.teardown(() => this.#signal('SIGKILL'))
  }

  /** Waits until all these lines have come, in their order. */
  async shows(expected: string): Promise<void> {
    const wanted = alike(expected)
    const missing = () => {
      const left = [...wanted]
      for (const line of alike(this.output)) if (line === left[0]) left.shift()
      return left[0]
    }
    const all = async () => {
      while (missing() !== undefined) await new Promise<void>((resolve) => (this.#watcher = resolve))
    }
    await within(systemClock, WAIT_MS, all(), () => {
      throw new Error(`no line ${missing()} in\n${alike(this.output).join('\n')}`)
    })
  }

  type(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  /** Ctrl+C. */
  interrupt(): Promise<unknown> {
    this.#signal('SIGINT')
    return this.ended
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal)
  }
}

/** Runs the next command of the page to its end; gives back what it wrote. */
async function run(t: Test, env?: Readonly<Record<string, string>>): Promise<Command> {
  const command = new Command(t, next('sh'), env)
  await command.ended
  return command
}

t.test('subscribe, send, and what comes', async (t) => {
  const agent = new Command(t, next('sh'))
  await agent.shows(next('output'))
  await (await run(t)).shows(next('output'))
  await agent.shows(next('output'))
  await run(t)
  await agent.shows(next('output'))
  await agent.interrupt()
})

t.test('while nobody is there', async (t) => {
  await run(t)
  await (await run(t)).shows(next('output'))
  await (await run(t)).shows(next('output'))
})

t.test('what the user agent says', async (t) => {
  const unwilling = new Command(t, next('sh'))
  await unwilling.shows('waiting for 1 message')
  await (await run(t)).shows(next('output'))
  await unwilling.ended
  const urgent = new Command(t, next('sh'))
  await urgent.shows(next('output'))
  await urgent.interrupt()
})

t.test('for one application server only, what goes over the wire, and in scripts', async (t) => {
  const restricted = new Command(t, next('sh'))
  await restricted.shows('waiting for messages, Ctrl+C ends')
  await (await run(t)).shows(next('output'))
  await restricted.interrupt()
  await (await run(t)).shows(next('output'))
  await (await run(t)).shows(next('output'))
})

t.test('with a websocket client and curl', async (t) => {
  // On a terminal it says when it is connected, and only then takes lines.
  const client = new Command(t, `script -qefc '${next('sh').trim()}' /dev/null`)
  await client.shows('Connected (press CTRL+C to quit)')
  const typeAndSee = async (times: number) => {
    for (let time = 0; time < times; time++) {
      client.type(next('text').trim())
      await client.shows(next('output'))
    }
  }
  await typeAndSee(2)
  const [, endpoint = ''] = /"pushEndpoint":"([^"]+)"/.exec(client.output) ?? []
  const env = { ENDPOINT: endpoint }
  await (await run(t, env)).shows(next('output'))
  await client.shows(next('output'))
  const [version = ''] = /(?<="version":")[^"]+/.exec(client.output) ?? []
  client.type(
    next('text')
      .trim()
      .replace(/(?<="version":")[^"]+/, version),
  )
  await typeAndSee(4)
  await (await run(t, env)).shows(next('output'))
  await client.interrupt()
})

t.test('everything of the page was run', async (t) => {
  t.same(blocks, [])
})
