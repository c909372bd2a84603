import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { runAgent } from '../deploy/by-hand/agent-command.ts'
import { readAgentArguments } from '../deploy/by-hand/agent-flags.ts'
import { AgentProcess, pushgrid, sendHere, subscribedByHand } from './support/by-hand.ts'
import { startSingleSystem } from './support/single-system.ts'

/*
 * `pushgrid agent` and `pushgrid send`, where it does not matter of how many processes the service is made; the rest is in system/.
 */
const system = await startSingleSystem({})
t.teardown(() => system.stop())

t.test('a restricted subscription takes messages of its application server only', async (t) => {
  const folder = t.testdir()
  const key = (await pushgrid(folder, ['send', '--vapid-key'])).stdout.trim()
  const args = ['--url', system.wsUrl, '--vapid-key', key, '--subscription', 'me.json', '--once']
  const agent = new AgentProcess(t, folder, args)
  t.match(await agent.event('subscription'), { subscription: { endpoint: /\/wpush\/v2\// } })
  for (const other of [['--no-vapid'], ['--vapid', path.join(folder, 'other.json')]])
    t.match(await sendHere(folder, ['me.json', 'text', ...other]), {
      code: 1,
      stdout: '',
      stderr: /^pushgrid: 401 Unauthorized, errno 109: .*\(a restricted subscription takes messages/,
    })
  t.match(await sendHere(folder, ['me.json', 'signed']), { code: 0 })
  t.match(await agent.event('message'), { text: 'signed' })
  t.match(await agent.ended, { code: 0 })
})

t.test('a subscription that has ended, by --unregister or by a new UAID', async (t) => {
  const { folder, agent, send } = await subscribedByHand(t, system.wsUrl, ['--channel', 'news'])
  await agent.interrupt()
  const before = await readFile(path.join(folder, 'me.json'), 'utf8')
  const file = path.join(folder, 'pushgrid-agent.json')
  const kept = await readFile(file, 'utf8')
  t.match(await new AgentProcess(t, folder, ['--unregister', 'news']).ended, {
    code: 0,
    stdout: /"unregistered"/,
  })
  t.match(await send('me.json', 'too late'), {
    code: 1,
    stderr: /^pushgrid: 410 Gone, errno 10[36]: .*\(the subscription has ended: drop it/,
  })

  await writeFile(file, kept.replace(/("uaid": ")\w+/, `$1${'f'.repeat(32)}`))
  const renewed = new AgentProcess(t, folder, ['--subscription', 'me.json', '--once', '--raw'])
  t.match(await renewed.event('frame'), { direction: 'sent', text: /"uaid":"f{32}"/ })
  t.match(await renewed.event('replaced'), { subscriptions: 1 })
  t.match(await renewed.event('subscription'), { channel: 'news', isNew: true })
  t.not(await readFile(path.join(folder, 'me.json'), 'utf8'), before)
  t.match(await send('me.json', 'here again', '--receipt'), { code: 0 })
  t.match(await renewed.event('message'), { text: 'here again' })
})

t.test('two with one file: the older one ends, and says why', async (t) => {
  const { folder, agent } = await subscribedByHand(t, system.wsUrl)
  const other = new AgentProcess(t, folder, [])
  await other.event('waiting')
  t.match(await agent.ended, { code: 1, stderr: /is its file in use twice\?/ })
})

t.test('wrong inputs', async (t) => {
  const { folder, agent, send } = await subscribedByHand(t, system.wsUrl)
  await agent.interrupt()
  await writeFile(path.join(folder, 'other.json'), '{"endpoint":"http://localhost/"}')
  const { endpoint, ...rest }: { endpoint: string } = JSON.parse(
    await readFile(path.join(folder, 'me.json'), 'utf8'),
  )
  const write = (name: string, value: string) =>
    writeFile(path.join(folder, name), JSON.stringify({ ...rest, endpoint: value }))
  await write('unknown.json', endpoint.slice(0, -1))
  await write('nobody.json', 'http://127.0.0.1:1/wpush/v1/x')
  await write('ftp.json', 'ftp://127.0.0.1/')
  const keys = { p256dh: 'A'.repeat(87), auth: 'A'.repeat(22) }
  await writeFile(path.join(folder, 'keyless.json'), JSON.stringify({ endpoint, keys }))
  const cases: [string[], number, RegExp][] = [
    [
      ['missing.json', 'text'],
      2,
      /there is no file .*missing.json: `pushgrid agent --subscription .*missing/,
    ],
    [['other.json', 'text'], 2, /other.json is not a subscription: it needs endpoint and keys/],
    [['pushgrid-agent.json', 'text'], 2, /pushgrid-agent.json is not a subscription/],
    [['unknown.json', 'text'], 1, /^pushgrid: 404 Not Found, errno 102: .*\(this server has not made it/],
    [
      ['me.json', 'x'.repeat(6000)],
      1,
      /^pushgrid: 413 Payload Too Large, errno 104: .*\(every push service takes/,
    ],
    [['nobody.json', 'text'], 3, /^pushgrid: can't reach http:\/\/127.0.0.1:1: nothing listens there/],
    [['ftp.json', 'text'], 2, /^pushgrid: the endpoint in .*ftp.json is no http/],
    [['keyless.json', 'text'], 2, /^pushgrid: the key p256dh in .*keyless.json is no P-256 public key/],
    [['me.json', '--vapid', path.join(folder, 'me.json')], 2, /me.json is not a file of VAPID keys/],
  ]
  for (const [args, code, stderr] of cases) t.match(await send(...args), { code, stderr }, stderr.source)
  const at = (name: string) => path.join(folder, name)
  const own = ['--file', at('pushgrid-agent.json')]
  const agents: [string[], number, RegExp][] = [
    [['--file', at('me.json')], 2, /me.json is not the file of a user agent/],
    [
      [...own, '--url', 'ws://localhost:1/'],
      2,
      /pushgrid-agent.json is of a user agent of ws:.* name another/,
    ],
    [
      ['--file', at('new.json'), '--url', 'ws://127.0.0.1:1/'],
      3,
      /can't connect to ws:\/\/127.0.0.1:1\/: nothing/,
    ],
    [[...own, '--unregister', 'x'], 2, /pushgrid-agent.json has no subscription named x to end/],
  ]
  for (const [args, exitCode, message] of agents)
    await t.rejects(agentHere(args), { exitCode, message }, message.source)
  t.match(await pushgrid(folder, ['agent', '--once', '--wait', '1']), {
    code: 1,
    stderr: /^pushgrid: 0 of 1 messages came within 1 s\n$/,
  })
  t.match(await pushgrid(folder, ['send', 'nobody.json']), {
    code: 3,
    stdout: '',
    stderr: /^pushgrid: [^\n]+\n$/,
  })
})

/** The command in this process, where it ends before it has begun. */
async function agentHere(args: readonly string[]): Promise<void> {
  const request = readAgentArguments(args)
  if (request !== 'help') await runAgent(request)
}
