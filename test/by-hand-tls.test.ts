import path from 'node:path'
import t from 'tap'
import { selfSignedCertificate } from '../push/fixtures/certificate.ts'
import { AgentProcess, pushgrid } from './support/by-hand.ts'
import { startSecureSystem } from './support/secure-system.ts'

/*
 * `pushgrid agent` and `pushgrid send` with a service behind TLS.
 */
const certificate = selfSignedCertificate('localhost')
const system = await startSecureSystem(t, certificate)
const trusting = { env: { NODE_EXTRA_CA_CERTS: path.join(t.testdirName, 'certificate') } }

t.test('with a certificate that is trusted: by wss:// and https://, the receipt too', async (t) => {
  t.match(system.wsUrl, /^wss:/)
  const folder = t.testdir()
  const agent = new AgentProcess(t, folder, ['--url', system.wsUrl, '--subscription', 'me.json'], trusting)
  t.match(await agent.event('subscription'), { subscription: { endpoint: /^https:/ } })
  await agent.event('waiting')
  t.match(await pushgrid(folder, ['send', 'me.json', 'sealed', '--receipt'], trusting), {
    code: 0,
    stderr: '',
    stdout: /^202 Accepted\nlocation +https:.*\n.*\nreceipt +acknowledged$/m,
  })
  t.match(await agent.event('message'), { text: 'sealed', ack: 100 })

  t.match(await pushgrid(folder, ['send', 'me.json', 'open']), {
    code: 3,
    stdout: '',
    stderr: /^pushgrid: can't reach https:\S+: its certificate is not trusted here .*NODE_EXTRA_CA_CERTS\n$/,
  })
  t.match(await agent.interrupt(), { code: 0, stderr: '' })
})

t.test('with one that is not: what is wrong and what to do, in one line', async (t) => {
  const folder = t.testdir()
  t.match(await pushgrid(folder, ['agent', '--url', system.wsUrl]), {
    code: 3,
    stdout: '',
    stderr:
      /^pushgrid: can't connect to wss:\S+: its certificate is not trusted here .*NODE_EXTRA_CA_CERTS\n$/,
  })
  t.match(await pushgrid(folder, ['agent', '--url', system.wsUrl.replace('wss:', 'ws:')]), {
    code: 3,
    stderr: /^pushgrid: can't connect to ws:\S+: it .*: its URL begins with ws:[^\n]+\n$/,
  })
  t.match(await pushgrid(folder, ['agent', '--url', system.httpUrl.replace('https:', 'wss:')], trusting), {
    code: 3,
    stderr: /^pushgrid: can't connect to wss:\S+: it answers HTTP 404 instead of a websocket: is this/,
  })
})
