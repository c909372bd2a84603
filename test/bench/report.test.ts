import { readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { sampleResult } from '../../bench/report/fixtures/sample-result.ts'
import {
  compareResults,
  judge,
  parseThreshold,
  writeComparison,
  writeReport,
} from '../../bench/report/report.ts'
import { startChromium } from '../support/chromium.ts'
import { backgroundOf, hex, picture, pictures, property, textOf, widthOf } from '../support/page-look.ts'

// A browser on a busy machine takes its time.
t.setTimeout(300_000)
const folder = t.testdir()
const EVIL = `</script><img src=x onerror=alert(1)>"'&<b>`

const browser = await startChromium(t)

async function sampleReport(): Promise<string> {
  const file = path.join(folder, 'report.html')
  const result = sampleResult({ measuredS: 20, lost: 3 })
  result.warnings.push({ code: 'open-files', text: 'Only 1,024 files may be open.' })
  result.thresholds = judge(result, ['lost > 0', 'rss(server) > 200MB'].map(parseThreshold))
  await writeReport(result, file)
  return file
}

const report = await sampleReport()

for (const colours of ['light', 'dark'] as const)
  for (const width of [1280, 390])
    t.test(`a report, ${colours}, ${width} pixels wide`, async (t) => {
      const { page, trouble } = await browser.open(report, { width, colours })
      const screenshot = await page.screenshot({ fullPage: true })
      t.ok(screenshot.length > 50_000, 'there is a picture')
      const text = await textOf(page, 'main')
      for (const said of [
        'pushgrid 0.1.0, one process',
        'Open load: 400 POSTs a second',
        'One warning',
        'Only 1,024 files may be open.',
        'Failed: 1 of 2 thresholds',
        'lost > 0 (it was 3)',
        'How to read it',
        'Lost messages',
        '1-0-4711',
        'connection reset',
        'post_to_notification',
      ])
        t.ok(text.includes(said), said)
      const plots = await pictures(page)
      t.equal(
        plots.length,
        9,
        'percentiles, two latencies, throughput, errors, connections, CPU, memory, loop delay',
      )
      const line = hex(colours === 'dark' ? '#56b4e9' : '#0072b2')
      t.equal(plots.filter((plot) => plot.colours.includes(line)).length >= 7, true, 'lines are drawn')
      t.ok(
        plots.every((plot) => plot.colours.length > 3),
        'no picture is blank',
      )
      t.equal(await backgroundOf(page), colours === 'dark' ? 'rgb(16, 20, 25)' : 'rgb(245, 246, 248)')
      t.equal(await widthOf(page), width, 'nothing hangs over the edge')
      t.same(trouble, [])
      await page.close()
    })

t.test('colours, scale and lines change on request, by mouse and keyboard', async (t) => {
  const { page, trouble } = await browser.open(report, { width: 1280, colours: 'light' })
  await page.locator('#theme').click()
  t.equal(await backgroundOf(page), 'rgb(16, 20, 25)')
  t.equal(await property(page, '#theme', 'innerText'), 'Light')
  const plot = page.locator('#plot-latency-post_to_notification')
  const log = plot.locator('[data-do=log]')
  const before = await picture(page, '#plot-latency-post_to_notification')
  t.equal(await log.getAttribute('aria-pressed'), 'true')
  await log.focus()
  await page.keyboard.press('Enter')
  t.equal(await log.getAttribute('aria-pressed'), 'false')
  t.ok(
    (await picture(page, '#plot-latency-post_to_notification')) !== before,
    'another scale is another picture',
  )
  const name = plot.locator('.u-legend th', { hasText: 'p99' })
  await name.focus()
  await page.keyboard.press('Enter')
  t.equal(await plot.locator('.u-legend .u-off').count(), 1, 'a line is hidden')
  t.same(trouble, [])
  await page.close()
})

t.test('the cursor tells values, a drag zooms, and the button shows everything again', async (t) => {
  const { page, trouble } = await browser.open(report, { width: 1280, colours: 'light' })
  const plot = page.locator('#plot-throughput')
  await plot.locator('.plot').focus()
  await page.keyboard.press('ArrowRight')
  const values = await property(page, '#plot-throughput .u-legend', 'innerText')
  t.match(values, /after:?\s*5\.50 s[\s\S]*delivered:?\s*\d+\/s/)
  await plot.locator('.u-over').scrollIntoViewIfNeeded()
  const whole = await picture(page, '#plot-throughput')
  const box = await plot.locator('.u-over').boundingBox()
  t.ok(box)
  const { x = 0, y = 0, width = 0, height = 0 } = box ?? {}
  await page.mouse.move(x + width * 0.4, y + height / 2)
  await page.mouse.down()
  await page.mouse.move(x + width * 0.7, y + height / 2, { steps: 4 })
  await page.mouse.up()
  t.ok((await picture(page, '#plot-throughput')) !== whole, 'zoomed')
  await plot.locator('[data-do=reset]').click()
  t.ok((await picture(page, '#plot-throughput')) === whole, 'as before')
  t.same(trouble, [])
  await page.close()
})

t.test('the data comes out as it went in', async (t) => {
  const { page } = await browser.open(report, { width: 1280, colours: 'light' })
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('[data-download]').click(),
  ])
  t.equal(download.suggestedFilename(), 'direct-pushgrid-0.1.0-one-process.json')
  const saved = path.join(folder, 'saved.json')
  await download.saveAs(saved)
  t.match(JSON.parse(await readFile(saved, 'utf8')), { format: 1, ledger: { lost: 3 } })
  await page.close()
})

t.test('nothing that came from outside becomes a part of the page', async (t) => {
  const file = path.join(folder, 'evil.html')
  const result = sampleResult({ measuredS: 5, label: EVIL, lost: 1 })
  result.scenario.name = EVIL
  result.scenario.options[EVIL] = EVIL
  result.target.wsUrl = `ws://x/${EVIL}`
  result.target.server = EVIL
  result.load.statement = EVIL
  result.errors[EVIL] = 1
  result.ledger.lostIds = [EVIL]
  result.warnings = [{ code: EVIL, text: EVIL }]
  result.thresholds = [{ expression: EVIL, value: 1, ok: false }]
  for (const each of [...result.phases, ...result.processes]) each.name = EVIL
  await writeReport(result, file)
  const compared = path.join(folder, 'evil-comparison.html')
  const other = sampleResult({ measuredS: 5, label: 'b' })
  await writeComparison(
    compareResults([
      { file: EVIL, result },
      { file: 'b', result: other },
    ]),
    compared,
  )
  for (const each of [file, compared]) {
    const { page, trouble } = await browser.open(each, { width: 390, colours: 'dark' })
    t.same(trouble, [])
    t.equal(await page.locator('img').count(), 0)
    t.ok((await page.locator('canvas').count()) > 0)
    t.ok((await property(page, 'main', 'innerText')).includes(EVIL), 'it is shown as what it is')
    t.equal(await widthOf(page), 390)
    await page.close()
  }
})

t.test('a comparison says what came out, and draws it', async (t) => {
  const file = path.join(folder, 'comparison.html')
  const five = (label: string, first: number, slowness: number) =>
    [1, 2, 3, 4, 5].map((run) => ({
      file: `${label}-${run}.json`,
      result: sampleResult({ measuredS: 10, label, seed: first + run, slowness }),
    }))
  await writeComparison(compareResults([...five('before', 300, 1), ...five('after', 400, 1.1)]), file)
  for (const colours of ['light', 'dark'] as const) {
    const { page, trouble } = await browser.open(file, { width: 390, colours })
    const text = await textOf(page, 'main')
    t.match(
      text,
      /after against before: .*p50\(post_to_notification\): [\d.]+ % slower \([\d.]+ to [\d.]+ %\)/,
    )
    t.ok((await page.locator('.ratio.worse svg').count()) >= 2)
    t.equal((await pictures(page)).length, 2)
    t.equal(await widthOf(page), 390)
    t.same(trouble, [])
    await page.close()
  }
})
