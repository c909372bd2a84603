import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { KUBERNETES_SCHEMAS } from '../support/helm-programs.ts'
import { requireProgram } from '../support/programs.ts'

/** Where its schemas refer to each other, as if a server had them. */
const ELSEWHERE = '/api/_definitions.json#'

/**
 * Writes the schemas of these kinds into a new folder, each with all that it refers to, as kubeconform reads them.
 * @param release of Kubernetes, such as `1.31`
 * @param kinds such as `deployment-apps-v1`
 */
export async function writeSchemas(folder: string, release: string, kinds: readonly string[]): Promise<void> {
  const source = await releaseFolder(release)
  const read = async (name: string) =>
    JSON.parse(
      (await readFile(path.join(source, `${name}.json`), 'utf8')).replaceAll(ELSEWHERE, '#'),
    ) as object
  const { $defs } = (await read('_definitions')) as { $defs: object }
  await mkdir(folder)
  for (const kind of kinds)
    await writeFile(path.join(folder, `${kind}.json`), JSON.stringify({ ...(await read(kind)), $defs }))
}

/** The strict ones: they know no other properties than Kubernetes does. */
async function releaseFolder(release: string): Promise<string> {
  const lib = path.resolve(path.dirname(await requireProgram(KUBERNETES_SCHEMAS)), '../lib')
  const python = (await readdir(lib)).find((name) => name.startsWith('python3')) ?? ''
  const packages = path.join(lib, python, 'site-packages')
  return path.join(packages, 'kubernetes_validate/kubernetes-json-schema', `v${release}.0-local-strict`)
}
