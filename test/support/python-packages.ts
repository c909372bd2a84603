import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { findOnPath, installDebianPackage, type Say, succeeds } from './programs.ts'

/**
 * Installs Python packages into a virtual environment at `folder`; their programs are then in `folder/bin`.
 * @param requirements pinned lines of a requirements file, each with the hashes of all files that may be taken for it
 * @param options more for pip, such as `--no-deps`
 * @returns whether it worked
 */
export async function installPythonPackages(
  folder: string,
  requirements: readonly string[],
  say: Say,
  options: readonly string[] = [],
): Promise<boolean> {
  if ((await findOnPath(['python3'])) === undefined) return false
  await mkdir(folder, { recursive: true })
  const list = path.join(folder, 'requirements.txt')
  await writeFile(list, `${requirements.join('\n')}\n`)
  if (!(await makeEnvironment(folder, say))) return false
  const pip = [path.join(folder, 'bin/pip'), 'install', '-q', '--disable-pip-version-check', ...options]
  return succeeds([...pip, '--require-hashes', '--only-binary', ':all:', '-r', list])
}

/** Debian keeps the module for it in a package of its own. */
async function makeEnvironment(folder: string, say: Say): Promise<boolean> {
  const make = ['python3', '-m', 'venv', folder]
  if (await succeeds(make)) return true
  say('Python makes no virtual environment; installing the Debian package python3-venv')
  return (await installDebianPackage('python3-venv')) && succeeds(make)
}
