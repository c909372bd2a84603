import { chromium } from 'playwright-core'
import type { Test } from 'tap'
import { CHROMIUM } from './chromium-program.ts'
import { requireProgram } from './programs.ts'

/** How a page is looked at. */
export interface View {
  readonly width: number
  readonly colours: 'light' | 'dark'
}

/** Starts the real browser, without a window; it ends with the test. */
export async function startChromium(t: Test) {
  const executablePath = await requireProgram(CHROMIUM)
  const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox'] })
  t.teardown(() => browser.close())
  return {
    /** Opens a file; `trouble` collects what must not happen: errors, and requests for anything but the file. */
    async open(file: string, { width, colours }: View) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: colours })
      const trouble: string[] = []
      const address = `file://${file}`
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') trouble.push(message.text())
      })
      page.on('pageerror', (error) => trouble.push(error.message))
      page.on('request', (request) => {
        if (request.url() !== address) trouble.push(`request for ${request.url()}`)
      })
      page.on('dialog', (dialog) => {
        trouble.push(`dialog ${dialog.message()}`)
        dialog.dismiss().catch(() => trouble.push('a dialog stays'))
      })
      await page.goto(address)
      return { page, trouble }
    },
  }
}
