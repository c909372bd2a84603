import { createHash } from 'node:crypto'
import { chmod, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { finished } from './finished.ts'

/** A Debian package that stands for one that can't be downloaded here. */
export interface PackageContent {
  readonly name: string
  readonly version: string
  readonly depends?: string
  /** By where they go: what is copied there, a file or a folder. */
  readonly copies?: Readonly<Record<string, string>>
  /** By where they go: what symbolic links say. */
  readonly links?: Readonly<Record<string, string>>
  /** By where they go: text. Those in a folder named `bin` are programs. */
  readonly texts?: Readonly<Record<string, string>>
}

/** Builds it. @param file where to, with the ending `.deb` */
export async function buildPackage(file: string, content: PackageContent): Promise<void> {
  const { name, version, depends, copies = {}, links = {}, texts = {} } = content
  const tree = `${file}.tree`
  await mkdir(path.join(tree, 'DEBIAN'), { recursive: true })
  const architecture = (await finished('dpkg', ['--print-architecture'])).output.trim()
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    'Maintainer: the tests of Pushgrid <root@localhost>',
    `Description: ${name} for a test`,
    ...(depends === undefined ? [] : [`Depends: ${depends}`]),
  ]
  await writeFile(path.join(tree, 'DEBIAN/control'), `${control.join('\n')}\n`)
  for (const [place, source] of Object.entries(copies))
    await cp(source, path.join(tree, place), { recursive: true, verbatimSymlinks: true })
  for (const [place, target] of Object.entries(links)) await symlink(target, path.join(tree, place))
  for (const [place, text] of Object.entries(texts)) await written(path.join(tree, place), text)
  const built = await finished('dpkg-deb', ['-Znone', '--root-owner-group', '--build', tree, file])
  if (built.status !== 0) throw new Error(built.output)
  await rm(tree, { recursive: true })
}

/** Makes a folder of packages one that apt can install from. */
export async function listPackages(folder: string, names: readonly string[]): Promise<void> {
  const entries = await Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name)
      const control = (await finished('dpkg-deb', ['--field', file])).output
      const bytes = await readFile(file)
      const sum = createHash('sha256').update(bytes).digest('hex')
      return `${control}Filename: ./${name}\nSize: ${bytes.length}\nSHA256: ${sum}\n`
    }),
  )
  await writeFile(path.join(folder, 'Packages'), entries.join('\n'))
}

async function written(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, text)
  if (path.basename(path.dirname(file)) === 'bin') await chmod(file, 0o755)
}
