import { get, type IncomingMessage } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { post } from './fixtures/http-test.ts'
import { SimulatedClock } from './fixtures/simulated-clock.ts'
import { ORIGIN, startTestEndpoint } from './fixtures/test-endpoint.ts'

t.test('events over HTTP/1.1 are taken for sent until they are known to have got there', async (t) => {
  const clock = new SimulatedClock()
  const endpoint = await startTestEndpoint({}, { clock })
  t.teardown(() => endpoint.close())
  let link = ''
  let url = ''
  /** Posts a message with a receipt, which is acknowledged. */
  const acknowledged = async () => {
    await clock.advance(10)
    const headers = { ttl: '60', prefer: 'respond-async', ...(link !== '' && { 'push-receipt': link }) }
    const response = await post(endpoint, headers)
    link = /<(.*)>/.exec(response.headers.get('link') ?? '')?.[1] ?? ''
    url = endpoint.url + link.slice(ORIGIN.length)
    const message = endpoint.received.at(-1)
    if (message?.receipt === undefined) throw new Error('no message with a receipt came')
    await endpoint.store.settle({ ...message, receipt: message.receipt }, 'acknowledged')
    return response.headers.get('location') ?? ''
  }
  const read = () => new Promise<IncomingMessage>((resolve) => void get(url, { agent: false }, resolve))
  /** Waits for the event of a message; resolves to its id. */
  const eventOf = async (events: IncomingMessage, location: string) => {
    for (let text = ''; ; ) {
      text += `${events.read() ?? ''}`
      const [, id] = new RegExp(`id: (\\d+)\ndata: .*${location}`).exec(text) ?? []
      if (id !== undefined) return id
      await setImmediate()
    }
  }
  const all = () => [...endpoint.store.outcomes.values()].flatMap((kept) => [...kept.values()])
  /** Waits until the event of a message has come and all are marked; resolves to its id. */
  const got = async (events: IncomingMessage, location: string) => {
    const id = await eventOf(events, location)
    while (all().some(({ fetchedAtMs }) => fetchedAtMs === undefined)) await setImmediate()
    return id
  }
  const confirmed = async () => {
    while (all().some(({ isSentOnly }) => isSentOnly)) await setImmediate()
  }
  /** Asks once, not knowing anything, or with the id of the last event. */
  const poll = async (headers: Record<string, string> = {}) => {
    const response = await fetch(url, { headers: { prefer: 'wait=0', ...headers } })
    const body = response.status === 204 ? {} : Object(await response.json())
    return (body.receipts ?? []).map(({ message }: { message: string }) => message)
  }

  const first = await acknowledged()
  const silent = await read()
  await got(silent, first)
  await clock.advance(60_000)
  t.same(await poll(), [first], 'a network that was cut in silence has lost it: it comes once more')
  t.same(await poll(), [], 'this one came with an answer')

  const second = await acknowledged()
  const secondId = await got(silent, second)
  t.same(await poll({ 'last-event-id': secondId }), [], 'its reader says that it has it')
  t.same(await poll(), [])

  const third = await acknowledged()
  await got(silent, third)
  silent.socket.end()
  await confirmed()
  t.same(await poll(), [], 'its connection has ended in good order')

  const fourth = await acknowledged()
  const broken = await read()
  await got(broken, fourth)
  broken.socket.resetAndDestroy()
  await clock.advance(60_000)
  t.same(await poll(), [fourth], 'its connection has broken')

  const fifth = await acknowledged()
  const lasting = await read()
  await got(lasting, fifth)
  await clock.advance(36 * 60_000)
  await confirmed()
  t.same(await poll(), [], 'TCP would have given up by now')
  lasting.destroy()
  t.strictSame(endpoint.failures, [])
})
