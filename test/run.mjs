// `npm test`: builds, makes sure of what the tests need beyond npm, runs tap on dist/ (see RUNS), and says at the end how many
// assertions passed and failed. A plain script, because it does the compiling. Arguments are test files in dist/ to be run instead.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const root = path.resolve(import.meta.dirname, '..')
const provider = path.join(root, 'dist/test/support/provide.js')

/** The runs of tap that `npm test` is made of, one after the other. */
const RUNS = [
  {
    title: 'everything that may run side by side, the system as one process',
    system: 'single',
    args: ['--jobs=2', '--exclude=dist/**/fixtures/**', '--exclude=dist/test/alone/**'],
  },
  {
    title: 'the same tests of the system, as a cluster',
    system: 'cluster',
    args: ['--jobs=2', path.join(root, 'dist/test/system/*.test.js')],
  },
  {
    title: 'what takes the machine for itself',
    system: 'cluster',
    args: ['--jobs=1', path.join(root, 'dist/test/alone/*.test.js')],
  },
]

const totals = { passed: 0, failed: 0 }
let succeeded = false
try {
  build()
  succeeded = await runAll(process.argv.slice(2), { ...process.env, ...(await provide()) })
} catch (error) {
  console.log(`test: ${error.message}`)
}
process.exitCode = succeeded && totals.failed === 0 && totals.passed > 0 ? 0 : 1
console.log(`${totals.passed} passed, ${totals.failed} failed`)

function build() {
  const { status } = spawnSync(process.execPath, [path.join(root, 'deploy/prepare.mjs')], {
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error('the build failed, no test was run')
}

/** What the tests' environment needs in addition, such as the path of a browser; may install one, and says so. */
async function provide() {
  if (!existsSync(provider)) return {}
  const { provideAll } = await import(pathToFileURL(provider).href)
  return provideAll((line) => console.log(`test: ${line}`))
}

/** Tells whether each run ended well and had something that passed: one that finds no files is none. */
async function runAll(files, env) {
  if (files.length > 0) return runTap(['--jobs=2', ...files], env)
  let allWell = true
  for (const { title, system, args } of RUNS) {
    console.log(`test: ${title}`)
    const before = totals.passed
    const ended = await runTap(args, { ...env, PUSHGRID_TEST_SYSTEM: system })
    allWell &&= ended && totals.passed > before
  }
  return allWell
}

/** Runs tap, shows what matters of its output as it comes, and tells whether tap itself ended well. */
async function runTap(args, env) {
  const manifest = createRequire(import.meta.url).resolve('tap/package.json')
  const cli = path.join(path.dirname(manifest), 'dist/esm/run.mjs')
  const options = { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] }
  const tap = spawn(process.execPath, [cli, '--reporter=tap', ...args], options)
  const ended = new Promise((resolve, reject) => {
    tap.once('error', reject)
    tap.once('close', (code) => resolve(code === 0))
  })
  const show = createView()
  for await (const line of createInterface(tap.stdout)) show(line)
  return ended
}

/**
 * Reads tap's lines: one line is shown for each file, for each failure its name and all of its diagnostics, and tables. Only the totals
 * that tap itself gives at its end are counted: a run that is cut short has none.
 */
function createView() {
  let previous = ''
  let diagnostics = false
  return (line) => {
    const text = line.trim()
    if (text === '---' && previous.startsWith('not ok ')) diagnostics = true
    if (diagnostics || text.startsWith('not ok ') || /^(ok |Bail out!)/.test(line)) console.log(line)
    if (text === '...') diagnostics = false
    if (text.startsWith('# |')) console.log(text.slice('# '.length))
    if (line.startsWith('# {')) {
      totals.passed += Number(/\bpass: (\d+)/.exec(line)?.[1] ?? 0)
      totals.failed += Number(/\bfail: (\d+)/.exec(line)?.[1] ?? 0)
    }
    previous = text
  }
}
