import { spawn } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { engineAnswers, hasImage, imageOf, programOfImage, pullImage } from './docker.ts'

/** Told one line about what was taken, done, or can't be had. */
export type Say = (line: string) => void

/** A program that tests drive and npm can't bring. */
export interface Program {
  /** What people call it. */
  readonly name: string
  /** Variable of the environment that holds its path, or `docker:IMAGE`, and goes before everything else. */
  readonly variable: string
  /** Its file names, looked for on PATH and then in `folders`. */
  readonly files: readonly [string, ...string[]]
  /** Docker image that holds the first of `files`; taken where it is not on PATH and a Docker engine answers. */
  readonly image?: string
  /** Folders that an earlier `install` may have filled. */
  readonly folders: readonly string[]
  /** Installs it where that can be done without asking anyone. Whether it worked is seen by looking for it again. */
  install(say: Say): Promise<void>
  /** What a developer can do about its absence. */
  readonly remedy: string
}

/**
 * Finds the program and says which one it took; call it once before the tests. In this order: what its variable names, a file on
 * PATH, its image where a Docker engine answers, what was or can be installed.
 * @returns additions to the environment of the tests
 * @throws when CI is set and it can't be had; elsewhere the tests that need it fail and say so
 */
export async function provideProgram(program: Program, say: Say): Promise<Record<string, string>> {
  const { name, variable } = program
  if (!process.env[variable]) await obtain(program, say)
  const found = await findProgram(program)
  if (found !== undefined) {
    say(`using ${name} at ${found.program} (${found.origin})`)
    return { [variable]: found.program }
  }
  say(missing(program))
  const { CI } = process.env
  if (CI) throw new Error(missing(program))
  return {}
}

/**
 * A program to test with: the path of a file, or `docker:IMAGE` where it has an image.
 * @throws when there is none: its tests are never skipped in silence
 */
export async function requireProgram(program: Program): Promise<string> {
  const found = await findProgram(program)
  if (found === undefined) throw new Error(missing(program))
  return found.program
}

/** A program on PATH, by the first of its names that is there. */
export function findOnPath(files: readonly string[]): Promise<string | undefined> {
  const { PATH = '' } = process.env
  return findIn(PATH.split(path.delimiter).filter(Boolean), files)
}

/** Runs a program with its output on our stderr, and tells whether it ended well. */
export function succeeds(
  [program = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<boolean> {
  return new Promise((resolve) => {
    spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 2, 2] })
      .once('error', () => resolve(false))
      .once('exit', (code) => resolve(code === 0))
  })
}

/** Installs a Debian package where that can be done without asking anyone; false where it can't. */
export async function installDebianPackage(name: string): Promise<boolean> {
  if ((await findOnPath(['apt-get'])) === undefined) return false
  const root = process.getuid?.() === 0
  const prefix = root ? [] : ['sudo', '-n']
  if (!root && !(await succeeds([...prefix, 'true']))) return false
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', name]
  return (await succeeds([...prefix, 'apt-get', 'update'])) && succeeds([...prefix, ...install], env)
}

/** A folder outside the checkout for what was installed once and serves every run and every checkout. */
export function cacheFolder(name: string): string {
  const { XDG_CACHE_HOME } = process.env
  return path.join(XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'pushgrid-test', name)
}

/** Fetches its image, or installs it, where it is not to be had yet. */
async function obtain(program: Program, say: Say): Promise<void> {
  const { name, files, image } = program
  if ((await findOnPath(files)) !== undefined) return
  if (image !== undefined && !(await hasImage(image)) && (await engineAnswers())) {
    say(`no ${name} on PATH; a Docker engine answers, fetching the image ${image}`)
    if (!(await pullImage(image))) say('that did not work')
  }
  if ((await findProgram(program)) === undefined) await program.install(say)
}

async function findProgram(program: Program): Promise<{ program: string; origin: string } | undefined> {
  const { variable, files, folders, image } = program
  const named = process.env[variable]
  if (named) {
    const usable = imageOf(named) === undefined ? isExecutable(named) : image !== undefined
    return (await usable) ? { program: named, origin: `from ${variable}` } : undefined
  }
  const onPath = await findOnPath(files)
  if (onPath !== undefined) return { program: onPath, origin: 'on PATH' }
  if (image !== undefined && (await hasImage(image)))
    return { program: programOfImage(image), origin: 'by the Docker engine' }
  const installed = await findIn(folders, files)
  return installed === undefined ? undefined : { program: installed, origin: 'installed' }
}

function missing({ name, variable, remedy }: Program): string {
  return `${name} IS MISSING: ${remedy}, or set ${variable} to its path`
}

async function findIn(folders: readonly string[], files: readonly string[]): Promise<string | undefined> {
  for (const file of files.flatMap((name) => folders.map((folder) => path.join(folder, name)))) {
    if (await isExecutable(file)) return file
  }
  return undefined
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}
