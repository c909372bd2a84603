import type { Page } from 'playwright-core'

/** What a picture on a page consists of. */
export interface Picture {
  readonly width: number
  /** Colours that something is drawn in, as 0xRRGGBB. */
  readonly colours: readonly number[]
}

interface PixelSource {
  getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray }
}

/** The pictures that are drawn on a page, with their colours. */
export function pictures(page: Page): Promise<readonly Picture[]> {
  return page.locator('canvas').evaluateAll((canvases) =>
    canvases.map((canvas) => {
      // The types of the browser are not known here.
      const { width, height } = canvas as unknown as { width: number; height: number }
      const context = (canvas as unknown as { getContext(kind: string): PixelSource }).getContext('2d')
      const { data } = context.getImageData(0, 0, width, height)
      const colours = new Set<number>()
      for (let at = 0; at < data.length; at += 4) {
        const [red = 0, green = 0, blue = 0, alpha = 0] = data.slice(at, at + 4)
        if (alpha === 255) colours.add((red << 16) | (green << 8) | blue)
      }
      return { width, colours: [...colours] }
    }),
  )
}

/** A property of the first element that a selector finds. What a reader sees is its innerText: what is hidden is not in it. */
export function property(page: Page, selector: string, name: string): Promise<string> {
  return page.evaluate<string>(`document.querySelector(${JSON.stringify(selector)}).${name}`)
}

/** What is read in an element, with single spaces. */
export async function textOf(page: Page, selector: string): Promise<string> {
  return (await property(page, selector, 'innerText')).replace(/\s+/g, ' ')
}

/** The picture of a plot itself, without the cursor above it. */
export function picture(page: Page, plot: string): Promise<string> {
  return property(page, `${plot} canvas`, 'toDataURL()')
}

/** What stands beside a plot: the time, and the value of each line then. */
export async function legend(page: Page, plot: string): Promise<Readonly<Record<string, string>>> {
  const rows = page.locator(`#plot-${plot} .u-legend .u-series`)
  const [names, values] = await Promise.all(
    ['.u-label', '.u-value'].map((part) => rows.locator(part).allInnerTexts()),
  )
  return Object.fromEntries(names?.map((name, index) => [name, values?.[index] ?? '']) ?? [])
}

/** A colour such as `#0072b2` as a number. */
export function hex(colour: string): number {
  return Number.parseInt(colour.slice(1), 16)
}

/**
 * How wide everything on the page is, once it had time to follow the window: more than the window where something hangs over its edge.
 * A plot is drawn anew only after the window has changed.
 */
export async function widthOf(page: Page): Promise<number> {
  const width = 'document.documentElement.scrollWidth'
  // What goes on hanging over is the assertion's to tell.
  await page.waitForFunction(`${width} <= innerWidth`, undefined, { timeout: 60_000 }).catch(() => {})
  return page.evaluate<number>(width)
}

/** The colour behind everything. */
export function backgroundOf(page: Page): Promise<string> {
  return page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
}
