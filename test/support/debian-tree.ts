import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { MMDEBSTRAP } from './debian-programs.ts'
import { finished } from './finished.ts'
import { NotHere } from './may-mount.ts'
import { cacheFolder, requireProgram, type Say } from './programs.ts'

const SUITE = 'bookworm'
/** Next to what is essential: what makes a machine of it. Whatever else a page needs it has to install. */
const INCLUDED = ['systemd-sysv', 'dbus']
/** Beside the tree is the way it was made with. */
const FOLDER = cacheFolder('debian-12-1')

/**
 * A clean Debian 12: a file tree that is made once, from where this machine has its own packages from, and is not to be written to.
 * @throws NotHere when it can't be made
 */
export async function debianTree(say: Say): Promise<string> {
  const tree = path.join(FOLDER, 'tree')
  if (!existsSync(tree)) {
    say(`no Debian 12 found; making one in ${FOLDER} (a minute)`)
    await make(`${FOLDER}.${process.pid}`)
  }
  return tree
}

async function make(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const options = path.join(folder, 'apt.conf')
  await writeFile(options, await aptOptions())
  const sources = path.join(folder, 'sources.list')
  const list = await aptSources()
  await writeFile(sources, list)
  const made = await finished(await requireProgram(MMDEBSTRAP), [
    '--mode=root',
    '--variant=minbase',
    `--include=${INCLUDED}`,
    // Nothing of it has to survive a loss of power.
    '--dpkgopt=force-unsafe-io',
    `--aptopt=${options}`,
    SUITE,
    path.join(folder, 'tree'),
    ...(list === '' ? [] : [sources]),
  ])
  if (made.status !== 0)
    throw new NotHere(`mmdebstrap makes no Debian 12, it ended with ${made.status}:\n${made.output}`)
  // Another test may have been faster.
  await rename(folder, FOLDER).catch(() => rm(folder, { recursive: true }))
}

/** How this machine's apt downloads: by which proxy, for example. */
async function aptOptions(): Promise<string> {
  const { output } = await finished('apt-config', ['dump', 'Acquire'])
  const own = output.replaceAll(/^Acquire(::(cdrom|IndexTargets|Changelogs|CompressionTypes).*)? .*\n/gm, '')
  return `${own}Acquire::Retries "5";\n`
}

/** Where this machine, if it is the same Debian, has its packages from. */
async function aptSources(): Promise<string> {
  const format = 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)'
  const { output } = await finished('apt-get', [
    'indextargets',
    '--format',
    format,
    'Created-By: Packages',
    'Origin: Debian',
  ])
  const lines = output.split('\n').filter((line) => line.split(' ')[2]?.startsWith(SUITE))
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}
