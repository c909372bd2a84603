import t, { type Test } from 'tap'
import type { DebianMachine } from '../support/debian-machine.ts'
import { blocksOf } from '../support/doc-blocks.ts'
import { mayBoot, NotHere } from '../support/may-mount.ts'
import { MONGODB_SERVER } from '../support/mongodb-server-program.ts'
import { requireProgram } from '../support/programs.ts'
import { bootQuickStart, STAND_INS } from '../support/quick-start-machine.ts'
import type { Terminal } from '../support/terminal.ts'

/*
 * docs/quick-start.md as a new operator follows it: all of its commands in their order, in a clean Debian 12 with a systemd of its own.
 */
t.setTimeout(1_800_000)

/** Lines of the page that reach for hosts which tests can't count on, and what is done in their place: the packages are at hand, with the same names. */
const INSTEAD: readonly (readonly [string, string])[] = [
  [
    'curl -fsSL https://deb.nodesource.com/setup_22.x | bash -\n',
    `echo 'deb [trusted=yes] file:${STAND_INS} ./' > /etc/apt/sources.list.d/stand-ins.list\napt-get update\n`,
  ],
  [
    'curl -fsSLO https://github.com/nats-io/nats-server/releases/download/v2.10.22/nats-server-v2.10.22-amd64.deb\n',
    `cp ${STAND_INS}/nats-server.deb nats-server-v2.10.22-amd64.deb\n`,
  ],
  [
    'curl -fsSL https://pgp.mongodb.com/server-8.0.asc | gpg --dearmor -o /usr/share/keyrings/mongodb-server-8.0.gpg\n',
    '',
  ],
  [
    "echo 'deb [signed-by=/usr/share/keyrings/mongodb-server-8.0.gpg] https://repo.mongodb.org/apt/debian bookworm/mongodb-org/8.0 main' \\\n" +
      '  > /etc/apt/sources.list.d/mongodb-org-8.0.list\n',
    '',
  ],
]
/** The machine is alone with its ports; what downloads does so by the network of this one. */
const DOWNLOADS = `
apt-get() { nsenter --net=/proc/self/fd/9 /usr/bin/apt-get "$@"; }
npm() { if [ "$1" = ci ]; then nsenter --net=/proc/self/fd/9 /usr/bin/npm ci; else command npm "$@"; fi; }
`

/** What the services have said, for whoever has to find out why one does not work. */
const JOURNAL = `journalctl --no-pager --lines=100 --unit='pushgrid*' --unit='nats@*' --unit=mongod --unit=caddy`
const HEALTHY = '"status":"OK"'
const RECEIVED = /^receipt +acknowledged$/m

const blocks = await blocksOf('quick-start.md')
const used = new Set<string>()

/** The next commands of the page, which have some words in them. */
function next(t: Test, words: string): string {
  const block = blocks.shift() ?? ''
  t.match(block, words, 'the page goes on as expected')
  return INSTEAD.reduce((commands, [line, instead]) => {
    if (!commands.includes(line)) return commands
    used.add(line)
    return commands.replace(line, () => instead)
  }, block)
}

/** Runs the page up to the commands with some words in them, which are left for the caller. */
async function runUntil(t: Test, terminal: Terminal, words: string): Promise<void> {
  while (blocks.length > 0 && !blocks[0]?.includes(words)) {
    const [title = ''] = blocks[0]?.split('\n') ?? []
    await terminal.run(next(t, title))
    t.pass(title)
  }
}

const mongodb = await requireProgram(MONGODB_SERVER)

/** The machine, or why there is none. */
async function booted(): Promise<DebianMachine | string> {
  if (!mayBoot())
    return 'NOT RUN: only root can boot a machine, where mounting, namespaces and control groups are allowed'
  if (!mongodb.endsWith('secantusd-py')) return `NOT RUN: there is no package made of ${mongodb}`
  try {
    return await bootQuickStart((line) => t.comment(line))
  } catch (error) {
    if (!(error instanceof NotHere)) throw error
    t.comment(error.message)
    return `NOT RUN: ${error.message.split('\n')[0]}`
  }
}

const machine = await booted()
const skip = typeof machine === 'string' ? machine : false
t.test('the quick start, from a clean Debian 12 on', { skip }, async (t) => {
  if (typeof machine !== 'string') await follow(t, machine)
})

/** The page, from its beginning to its end. */
async function follow(t: Test, machine: DebianMachine): Promise<void> {
  t.teardown(() => machine.remove())
  const [first, second] = [machine.terminal(), machine.terminal()]
  await first.run(`${DOWNLOADS}cd ~/pushgrid`)

  await t.test('what you need', (t) => runUntil(t, first, 'npm start'))

  await t.test('on this machine', (t) => onThisMachine(t, machine, second))
  await t.test('one machine behind TLS', (t) => oneMachine(t, first, second))
  await t.test('a cluster', (t) => cluster(t, first, second))
  if (!t.passing()) t.comment(await machine.terminal().run(JOURNAL))
  t.same(blocks, [], 'that was the whole page')
  t.same(used.size, INSTEAD.length, 'whatever is done in place of a line is in place of one of the page')
}

async function onThisMachine(t: Test, machine: DebianMachine, sender: Terminal): Promise<void> {
  const [server, agent] = [machine.terminal(), machine.terminal()]
  for (const terminal of [server, agent, sender]) await terminal.run('cd ~/pushgrid')
  await server.says(server.start(next(t, 'npm start')), 'ws://127.0.0.1:8080/')
  const waiting = agent.start(next(t, 'pushgrid agent'))
  await agent.says(waiting, 'waiting for')
  t.match(await sender.run(next(t, 'pushgrid send')), RECEIVED)
  t.match(await agent.says(waiting, 'Hello there'), 'news: Hello there')
  for (const terminal of [agent, server]) await terminal.interrupt()
}

async function oneMachine(t: Test, first: Terminal, second: Terminal): Promise<void> {
  await runUntil(t, first, 'https://$NAME/health')
  t.match(await first.run(next(t, 'https://$NAME/health')), HEALTHY)
  await message(t, first, second, [next(t, 'pushgrid agent'), next(t, 'Hello')])
  t.match(await second.run('cat news.json'), '"endpoint": "https://push.example.org/wpush/')
  t.equal(await second.run('stat -c %U /proc/$(systemctl show --value -p MainPID pushgrid)'), 'pushgrid\n')
  t.match(await second.run('curl -sI http://push.example.org/'), /^location: https:/im)
}

async function cluster(t: Test, first: Terminal, second: Terminal): Promise<void> {
  await runUntil(t, first, 'num_routes')
  t.match(await first.run(next(t, 'num_routes')), /"num_routes": [1-9]/)
  await runUntil(t, first, '8083/health')
  t.match(await first.run(next(t, '8083/health')), HEALTHY)
  await runUntil(t, first, 'https://$NAME/health')
  t.match(await first.run(next(t, 'https://$NAME/health')), HEALTHY)
  const [agent, send] = [next(t, 'pushgrid agent'), next(t, 'Still here')]
  await message(t, first, second, [agent, send])
  // The node that was killed need not have been the one of the user agent: now it is both.
  const both = send.replace(' pushgrid-node@8080', ' pushgrid-node@8080 pushgrid-node@8081')
  t.not(both, send)
  await message(t, first, second, [agent, both.replace('--receipt', '--receipt --wait 240')])
  t.equal(
    await second.run(`systemctl list-units --failed --plain --no-legend 'pushgrid*' 'nats*' mongod caddy`),
    '',
  )
}

/** A user agent waits for a message in one terminal, and it is sent in another one. */
async function message(
  t: Test,
  first: Terminal,
  second: Terminal,
  [agent, send]: readonly [string, string],
): Promise<void> {
  const waiting = first.start(agent)
  await first.says(waiting, 'waiting for')
  await second.run('cd ~')
  t.match(await second.run(send), RECEIVED)
  t.match(await waiting.done, / {2}news: (Hello|Still here)$/m)
}
