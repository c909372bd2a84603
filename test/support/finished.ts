import { once } from 'node:events'
import { spawnBound } from './bound-process.ts'

/** How a program ended, with what it wrote to stdout and stderr, as it came. */
export interface Finished {
  readonly status: number | null
  readonly output: string
}

/** Runs a program to its end. Whether that was a good one is for the caller to say. @throws when it can't be started */
export async function finished(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Finished> {
  const child = spawnBound(program, args, { env })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const [status] = await once(child, 'close')
  return { status, output }
}
