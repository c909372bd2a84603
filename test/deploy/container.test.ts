import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { freePorts } from '../../bench/lab/free-ports.ts'
import { becomes } from '../support/becomes.ts'
import { spawnBound } from '../support/bound-process.ts'
import { DEPLOY, ROOT } from '../support/deploy-folder.ts'
import { finished } from '../support/finished.ts'
import { MAY_MOUNT } from '../support/may-mount.ts'
import { PATIENT } from '../support/patient.ts'
import { roundTrip } from './round-trip.ts'

/*
 * The steps of the image, by hand: there is no container engine. Copying stands for `npm ci` and the build, which went before this test; all
 * other steps are those of the Containerfile. What comes of them is run as the root of a process, read-only, as its user.
 */

const MEGABYTE = 1_000_000
const IMAGE_MAX_BYTES = 200 * MEGABYTE
/** What README.md says may be off by so much: sizes differ a little from system to system. */
const ROUNDED = 0.1

const containerfile = (await readFile(path.join(DEPLOY, 'container/Containerfile'), 'utf8')).replaceAll(
  '\\\n',
  '',
)
const folder = await mkdtemp(path.join(tmpdir(), 'pushgrid-image-'))
t.teardown(() => rm(folder, { recursive: true }))
const [tree, rootfs, data] = ['tree', 'rootfs', 'data'].map((name) => path.join(folder, name)) as [
  string,
  string,
  string,
]

/** Commands of the build, in their order. */
const steps = Array.from(containerfile.matchAll(/^RUN (.*)$/gm), ([, step = '']) => step)

async function step(command: string): Promise<void> {
  const run = await finished('sh', ['-c', `cd '${tree}' && ${command}`])
  if (run.status !== 0) throw new Error(`${command} ends with ${run.status}:\n${run.output}`)
}

function bytesOf(place: string): number {
  const { stdout } = spawnSync('du', ['-sb', place], { encoding: 'utf8' })
  return Number.parseInt(stdout, 10)
}

/** The JSON list behind an instruction, such as ENTRYPOINT. */
function list(instruction: RegExp): string[] {
  const [, text = ''] = instruction.exec(containerfile) ?? []
  return JSON.parse(text) as string[]
}

/** What the image sets for its process. */
function imageEnvironment(): Record<string, string> {
  const [, line = ''] = /^ENV (.*)$/m.exec(containerfile) ?? []
  return Object.fromEntries(Array.from(line.matchAll(/(\w+)=(\S+)/g), ([, name, value]) => [name, value]))
}

/** A command line that has the image's root for its own, which it can't write to, and no other user's rights. */
function inside(command: readonly string[]): [string, string[]] {
  const [, user = ''] = /^USER (.*)$/m.exec(containerfile) ?? []
  const script = [
    // What the test runner wants loaded is not in the image.
    'unset NODE_OPTIONS',
    `mount --bind '${rootfs}' '${rootfs}'`,
    `mount -o remount,ro,bind '${rootfs}'`,
    `mount --bind '${data}' '${rootfs}/data'`,
    `mount -t proc proc '${rootfs}/proc'`,
    `exec chroot --userspec=${user} '${rootfs}' "$@"`,
  ]
  return ['unshare', ['--mount', 'sh', '-ec', script.join('\n'), 'sh', ...command]]
}

/** Linked rather than copied where that can be: nothing of it is written to, but npm's own list of what is installed. */
async function copied(): Promise<void> {
  const names = ['package.json', 'package-lock.json', 'LICENSE', 'dist', 'deploy', 'node_modules']
  const places = names.map((name) => `'${path.join(ROOT, name)}'`).join(' ')
  await step(`cp -al ${places} . || cp -a ${places} .`)
  const list = path.join(tree, 'node_modules/.package-lock.json')
  const text = await readFile(list)
  await rm(list)
  await writeFile(list, text)
}

t.test('a tree without development dependencies', async (t) => {
  await mkdir(tree)
  await copied()
  t.same(steps.slice(0, 2), ['npm ci --ignore-scripts', 'PUSHGRID_COMMIT=$COMMIT npm run build'])
  t.equal(steps[2], 'npm prune --omit=dev --ignore-scripts')
  await step(`${steps[2]} --offline`)
  const readme = await readFile(path.join(ROOT, 'README.md'), 'utf8')
  const [, packages = '', megabytes = ''] = /leaves (\d+) packages and (\d+) MB/.exec(readme) ?? []
  const installed = spawnSync('npm', ['query', '*', '--offline'], {
    cwd: tree,
    encoding: 'utf8',
    maxBuffer: 1e8,
  })
  const count = (JSON.parse(installed.stdout) as unknown[]).length - 1
  const size = bytesOf(path.join(tree, 'node_modules')) / MEGABYTE
  t.comment(`${count} packages, ${Math.round(size)} MB`)
  t.ok(
    Math.abs(Number(packages) / count - 1) < ROUNDED,
    `README has ${packages} packages, there are ${count}`,
  )
  t.ok(Math.abs(Number(megabytes) / size - 1) < ROUNDED, `README has ${megabytes} MB, there are ${size}`)
})

t.test('the image is small and complete', async (t) => {
  for (const command of steps.slice(3)) await step(command.replace(/ \/rootfs$/, ` ${rootfs}`))
  const size = bytesOf(rootfs)
  t.comment(`the image has ${Math.round(size / MEGABYTE)} MB`)
  t.ok(size < IMAGE_MAX_BYTES, `${size} bytes`)
})

const serves = 'it serves as nobody in particular, with a root it can not write to'
const notHere = 'NOT RUN: only root can take the image for the root of a process, where mounting is allowed'
t.test(serves, { skip: MAY_MOUNT ? false : notHere }, async (t) => {
  const [wsPort, httpPort] = await freePorts(2)
  const origin = `http://localhost:${httpPort}`
  const env = {
    PATH: process.env['PATH'],
    ...imageEnvironment(),
    PUSHGRID_HOST: '127.0.0.1',
    PUSHGRID_WS_PORT: `${wsPort}`,
    PUSHGRID_HTTP_PORT: `${httpPort}`,
    ...PATIENT,
  }
  await cp(path.join(rootfs, 'data'), data, { recursive: true })
  spawnSync('chown', ['65532:65532', data])
  const run = (command: readonly string[]) => finished(...inside(command), env)
  const child = spawnBound(...inside([...list(/^ENTRYPOINT (.*)$/m), ...list(/^CMD (.*)$/m)]), { env })
  let output = ''
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  const ended = new Promise<number | null>((resolve) => void child.once('close', resolve))
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      output += `${line}\n`
      if (line.includes('"msg":"listening"')) resolve()
    })
    void ended.then(() => reject(new Error(output)))
  })
  await roundTrip(t, { wsUrl: `ws://127.0.0.1:${wsPort}/`, origin })
  const healthy = list(/^HEALTHCHECK .* CMD (.*)$/m)
  await becomes(t, async () => (await run(healthy)).status, 0, 'it is healthy')
  const stats = await run([...list(/^ENTRYPOINT (.*)$/m), 'store', 'stats'])
  t.equal(stats.status, 0, stats.output)
  const write = await run([list(/^ENTRYPOINT (.*)$/m)[0] ?? '', '-e', "fs.writeFileSync('/tmp/x', '')"])
  t.match(write.output, /EROFS/)
  child.kill('SIGTERM')
  t.equal(await ended, 0, output)
  t.equal((await run(healthy)).status, 1, 'one that is not there is not healthy')
})
