import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { codeOf } from '../../deploy/start-error.ts'

/**
 * Does what the tests ask of Docker's client: `engine` and `image` in its folder say whether the engine answers and has the image,
 * `broken` that none can be fetched. A container is the program `real` run as it is.
 */
const SCRIPT = `#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/calls"
[ -e "$here/engine" ] || { echo 'Cannot connect to the Docker daemon' >&2; exit 1; }
case "$1 $2" in
  'version ') ;;
  'image inspect') [ -e "$here/image" ] ;;
  'pull --quiet') [ ! -e "$here/broken" ] && : > "$here/image" ;;
  'inspect --format') cat "$here/$4.pid" ;;
  'kill --signal') kill "-\${3#SIG}" "$(cat "$here/$4.pid")" ;;
  'run --rm')
    echo $$ > "$here/$4.pid"
    while [ "$1" != --entrypoint ]; do shift; done
    shift 3
    exec "$here/real" "$@" ;;
  *) exit 64 ;;
esac
`

/** A stand-in for Docker's client where no engine can run: what it is asked is what is tested, and what it answers is told to it. */
export class FakeDocker {
  /** To be put on PATH. */
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  static async create(folder: string): Promise<FakeDocker> {
    await mkdir(folder)
    const file = path.join(folder, 'docker')
    await writeFile(file, SCRIPT)
    await chmod(file, 0o755)
    return new FakeDocker(folder)
  }

  /** Lets the engine answer, or not; have the image, or not; and be able to fetch it, or not. */
  async become(is: { engine: boolean; image?: boolean; broken?: boolean }): Promise<void> {
    const states = { engine: is.engine, image: is.image ?? false, broken: is.broken ?? false, calls: false }
    for (const [name, there] of Object.entries(states)) {
      const file = path.join(this.folder, name)
      await (there ? writeFile(file, '') : rm(file, { force: true }))
    }
  }

  /** What it was asked since it last became something. */
  async calls(): Promise<readonly string[]> {
    const text = await readFile(path.join(this.folder, 'calls'), 'utf8').catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return ''
      throw error
    })
    return text.split('\n').filter((line) => line !== '')
  }
}
