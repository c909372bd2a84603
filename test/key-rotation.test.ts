import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { freePort } from '../bench/lab/free-ports.ts'
import { becomes } from './support/becomes.ts'
import { PATIENT } from './support/patient.ts'
import { PushgridProcess } from './support/pushgrid-process.ts'
import { Sender } from './support/sender.ts'
import { subscribed } from './support/subscribed.ts'

const READ = 'service keys were read'
const REMOVED = 'service keys were read; endpoints made with a removed one have ended'

const key = () => randomBytes(32).toString('base64url')

t.test('keys change while it serves: old endpoints live on until their key is removed', async (t) => {
  const folder = t.testdir()
  const file = path.join(folder, 'keys')
  const [older, newer] = [key(), key()]
  await writeFile(file, `${older}\n`)
  const serve = new PushgridProcess('serve', {
    PUSHGRID_WS_PORT: `${await freePort()}`,
    PUSHGRID_HTTP_PORT: '0',
    PUSHGRID_DATA_DIR: path.join(folder, 'data'),
    PUSHGRID_SERVICE_KEYS_FILE: file,
    ...PATIENT,
  })
  t.teardown(() => serve.kill('SIGTERM'))
  const sender = new Sender()
  t.teardown(() => sender.close())
  const { wsPort } = await serve.listening
  const { client, channelID, endpoint } = await subscribed(`ws://127.0.0.1:${wsPort}/`, {
    onNotification: (notification, agent) => agent.ack(notification),
  })
  const reread = async (text: string, line: string, times: number) => {
    await writeFile(file, text)
    serve.signal('SIGHUP')
    await serve.logged(line, times)
  }
  const posted = async (url: string) => (await sender.post(url, { text: 'a message' })).status

  await reread(`${newer}\n${older}\n`, READ, 1)
  t.equal(await posted(endpoint), 201, 'an old endpoint lives on')
  const { pushEndpoint: again } = await client.register(channelID)
  t.not(again, endpoint, 'a new one is made with the new key')
  t.equal(await posted(again), 201)
  await becomes(t, () => client.notifications.length, 2)

  await reread('nonsense', 'the service keys stay as they are', 1)
  t.equal(await posted(endpoint), 201, 'a file that is wrong changes nothing')

  await reread(newer, REMOVED, 1)
  t.equal(await posted(endpoint), 404, 'without its key it has ended')
  t.equal(await posted(again), 201)
  t.notMatch(serve.output, older)
  t.notMatch(serve.output, newer)
  await client.close()
})
