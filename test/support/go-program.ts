import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { cacheFolder, findOnPath, type Program, succeeds } from './programs.ts'

/** A program that is built from source where there is Go. */
export interface GoProgram extends Pick<Program, 'name' | 'variable'> {
  /** Name of its file. */
  readonly file: string
  /** Its package, pinned: `example.org/tool@v1.2.3`. */
  readonly source: string
}

/** A program that is neither packed by Debian nor for Python: built from pinned source into the cache folder, which takes minutes. */
export function goProgram({ name, variable, file, source }: GoProgram): Program {
  const folder = cacheFolder(`${file}-${source.slice(source.lastIndexOf('@') + 1)}`)
  const bin = path.join(folder, 'bin')
  return {
    name,
    variable,
    files: [file],
    folders: [bin],
    async install(say) {
      if ((await findOnPath(['go'])) === undefined) return
      say(`no ${name} found; building ${source} to ${folder} (minutes)`)
      await mkdir(bin, { recursive: true })
      await succeeds(['go', 'install', source], { GOBIN: bin })
    },
    remedy: `install ${file}, or Go for the tests to build it`,
  }
}
