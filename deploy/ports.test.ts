import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { probePort } from './ports.ts'

t.test('a free port stays free', async (t) => {
  const port = await probePort('127.0.0.1', 0, 'wsPort')
  t.ok(port > 0)
  t.equal(await probePort('127.0.0.1', port, 'wsPort'), port)
})

t.test('a port in use is named with its option', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await t.rejects(probePort('127.0.0.1', port, 'httpPort'), {
    name: 'StartError',
    message: `port ${port} on 127.0.0.1 is in use: stop what listens there, or choose another with --http-port (PUSHGRID_HTTP_PORT)`,
  })
})

t.test('an address of another machine is told from a used port', async (t) => {
  await t.rejects(probePort('192.0.2.1', 0, 'wsPort'), {
    message: /^can't listen on 192\.0\.2\.1 \(EADDRNOTAVAIL\): choose an address of this machine with --host/,
  })
})
