/**
 * What Firefox is given to run. The page takes commands by long poll and posts what came of them; the service worker
 * posts what it is pushed. Times are the browser's own: a call made before its push socket is up never settles, so
 * `subscribe` is tried again, for as long as the test waits: the socket of a busy machine may be up late, and is tried again late.
 */
export const PAGE_HTML = `<!doctype html>
<meta charset="utf-8">
<title>Pushgrid test</title>
<script type="module">
const post = (path, body) => fetch(path, { method: 'POST', body: JSON.stringify(body) })
const late = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))

async function active(scope) {
  const registration = await navigator.serviceWorker.register('/worker.js', { scope })
  const worker = registration.installing ?? registration.waiting ?? registration.active
  if (worker.state !== 'activated')
    await new Promise((resolve) => {
      worker.onstatechange = () => worker.state === 'activated' && resolve()
    })
  return registration
}

const commands = {
  async subscribe({ scope, key }) {
    const { pushManager } = await active(scope)
    const options = { userVisibleOnly: true, ...(key && { applicationServerKey: bytes(key) }) }
    for (let failures = 0; ; ) {
      try {
        const answer = await Promise.race([pushManager.subscribe(options), late(2000)])
        if (answer !== undefined) return answer.toJSON()
      } catch (error) {
        if (++failures === 8) throw error
        await late(1000)
      }
    }
  },
  async unsubscribe({ scope }) {
    const { pushManager } = await active(scope)
    return (await pushManager.getSubscription()).unsubscribe()
  },
}

for (;;) {
  const command = await (await fetch('/command')).json()
  const { id, name } = command
  try {
    await post('/result', { id, value: await commands[name](command) })
  } catch (error) {
    await post('/result', { id, error: String(error) })
  }
}
</script>
`

/** The service worker: one for all scopes, each with a subscription of its own. */
export const WORKER_JS = `
oninstall = () => skipWaiting()
let posted = Promise.resolve()
onpush = (event) => {
  const { pathname } = new URL(registration.scope)
  const body = JSON.stringify({ scope: pathname, text: event.data ? event.data.text() : null })
  // One after the other: two requests under way could overtake each other.
  posted = posted.then(() => fetch('/received', { method: 'POST', body }))
  event.waitUntil(posted.then(() => registration.showNotification('received')))
}
`
