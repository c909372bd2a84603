import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { MongoClient } from 'mongodb'
import t from 'tap'
import { freePort } from '../bench/lab/free-ports.ts'
import { databaseOf } from '../store/mongodb-client.ts'
import { createSchema } from '../store/mongodb-schema.ts'
import { useMongoServer } from './support/mongodb-server.ts'
import { UNHURRIED } from './support/patient.ts'

const CLI = path.resolve(import.meta.dirname, '../deploy/cli.js')

const server = await useMongoServer()
t.teardown(() => server.stop())
const url = server.freshUrl()
const client = new MongoClient(url)
t.teardown(() => client.close())
const db = client.db(databaseOf(url))

function storeCheck(mongodbUrl: string) {
  const { PATH = '' } = process.env
  const env = { PATH, PUSHGRID_MONGODB_URL: mongodbUrl, ...UNHURRIED }
  return spawnSync(process.execPath, [CLI, 'store', 'check'], { env, encoding: 'utf8' })
}

t.test('a database that is right: a line for each thing, exit 0', async (t) => {
  await createSchema(db)
  const { status, stdout, stderr } = storeCheck(url)
  t.equal(stderr, '')
  t.equal(status, 0)
  const lines = stdout.trimEnd().split('\n')
  t.equal(lines.length, 10)
  t.match(lines[0], /^ok +reachable +.*version/)
  t.match(lines[2], /^ok +index of messages on u, _id +as it should be$/)
  t.match(lines[8], /^ok +broadcasts +0 of them, read from a majority$/)
  for (const line of lines) t.match(line, /^ok /)
})

t.test('a missing index is named, exit 1', async (t) => {
  await db.collection('messages').dropIndex('messages_of_agent')
  const { status, stdout } = storeCheck(url)
  t.equal(status, 1)
  const wrong = stdout.split('\n').filter((line) => line.startsWith('WRONG'))
  t.equal(wrong.length, 1)
  t.match(wrong[0], /^WRONG +index of messages on u, _id +missing; a store makes it when it starts$/)
})

t.test('a database that can not be reached: one line, exit 1, no password', async (t) => {
  const { status, stdout, stderr } = storeCheck(`mongodb://me:hunter2@127.0.0.1:${await freePort()}/push`)
  t.equal(status, 1)
  t.match(stdout, /^WRONG +reachable +.*ECONNREFUSED.*\n$/)
  t.notMatch(stdout + stderr, 'hunter2')
})
