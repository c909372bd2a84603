import { spawn } from 'node:child_process'

/** What stands before the name of an image where the path of a program could stand. */
const PREFIX = 'docker:'
/** An engine that does not answer within this time is none. */
const ANSWER_TIMEOUT_MS = 10_000

/** A program as tests are told of it: the path of a file, or `docker:IMAGE`. */
export function programOfImage(image: string): string {
  return PREFIX + image
}

/** The image that a program is run from; undefined when it is a file. */
export function imageOf(program: string): string | undefined {
  return program.startsWith(PREFIX) ? program.slice(PREFIX.length) : undefined
}

/** Whether there is a Docker engine that has the image. */
export function hasImage(image: string): Promise<boolean> {
  return docker(['image', 'inspect', image], { timeout: ANSWER_TIMEOUT_MS })
}

/** Whether there is a Docker engine: the client alone says nothing. */
export function engineAnswers(): Promise<boolean> {
  return docker(['version'], { timeout: ANSWER_TIMEOUT_MS })
}

/** Fetches an image; tells whether it worked, and why not on stderr. */
export function pullImage(image: string): Promise<boolean> {
  return docker(['pull', '--quiet', image], { stdio: ['ignore', 'ignore', 2] })
}

/**
 * The command line that runs one program of an image as if it were one of ours: on the network of this machine, as this user, with
 * one folder at the same path.
 */
export function dockerRun(image: string, container: string, entrypoint: string, folder: string): string[] {
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`
  const place = ['--network', 'host', '--user', user, '--volume', `${folder}:${folder}`]
  return ['docker', 'run', '--rm', '--name', container, ...place, '--entrypoint', entrypoint, image]
}

function docker(
  args: readonly string[],
  options: { timeout?: number; stdio?: ('ignore' | number)[] },
): Promise<boolean> {
  return new Promise((resolve) => {
    spawn('docker', args, { stdio: 'ignore', ...options })
      .once('error', () => resolve(false))
      .once('exit', (code) => resolve(code === 0))
  })
}
