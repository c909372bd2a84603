import { endpointTest, post } from './fixtures/http-test.ts'

const LOGGED = { method: 'POST', status: 201, route: '/wpush/v1/:token', address: '127.0.0.1' }

endpointTest(
  'a line for each answer shows no token, key or message',
  async (t, endpoint) => {
    const { signer, claims, openPath, restrictedPath, logged } = endpoint
    const answer = await post(endpoint, { ttl: '60' }, undefined, openPath)
    const authorization = signer.authorization(claims())
    await post(endpoint, { ttl: '60', authorization }, undefined, restrictedPath)
    await fetch(endpoint.url + new URL(`${answer.headers.get('location')}`).pathname, { method: 'DELETE' })
    await fetch(`${endpoint.url}${openPath}/more`, { method: 'POST' })
    t.match(logged, [
      LOGGED,
      { ...LOGGED, route: '/wpush/v2/:token' },
      { method: 'DELETE', route: '/m/:token', status: 404 },
      { route: 'none', status: 404 },
    ])
    const text = JSON.stringify(logged)
    for (const secret of [openPath, restrictedPath, authorization].flatMap((one) => one.split(/[/ ,=]/)))
      if (secret.length > 10) t.notOk(text.includes(secret), `${secret.slice(0, 10)}...`)
    for (const line of logged) t.match(line, { ms: Number })
  },
  { accessLog: 'on' },
)

endpointTest('unless it is asked for nothing is logged', async (t, endpoint) => {
  await post(endpoint, { ttl: '60' })
  t.same(endpoint.logged, [])
})
