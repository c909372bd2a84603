import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import t from 'tap'
import { freePort, freePorts, isFree } from './free-ports.ts'

const COUNT = 200
/** Tries to take ports as another process would, and says how many it could. */
const OTHER = `
const { takePort } = await import(process.argv[1])
const taken = await Promise.all(process.argv.slice(2).map((port) => takePort(Number(port))))
console.log(taken.filter(Boolean).length)`

t.test('ports are free, each another one, and nobody else gets them', async (t) => {
  const ports = await freePorts(COUNT)
  t.equal(new Set(ports).size, COUNT)
  for (const port of ports) t.ok(await isFree(port), `${port}`)
  t.equal(takenByAnother(ports), '0\n')
})

t.test('a server may have UDP on its port, too', async (t) => {
  const socket = createSocket('udp4').bind(await freePort())
  await once(socket, 'listening')
  socket.close()
  t.pass()
})

function takenByAnother(ports: readonly number[]): string {
  const module = new URL('./free-ports.js', import.meta.url).href
  const args = ['--input-type=module', '-e', OTHER, module, ...ports.map(String)]
  return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout
}
