import t from 'tap'
import { ADMIN_TOKEN, BroadcastAdmin } from './support/broadcast-admin.ts'
import { Firefox } from './support/firefox.ts'
import { FrameProxy, type PassedFrame } from './support/frame-proxy.ts'
import { startSystem } from './support/system.ts'

/** What Firefox itself wants to hear of: that some remote setting of its has changed. */
const MONITOR = 'remote-settings/monitor_changes'
/** It asks about 15 s after its start. */
const ASKS_MS = 90_000
const ANSWER_MS = 60_000

const tells = (version: string) => (frame: PassedFrame) =>
  frame.messageType === 'broadcast' && versionIn(frame) === version

t.test("Firefox's own broadcast: its subscription is answered, and a change reaches it", async (t) => {
  const system = await startSystem({ env: { PUSHGRID_ADMIN_TOKEN: ADMIN_TOKEN } })
  t.teardown(() => system.stop())
  const admin = new BroadcastAdmin(system.httpUrl)
  t.equal(await admin.put(MONITOR, '"1755000000000"'), 201)
  const proxy = await FrameProxy.listen(system.wsUrl)
  t.teardown(() => proxy.close())
  const firefox = await Firefox.create(proxy.url)
  t.teardown(() => firefox.destroy())

  await firefox.start()
  const names = (frame: PassedFrame) => versionIn(frame) !== undefined
  const asked = await proxy.passed('userAgent', names, ASKS_MS)
  t.match(asked.messageType, /^(hello|broadcast_subscribe)$/)
  t.not(versionIn(asked), '"1755000000000"')
  const answered = (frame: PassedFrame) => versionIn(frame) === '"1755000000000"'
  await proxy.passed('service', answered, ANSWER_MS)

  t.equal(await admin.put(MONITOR, '"1755000000001"'), 200)
  await proxy.passed('service', tells('"1755000000001"'), ANSWER_MS)
  const { endpoint } = await firefox.subscribe('/after/')
  t.match(endpoint, /\/wpush\//, 'Firefox goes on as ever')
})

/** The version of that broadcast in a frame of either side. */
function versionIn({ fields }: PassedFrame): unknown {
  const broadcasts = fields['broadcasts']
  return typeof broadcasts === 'object' && broadcasts !== null ? Reflect.get(broadcasts, MONITOR) : undefined
}
