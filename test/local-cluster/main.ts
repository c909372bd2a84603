// `npm run cluster`: a cluster of Pushgrid on this machine, for developers. See CONTRIBUTING.md.
import path from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../../cluster/clock.ts'
import { exitOnSignal } from '../../deploy/run.ts'
import { HAPROXY } from '../support/haproxy-program.ts'
import { MONGODB_SERVER } from '../support/mongodb-server-program.ts'
import { NATS_SERVER } from '../support/nats-server-program.ts'
import { provideProgram } from '../support/programs.ts'
import { LocalCluster, type LocalClusterOptions } from './local-cluster.ts'

const USAGE = 'npm run cluster -- [--port 8080] [--data-dir data/cluster]'
const STOP_MS = 30_000

const say = (line: string) => void process.stdout.write(`cluster: ${line}\n`)

try {
  await main()
} catch (error) {
  fail(error instanceof Error ? error.message : String(error))
}

async function main(): Promise<void> {
  const cluster = new LocalCluster({
    ...optionsOf(process.argv.slice(2)),
    ended: (name, how) => say(`${name} has ended (${how}); the others go on`),
  })
  const log = { info: () => {}, error: () => say('stopping takes too long: killing what is left') }
  const stop = exitOnSignal(
    { stop: () => cluster.stop(), stopMs: STOP_MS },
    { host: process, clock: systemClock, log },
  )
  // A terminal that is closed.
  process.on('SIGHUP', () => stop('SIGHUP'))
  for (const program of [NATS_SERVER, MONGODB_SERVER, HAPROXY])
    Object.assign(process.env, await provideProgram(program, say))
  say('starting')
  try {
    await cluster.start()
  } catch (error) {
    // It is being stopped, and that is why.
    if (cluster.isStopping) return
    await cluster.stop()
    throw error
  }
  announce(cluster)
}

function optionsOf(args: readonly string[]): Pick<LocalClusterOptions, 'port' | 'dataDir'> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '8080' },
      'data-dir': { type: 'string', default: 'data/cluster' },
    },
  })
  const port = Number(values.port)
  if (!/^\d+$/.test(values.port) || port > 65_535)
    throw new Error(`--port ${values.port} is no port. ${USAGE}`)
  return { port, dataDir: path.resolve(values['data-dir']) }
}

function announce(cluster: LocalCluster): void {
  const { port, parts } = cluster
  // Through the proxy it wants an admin token.
  const endpoint = parts.find(({ process: { name } }) => name === 'endpoint-1')
  const rows = parts.map(
    ({ process: { name, pid }, address, logFile }) =>
      `  ${name.padEnd(11)} ${address.padEnd(15)}  pid ${String(pid).padEnd(8)} ${path.relative('', logFile)}`,
  )
  process.stdout.write(`
${rows.join('\n')}

  Firefox connects to      ws://127.0.0.1:${port}/
  application servers to   http://localhost:${port}
  figures and playground   http://${endpoint?.address}/console/

Point Firefox at it: open about:config, set
  dom.push.serverURL                         ws://127.0.0.1:${port}/
  dom.push.testing.allowInsecureServerURL    true   (a boolean to create; needed for ws://)
and restart Firefox. Kill any part to see what becomes of the others.

The cluster is up. Stop it with Ctrl+C.
`)
}

/** Ends this process, and with it whatever was started. */
function fail(reason: string): void {
  process.stderr.write(`cluster: ${reason.trimEnd()}\n`)
  process.exit(1)
}
