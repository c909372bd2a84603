// Builds dist/ after `npm ci`. A plain script: it has to run before anything is compiled.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const PAGE = 'bench/report/page'
const CONSOLE = 'deploy/console/page'

/** Finds the compiler, or nothing in a tree without development dependencies. */
function compiler() {
  try {
    return createRequire(import.meta.url).resolve('typescript/bin/tsc')
  } catch {
    return undefined
  }
}

/** The commit that is built, for `/__version__`: told by whoever builds without the history, else by git, or unknown. */
function commit() {
  const { PUSHGRID_COMMIT } = process.env
  if (PUSHGRID_COMMIT) return PUSHGRID_COMMIT
  if (!existsSync(path.join(root, '.git'))) return ''
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : ''
}

/** Bundles the console, which has its own globals, too, and a language of its own for what it shows. */
async function buildConsole() {
  const { build } = await import('vite')
  await build({ configFile: path.join(root, CONSOLE, 'vite.config.ts'), logLevel: 'warn' })
}

const tsc = compiler()
if (tsc) {
  // An old dist/ would keep removed tests running.
  rmSync(path.join(root, 'dist'), { recursive: true, force: true })
  // What runs in a browser, in the reports of the load suite, is compiled on its own: it has other globals.
  for (const project of ['.', PAGE]) {
    const built = spawnSync(process.execPath, [tsc, '--project', project], { cwd: root, stdio: 'inherit' })
    if (built.status !== 0) process.exit(built.status ?? 1)
  }
  await buildConsole()
  for (const file of ['colours.css', 'parts.css', 'style.css'])
    copyFileSync(path.join(root, PAGE, file), path.join(root, 'dist', PAGE, file))
  chmodSync(path.join(root, 'dist/deploy/cli.js'), 0o755)
  writeFileSync(path.join(root, 'dist/commit'), commit())
} else if (!existsSync(path.join(root, 'dist'))) {
  console.error(
    'pushgrid: not built, because TypeScript is not installed. Run `npm ci` first, then `npm prune --omit=dev` for a lean tree.',
  )
}
