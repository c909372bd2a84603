import { createHash, X509Certificate } from 'node:crypto'
import { type Browser, chromium } from 'playwright-core'
import type { Test } from 'tap'
import { CHROMIUM } from './chromium-program.ts'
import { requireProgram } from './programs.ts'

/** A browser on a busy machine takes its time, and so does all that is waited for on its pages. */
const WAIT_MS = 120_000

/** How a page is looked at. */
export interface View {
  readonly width: number
  readonly colours: 'light' | 'dark'
}

/** Starts the real browser, without a window; it ends with the test. @param certificate one that it trusts, in PEM */
export async function startChromium(t: Test, certificate?: string) {
  const executablePath = await requireProgram(CHROMIUM)
  const trust = certificate === undefined ? [] : [trusting(certificate)]
  const args = ['--headless', '--no-sandbox', ...trust]
  const browser = await chromium.launch({ executablePath, args, timeout: WAIT_MS })
  t.teardown(() => browser.close())
  return {
    /** Opens a file; `trouble` collects what must not happen: errors, and requests for anything but the file. */
    open: (file: string, view: View) =>
      watched(browser, `file://${file}`, view, (url) => url === `file://${file}`),
    /**
     * Opens a page of a server; `trouble` as of a file, where requests and websockets are fine to the page's own origin
     * and to those in `origins`, such as `ws://127.0.0.1:8080`.
     */
    visit: (url: string, view: View, origins: readonly string[] = []) =>
      watched(browser, url, view, (asked) =>
        [new URL(url).origin, ...origins].includes(new URL(asked).origin),
      ),
  }
}

/** How Chromium is told to trust a certificate: by the hash of its key. All others it goes on to check. */
function trusting(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
  const hash = createHash('sha256').update(key).digest('base64')
  return `--ignore-certificate-errors-spki-list=${hash}`
}

/** Opens a page, and writes down what it should not do. */
async function watched(
  browser: Browser,
  url: string,
  { width, colours }: View,
  mayAsk: (url: string) => boolean,
) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: colours })
  page.setDefaultTimeout(WAIT_MS)
  const trouble: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') trouble.push(message.text())
  })
  page.on('pageerror', (error) => trouble.push(error.message))
  const asks = (asked: { url(): string }) => {
    if (!mayAsk(asked.url())) trouble.push(`request for ${asked.url()}`)
  }
  page.on('request', asks)
  page.on('websocket', asks)
  page.on('dialog', (dialog) => {
    trouble.push(`dialog ${dialog.message()}`)
    dialog.dismiss().catch(() => trouble.push('a dialog stays'))
  })
  await page.goto(url)
  return { page, trouble }
}
