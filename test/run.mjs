// `npm test`: builds, makes sure of what the tests need beyond npm, runs tap on dist/ (see RUNS), and says at the end how many
// assertions passed and failed. A plain script, because it does the compiling. Arguments are test files in dist/ to be run instead.
import { spawn, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const root = path.resolve(import.meta.dirname, '..')

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

let totals = { passed: 0, failed: 0 }
let succeeded = false
try {
  build()
  const files = process.argv.slice(2)
  const env = { ...process.env, ...(await provide()) }
  succeeded = files.length > 0 ? await runNamed(files, env) : await runAll(env)
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
  const { provideAll } = await built('provide.js')
  return provideAll((line) => console.log(`test: ${line}`))
}

/** What can be imported only after the build. */
function built(file) {
  return import(pathToFileURL(path.join(root, 'dist/test/support', file)).href)
}

async function runNamed(files, env) {
  const run = await runTap(['--jobs=2', ...files], env)
  totals = { passed: run.passed, failed: run.failed }
  return run.succeeded
}

/** Tells whether all is well: each run had something that passed (one that finds no files is none), and what failed passed in a second run, if it may have one. */
async function runAll(env) {
  const runs = []
  for (const { title, system, args } of RUNS) {
    console.log(`test: ${title}`)
    runs.push({ system, ...(await runTap(args, { ...env, PUSHGRID_TEST_SYSTEM: system })) })
    count(runs)
  }
  if (!runs.every((run) => run.passed > 0 && (run.succeeded || run.failedFiles.length > 0))) return false
  const failed = runs.flatMap(({ system, failedFiles }) => failedFiles.map((file) => ({ ...file, system })))
  if (failed.length === 0) return true
  const { mayRunAgain } = await built('second-run.js')
  return mayRunAgain(failed) && (await runAgain(failed, runs, env))
}

/** Runs what failed once more, file by file. What fails again is what counts as failed. */
async function runAgain(failedFiles, runs, env) {
  console.log('test: a second run of what failed, by itself')
  const seconds = []
  const notes = []
  for (const { file, system, failures } of failedFiles) {
    const second = await runTap([path.join(root, file)], { ...env, PUSHGRID_TEST_SYSTEM: system })
    const outcome = second.succeeded ? 'UNSTEADY, passed in its second run' : 'FAILED in both of its runs'
    notes.push(
      `test: ${file} (${system}): ${outcome}; the first time: ${failures[0] ?? 'it ended and did not say why'}`,
    )
    seconds.push(second)
  }
  count([...runs.map(({ passed }) => ({ passed, failed: 0 })), ...seconds])
  for (const note of notes) console.log(note)
  return seconds.every((second) => second.succeeded && second.passed > 0)
}

function count(runs) {
  totals = { passed: 0, failed: 0 }
  for (const { passed, failed } of runs) {
    totals.passed += passed
    totals.failed += failed
  }
}

/** Runs tap, shows what matters of its output as it comes, and resolves to how it ended. */
async function runTap(args, env) {
  const manifest = createRequire(import.meta.url).resolve('tap/package.json')
  const cli = path.join(path.dirname(manifest), 'dist/esm/run.mjs')
  const options = { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] }
  const tap = spawn(process.execPath, [cli, '--reporter=tap', ...args], options)
  const ended = new Promise((resolve, reject) => {
    tap.once('error', reject)
    tap.once('close', (code) => resolve(code === 0))
  })
  const { TapOutput } = await built('tap-output.js')
  const output = new TapOutput((line) => console.log(line))
  for await (const line of createInterface(tap.stdout)) output.read(line)
  const { passed, failed, failedFiles } = output
  // A file that is killed has no assertion that failed.
  return { succeeded: await ended, passed, failed: Math.max(failed, failedFiles.length), failedFiles }
}
