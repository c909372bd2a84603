import { spawnSync } from 'node:child_process'
import t from 'tap'
import { freePorts, isFree } from './free-ports.ts'

const COUNT = 200
/** Tries to take ports as another process would, and says how many it could. */
const OTHER = `
const { createSocket } = require('node:dgram')
let taken = 0
for (const port of process.argv.slice(1)) {
  const socket = createSocket('udp4')
  socket.on('error', () => {}).bind({ port: Number(port), address: '127.0.0.1' }, () => (taken += 1))
}
setTimeout(() => { console.log(taken); process.exit() }, 50)`

t.test('ports are free, each another one, and nobody else gets them', async (t) => {
  const ports = await freePorts(COUNT)
  t.equal(new Set(ports).size, COUNT)
  for (const port of ports) t.ok(await isFree(port), `${port}`)
  const { stdout } = spawnSync(process.execPath, ['-e', OTHER, ...ports.map(String)], { encoding: 'utf8' })
  t.equal(stdout, '0\n')
})
