import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePorts } from '../../bench/lab/free-ports.ts'
import { PATIENT } from './patient.ts'
import { type Ports, PushgridProcess } from './pushgrid-process.ts'
import { schemesOf } from './schemes.ts'
import type { System, SystemOptions } from './system.ts'

/** Starts the system as one process with an embedded store. */
export async function startSingleSystem({ env }: SystemOptions): Promise<System> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'pushgrid-test-'))
  const start = ({ wsPort, httpPort }: Ports) =>
    new PushgridProcess('serve', {
      PUSHGRID_WS_PORT: `${wsPort}`,
      PUSHGRID_HTTP_PORT: `${httpPort}`,
      PUSHGRID_DATA_DIR: dataDir,
      ...PATIENT,
      ...env,
    })
  // It comes back on them, and nobody may have taken them meanwhile. Asked for port 0, uWebSockets.js listens without SO_REUSEADDR, too,
  // and then the connections of a killed process keep the next one from its port for a minute.
  const [wsPort = 0, httpPort = 0] = await freePorts(2)
  const ports = { wsPort, httpPort }
  let serve = start(ports)
  await serve.listening
  const { ws, http } = schemesOf(env)
  const wsUrl = `${ws}://127.0.0.1:${ports.wsPort}/`
  const httpUrl = `${http}://127.0.0.1:${ports.httpPort}`
  return {
    wsUrl,
    httpUrl,
    wsUrls: [wsUrl],
    httpUrls: [httpUrl],
    get exit() {
      return serve.exit
    },
    get output() {
      return serve.output
    },
    kill: (signal) => serve.kill(signal),
    async restart() {
      await serve.kill('SIGTERM')
      serve = start(ports)
      await serve.listening
    },
    async stop() {
      const exit = await serve.kill('SIGTERM')
      await rm(dataDir, { recursive: true, force: true })
      return exit
    },
  }
}
