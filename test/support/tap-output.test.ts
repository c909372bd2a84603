import t from 'tap'
import { TapOutput } from './tap-output.ts'

const OUTPUT = `TAP version 14
1..3
# Subtest: dist/a.test.js
    # Subtest: inner
        ok 1 - fine
        not ok 2 - one of them
          ---
          diff: |
            not ok 7 - only quoted
            # { total: 900, pass: 900 }
          ...
        # | a | table |
        1..2
    not ok 1 - inner # time=34.034ms
      ---
      source: >
        t.test('inner', async (t) => {
      ...
    1..1
not ok 1 - dist/a.test.js # time=51.446ms
  ---
  exitCode: 1
  ...

# Subtest: dist/b.test.js
    ok 1 - fine
    1..1
ok 2 - dist/b.test.js # time=6ms
not ok 3 - timeout!
# { total: 5, pass: 2, fail: 3 }
# time=5689.394ms`

t.test('totals are those of tap, and what failed is kept by files', async (t) => {
  const output = new TapOutput(() => {})
  for (const line of OUTPUT.split('\n')) output.read(line)
  t.match(output, { passed: 2, failed: 3 })
  t.same(output.failedFiles, [
    { file: 'dist/a.test.js', failures: ['one of them', 'inner'] },
    { file: 'timeout!', failures: [] },
  ])
})

t.test('shown are files, failures with their diagnostics, and tables', async (t) => {
  const shown: string[] = []
  const output = new TapOutput((line) => shown.push(line))
  for (const line of OUTPUT.split('\n')) output.read(line)
  t.same(
    shown.map((line) => line.trim()),
    [
      'not ok 2 - one of them',
      '---',
      'diff: |',
      'not ok 7 - only quoted',
      '# { total: 900, pass: 900 }',
      '...',
      '| a | table |',
      'not ok 1 - inner # time=34.034ms',
      '---',
      'source: >',
      `t.test('inner', async (t) => {`,
      '...',
      'not ok 1 - dist/a.test.js # time=51.446ms',
      '---',
      'exitCode: 1',
      '...',
      'ok 2 - dist/b.test.js # time=6ms',
      'not ok 3 - timeout!',
    ],
  )
})
