// The image's health check: exits with 0 when the process of this container takes requests, on whichever port its role has.
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

const TIMEOUT_MS = 2000
const { PUSHGRID_WS_PORT = '8080', PUSHGRID_HTTP_PORT = '8082', PUSHGRID_TLS_CERT_FILE } = process.env
const request = PUSHGRID_TLS_CERT_FILE ? requestHttps : requestHttp

/** Whether somebody answers 200 there. The certificate is for the public name, so it is not looked at. */
function answers(port) {
  const options = {
    host: '127.0.0.1',
    port,
    path: '/__lbheartbeat__',
    timeout: TIMEOUT_MS,
    rejectUnauthorized: false,
  }
  return new Promise((resolve) => {
    request(options, (response) => resolve(response.resume().statusCode === 200))
      .once('timeout', () => resolve(false))
      .once('error', () => resolve(false))
      .end()
  })
}

const [node, endpoint] = await Promise.all([PUSHGRID_WS_PORT, PUSHGRID_HTTP_PORT].map(answers))
process.exit(node || endpoint ? 0 : 1)
