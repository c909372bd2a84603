import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { sampleResult } from './fixtures/sample-result.ts'
import { parseResult, readResult, resultSchemaText, writeResult } from './result-file.ts'

const result = sampleResult({ measuredS: 3 })

t.test('a result comes back as it was written, and nothing is left beside it', async (t) => {
  const folder = t.testdir()
  const file = path.join(folder, 'made', 'a.json')
  await writeResult(result, file)
  await writeResult(result, file)
  t.same(await readResult(file), result)
  t.same(await readdir(path.dirname(file)), ['a.json'])
  t.match(await readFile(file, 'utf8'), /^{\n {2}"format": 1,\n/)
})

t.test('one line says which file, which part and what is wrong', async (t) => {
  const folder = t.testdir({ folder: {} })
  await t.rejects(readResult(path.join(folder, 'none.json')), /none\.json: there is no such file$/)
  await t.rejects(readResult(path.join(folder, 'folder')), { name: 'ReportError' })
  const cases: [string, RegExp][] = [
    ['{', /^a\.json: is not JSON: /],
    ['[]', /^a\.json: is no result of pushgrid bench \(it has no "format"\)$/],
    ['{"format":2}', /^a\.json: has format 2, this version reads 1$/],
    [changed({ ledger: { ...result.ledger, lost: -1 } }), /^a\.json: \/ledger\/lost: expected .*found -1$/],
    [changed({ label: undefined }), /^a\.json: \/label: expected .*found nothing$/],
    [changed({ load: { ...result.load, model: 'half' } }), /^a\.json: \/load\/model: .*found "half"$/],
    [broken(), /^a\.json: \/latencies\/hello\/service\/histogram is no compressed HdrHistogram$/],
  ]
  for (const [text, message] of cases)
    t.throws(() => parseResult(text, 'a.json'), { message, name: 'ReportError' })
})

t.test('the schema is JSON and names itself', async (t) => {
  t.match(JSON.parse(resultSchemaText()), {
    $schema: /json-schema/,
    $id: 'pushgrid-bench-result',
    type: 'object',
    properties: { ledger: { properties: { lost: { type: 'integer' } } } },
  })
})

function changed(change: object): string {
  return JSON.stringify({ ...result, ...change })
}

function broken(): string {
  const copy = structuredClone(result)
  const { hello } = copy.latencies
  if (hello !== undefined) hello.service.histogram = 'bm90aGluZw=='
  return JSON.stringify(copy)
}
