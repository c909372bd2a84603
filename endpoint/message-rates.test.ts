import { AES128GCM, accepted, BODY, endpointTest, failed, post } from './fixtures/http-test.ts'
import { SimulatedClock } from './fixtures/simulated-clock.ts'

const SLOW = { channelPerSecond: 1, channelBurst: 3 }
/** Time in which a limit is met stands still, however slow the machine is. */
const STILL = { clock: new SimulatedClock() }

endpointTest(
  '429/116: more messages than a subscription may get, and when to come again',
  async (t, endpoint) => {
    for (let sent = 0; sent < 3; sent += 1) await accepted(t, await post(endpoint, AES128GCM, BODY), '60')
    const refused = await post(endpoint, AES128GCM, BODY)
    t.equal(refused.headers.get('retry-after'), '1')
    await failed(t, refused, 429, 116, 'Too Many Requests', /in 1 s/)
    t.equal(endpoint.received.length, 3)
  },
  SLOW,
  STILL,
)

endpointTest(
  '429/116: more messages than a user agent may get, on whatever subscription',
  async (t, endpoint) => {
    await accepted(t, await post(endpoint, AES128GCM, BODY), '60')
    const { signer, restrictedPath } = endpoint
    const headers = { ...AES128GCM, authorization: signer.authorization(endpoint.claims()) }
    await failed(t, await post(endpoint, headers, BODY, restrictedPath), 429, 116, 'Too Many Requests')
  },
  { agentPerSecond: 1, agentBurst: 1 },
  STILL,
)

endpointTest(
  'what is refused for another reason is not counted',
  async (t, endpoint) => {
    for (let sent = 0; sent < 10; sent += 1) t.equal((await post(endpoint, {}, BODY)).status, 400)
    for (let sent = 0; sent < 10; sent += 1)
      t.equal((await post(endpoint, AES128GCM, BODY, endpoint.restrictedPath)).status, 401)
    for (let sent = 0; sent < 3; sent += 1) await accepted(t, await post(endpoint, AES128GCM, BODY), '60')
  },
  SLOW,
)
