import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { NGHTTP } from './support/nghttp-program.ts'
import { requireProgram } from './support/programs.ts'
import { startSingleSystem } from './support/single-system.ts'
import { subscribed } from './support/subscribed.ts'

/*
 * Runs the commands of docs/receipts.md, as they stand there, against a real service.
 */
const text = await readFile(new URL('../../docs/receipts.md', import.meta.url), 'utf8')
const commands = [...text.matchAll(/^```(sh|js)\n(.*?)^```$/gms)].map(([, language, code]) => ({
  language,
  code: code ?? '',
}))
const used = new Set<string>()

/** The one command of the page that has all of these words. */
function command(...words: string[]): string {
  const [found, ...others] = commands.filter(({ code }) => words.every((word) => code.includes(word)))
  if (found === undefined || others.length > 0) throw new Error(`${words} is not in one command of the page`)
  used.add(found.code)
  return found.code
}

// Acknowledged within the grace, a message is answered only when its receipt is there to be read.
const system = await startSingleSystem({ env: { PUSHGRID_ACK_GRACE_MS: '5000' } })
t.teardown(() => system.stop())
const nghttp = await requireProgram(NGHTTP)
const { client, endpoint } = await subscribed(system.wsUrl)
let receipts = ''

/** Runs a command of the page until it ends, or until its output has what is waited for. */
function run(t: Test, code: string, until?: RegExp, env: Record<string, string> = {}): Promise<string> {
  const isScript = code.startsWith('import')
  const args = isScript ? ['--input-type=module', '-e', code] : ['-ec', code.replace(/^nghttp/, nghttp)]
  const child: ChildProcess = spawn(isScript ? process.execPath : 'sh', args, {
    env: { ...process.env, ENDPOINT: endpoint, RECEIPTS: receipts, ...env },
    detached: true,
  })
  const end = () => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
      process.kill(-child.pid)
  }
  t.teardown(end)
  return new Promise((resolve, reject) => {
    let output = ''
    const take = (chunk: Buffer) => {
      output += chunk
      if (until?.test(output)) {
        end()
        resolve(output)
      }
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    child.on('error', reject)
    child.on('close', () =>
      until === undefined ? resolve(output) : reject(new Error(`it printed ${output}`)),
    )
  })
}

/** Posts a message by the command of the page that does so to a receipt subscription; gives back its Location. */
async function post(t: Test, code: string): Promise<{ location: string; output: string }> {
  const posting = run(t, code)
  client.ack(await client.next('notification'))
  const output = await posting
  return { location: /^location: (.*)\r$/m.exec(output)?.[1] ?? '', output }
}

t.test('asking for receipts', async (t) => {
  const first = await post(t, command("-H 'Prefer: respond-async'\n"))
  t.match(first.output, /^HTTP\/1.1 202/)
  receipts = /^link: <(.*)>; rel="urn:ietf:params:push:receipt"\r$/m.exec(first.output)?.[1] ?? ''
  const again = await post(t, command('Push-Receipt: $RECEIPTS'))
  t.ok(again.output.includes(receipts), 'the same receipt subscription')
})

t.test('reading them as events, and again from the last one on', async (t) => {
  const { location } = await post(t, command('Push-Receipt: $RECEIPTS'))
  const events = await run(t, command('curl -sN "$RECEIPTS"\n'), new RegExp(`"${location}","status":204`))
  const ids = [...events.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id ?? '')
  t.ok(ids.length >= 3, 'all that have waited, after the first line')
  const [first = ''] = ids
  const again = await run(t, command('Last-Event-ID'), new RegExp(location), { LAST: first })
  t.equal(again.match(/^data: /gm)?.length, events.match(/^data: /gm)?.length)
})

t.test('reading them in one answer', async (t) => {
  const { location } = await post(t, command('Push-Receipt: $RECEIPTS'))
  const answer = await run(t, command('Prefer: wait=10'))
  t.ok(JSON.parse(answer).receipts.some(({ message }: { message: string }) => message === location))
})

t.test('reading them as server push, with nghttp and with Node', async (t) => {
  for (const reader of [command('nghttp'), command("from 'node:http2'")]) {
    const { location } = await post(t, command('Push-Receipt: $RECEIPTS'))
    const { pathname } = new URL(location)
    const output = await run(t, reader, new RegExp(`204 .*${pathname}|${pathname}[^]*:status.*204`))
    t.match(output, pathname)
  }
})

t.test('ending it', async (t) => {
  t.match(await run(t, command('DELETE')), /^HTTP\/1.1 204/)
  t.match(await run(t, command('Prefer: wait=10')), '"errno":102')
})

t.test('every command of the page was run', async (t) => {
  t.same(
    commands.map(({ code }) => code).filter((code) => !used.has(code)),
    [],
  )
})
