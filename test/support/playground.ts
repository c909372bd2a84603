import type { Locator, Page } from 'playwright-core'
import type { Test } from 'tap'
import { becomes } from './becomes.ts'
import type { startChromium, View } from './chromium.ts'
import type { BrowserSubscription } from './firefox.ts'
import { Sender } from './sender.ts'
import { subscribed } from './subscribed.ts'
import type { System } from './system.ts'

const WIDE: View = { width: 1280, colours: 'light' }

/** How to send from the page; what is left out stays as it is in the form. */
export interface Filled {
  readonly to?: string
  readonly text?: string
  readonly ttl?: string
  readonly topic?: string
  readonly urgency?: string
  readonly signed?: boolean
  readonly receipt?: boolean
}

/** The playground of a real service in a real browser, used as a person uses it. */
export class Playground {
  readonly page: Page
  /** What must not happen: errors of the page, and requests for anything but the service. */
  readonly trouble: string[]
  readonly #wsUrl: string

  private constructor(page: Page, trouble: string[], wsUrl: string) {
    this.page = page
    this.trouble = trouble
    this.#wsUrl = wsUrl
  }

  /** Opens it, in a browser profile of its own. */
  static async open(
    t: Test,
    browser: Awaited<ReturnType<typeof startChromium>>,
    { httpUrl, wsUrl }: System,
    view = WIDE,
  ): Promise<Playground> {
    const { protocol, port } = new URL(httpUrl)
    const endpoints = `${protocol}//localhost:${port}`
    const { page, trouble } = await browser.visit(`${httpUrl}/console/#playground`, view, [
      endpoints,
      new URL(wsUrl).origin,
    ])
    t.teardown(() => page.close())
    return new Playground(page, trouble, wsUrl)
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true })
  }

  /** Waits for words on the page. */
  async says(words: string | RegExp): Promise<void> {
    await this.page.getByText(words).first().waitFor()
  }

  /** Connects, and waits for the answer to hello; resolves to the UAID. */
  async connect(): Promise<string> {
    await this.button('Connect').click()
    await this.says('Connected since')
    return shown(this.page.locator('[data-test=uaid]'))
  }

  async disconnect(): Promise<void> {
    await this.button('Disconnect').click()
    await this.says('Not connected. You have disconnected.')
  }

  /**
   * Disconnects, and connects again once the store has written what it was told by then: what is acknowledged may come again before. It writes in the
   * order of asking, and with a message for somebody who is not there all that went before it.
   */
  async reconnect(): Promise<void> {
    await this.disconnect()
    const { client, endpoint } = await subscribed(this.#wsUrl)
    await client.close()
    const sender = new Sender()
    await sender.post(endpoint)
    await sender.close()
    await this.connect()
  }

  /** Makes a subscription, and waits for its endpoint. @param isRestricted to the VAPID key of the page, as it is by default */
  async register(name: string, isRestricted = true): Promise<BrowserSubscription> {
    await this.page.getByLabel('Name, for you only').fill(name)
    await this.page.getByLabel('Only this page may send').setChecked(isRestricted)
    await this.button('Register').click()
    const item = this.subscription(name)
    await item.getByText('JSON, for web-push').waitFor()
    return JSON.parse((await item.locator('pre').textContent()) ?? '')
  }

  /** The part of the page about a subscription. */
  subscription(name: string): Locator {
    return this.page.getByRole('listitem', { name, exact: true })
  }

  /** Fills in the form and sends it; resolves to what the page shows of the message, the answer included. */
  async send(filled: Filled): Promise<Locator> {
    const { page } = this
    const before = await page.locator('[data-test=sent] > li').count()
    if (filled.to !== undefined)
      await page.getByLabel('To', { exact: true }).selectOption({ label: filled.to })
    for (const [label, value] of [
      ['Text', filled.text],
      ['TTL, in seconds', filled.ttl],
      ['Topic', filled.topic],
    ] as const)
      if (value !== undefined) await page.getByLabel(label).fill(value)
    if (filled.urgency !== undefined)
      await page.getByLabel('Urgency', { exact: true }).selectOption(filled.urgency)
    for (const [label, value] of [
      ['Signed by', filled.signed],
      ['Ask for a receipt', filled.receipt],
    ] as const)
      if (value !== undefined) await page.getByLabel(label).setChecked(value)
    await this.button('Send').click()
    // The newest is the first; from its end it keeps its place when others follow.
    const sent = page.locator(`[data-test=sent] > li:nth-last-child(${before + 1})`)
    await sent.getByText('Answer', { exact: true }).waitFor()
    return sent
  }

  /** The texts that have arrived and can be read, the newest first. */
  texts(): Promise<string[]> {
    return this.page.locator('[data-test=messages] [data-test=text]').allInnerTexts()
  }

  /** Asserts that these texts have arrived, or soon have, and no others: the newest first. */
  arrived(t: Test, ...texts: readonly string[]): Promise<void> {
    return becomes(t, () => this.texts(), [...texts])
  }

  /** What the page shows of the message that came last. */
  get lastMessage(): Locator {
    return this.page.locator('[data-test=messages] > li').first()
  }
}

/** Waits for the answer to a message. */
export function answered(sent: Locator, answer: string): Promise<void> {
  return sent.locator('strong').getByText(answer, { exact: true }).waitFor()
}

/** What a reader sees of something, without line breaks. */
export async function shown(part: Locator): Promise<string> {
  await part.first().waitFor()
  return (await part.allInnerTexts()).join(' ').replace(/\s+/g, ' ')
}
