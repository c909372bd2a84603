import { timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import type { Random } from '../cluster/clock.ts'
import { parseUaid, type Uaid } from '../push/ids.ts'
import type { AgentReport, StoreInspector, StoreStats } from '../store/inspection.ts'

/** Name of the file in a data folder that says how to ask the process that has the folder open: port and password. */
const ACCESS_FILE = 'admin-access'
const OWNER_ONLY = 0o600
const HOST = '127.0.0.1'
const PASSWORD_BYTES = 32
const AGENT_PATH = /^\/agents\/([0-9a-f]{32})$/

/** A port for commands that is served. */
export interface AdminPort {
  close(): Promise<void>
}

/**
 * Serves the commands of an operator on the same machine: the embedded store belongs to the process that has it open. They come to
 * a port on loopback, with a password from a file that only the owner of the data folder can read. (The path of a Unix socket may have
 * 107 bytes, and Node cuts a longer one without a word.)
 */
export async function serveAdmin(
  dataDir: string,
  inspector: StoreInspector,
  random: Random,
): Promise<AdminPort> {
  const file = path.join(dataDir, ACCESS_FILE)
  const password = Buffer.from(random.bytes(PASSWORD_BYTES)).toString('hex')
  const server = createServer((request, response) => {
    answer(request, password, inspector).then(
      ({ status, body }) => end(response, status, body),
      () => end(response, 500, { reason: 'the store failed' }),
    )
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  // Anew, with the right mode, after a process that was killed.
  await rm(file, { force: true })
  await writeFile(file, JSON.stringify({ port, password }), { mode: OWNER_ONLY })
  return {
    async close() {
      server.close()
      server.closeAllConnections()
      await rm(file, { force: true })
    },
  }
}

interface Answer {
  readonly status: number
  readonly body?: object | undefined
}

async function answer(
  { method, url = '', headers }: IncomingMessage,
  password: string,
  inspector: StoreInspector,
): Promise<Answer> {
  if (!isRight(headers.authorization, password)) return { status: 401 }
  if (method === 'GET' && url === '/stats') return { status: 200, body: await inspector.stats() }
  const uaid = parseUaid(AGENT_PATH.exec(url)?.[1] ?? '')
  if (uaid === undefined) return { status: 404 }
  if (method === 'DELETE') {
    await inspector.dropAgent(uaid)
    return { status: 204 }
  }
  const body = await inspector.inspectAgent(uaid)
  return { status: body === undefined ? 404 : 200, body }
}

function isRight(authorization: string | undefined, password: string): boolean {
  const [given, right] = [Buffer.from(authorization ?? ''), Buffer.from(`Bearer ${password}`)]
  return given.length === right.length && timingSafeEqual(given, right)
}

function end(response: ServerResponse, status: number, body: object | undefined): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}

/** Asks the process that has a data folder open. Its calls reject when it can't be reached. */
export function adminClient(dataDir: string): StoreInspector {
  const ask = async (method: string, url: string): Promise<unknown> => {
    const access = await readFile(path.join(dataDir, ACCESS_FILE), 'utf8')
    const { port, password }: { port: number; password: string } = JSON.parse(access)
    const headers = { authorization: `Bearer ${password}` }
    const sent = httpRequest({ host: HOST, port, method, path: url, headers, agent: false }).end()
    const [response]: IncomingMessage[] = await once(sent, 'response')
    if (response === undefined) throw new Error('no answer')
    const body = await text(response)
    const { statusCode = 500 } = response
    if (statusCode === 404) return undefined
    if (statusCode >= 300) throw new Error(`it answers ${statusCode} ${body}`)
    return body === '' ? undefined : JSON.parse(body)
  }
  return {
    inspectAgent: async (uaid: Uaid) => (await ask('GET', `/agents/${uaid}`)) as AgentReport | undefined,
    stats: async () => (await ask('GET', '/stats')) as StoreStats,
    dropAgent: async (uaid: Uaid) => void (await ask('DELETE', `/agents/${uaid}`)),
  }
}
