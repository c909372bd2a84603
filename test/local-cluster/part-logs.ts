import { createWriteStream, mkdirSync } from 'node:fs'
import path from 'node:path'

/** What each part of a local cluster writes, in a file of its own that begins empty. */
export class PartLogs {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  fileOf(name: string): string {
    return path.join(this.#folder, `${name}.log`)
  }

  /** Begins the file of a part. @returns takes its lines */
  open(name: string): (line: string) => void {
    mkdirSync(this.#folder, { recursive: true })
    const file = createWriteStream(this.fileOf(name))
    return (line) => file.write(`${line}\n`)
  }
}
