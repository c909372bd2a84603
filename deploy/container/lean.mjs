// `node deploy/container/lean.mjs`, after `npm prune --omit=dev`: takes out of this tree what this machine never loads. Those are binaries for
// other systems and versions of Node, a quarter of a gigabyte, types, source maps and the compiled tests. A plain script: it runs where nothing else is.
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')
const { platform, arch, versions } = process
/** One interface, for different systems. */
const PACKAGES = ['uWebSockets.js', 'uWebSockets.js-next']
const own = `uws_${platform}_${arch}_${versions.modules}.node`

/** What packages bring for people and compilers; their licences stay. */
const NEVER_LOADED = /\.(map|d\.[cm]?ts)$|^(readme|changelog|history)(\.md)?$/i

/** Files below a folder of this tree, however deep. */
async function below(folder) {
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => ({ name: entry.name, file: path.join(entry.parentPath ?? entry.path, entry.name) }))
}

/** The package of uWebSockets.js that this machine loads; the other one is for other systems. */
async function loaded() {
  for (const name of PACKAGES) {
    const module = await import(name).catch(() => undefined)
    if (module !== undefined) return name
  }
  throw new Error('no uWebSockets.js can be loaded here')
}

const kept = await loaded()
for (const name of PACKAGES)
  for (const one of await below(`node_modules/${name}`))
    if (/^uws_.*\.node$/.test(one.name) && !(name === kept && one.name === own)) await rm(one.file)
for (const one of await below('node_modules')) if (NEVER_LOADED.test(one.name)) await rm(one.file)
for (const one of await readdir(path.join(root, 'node_modules/fs-native-extensions/prebuilds')))
  if (one !== `${platform}-${arch}`)
    await rm(path.join(root, 'node_modules/fs-native-extensions/prebuilds', one), { recursive: true })
await rm(path.join(root, 'dist/test'), { recursive: true, force: true })
for (const one of await below('dist'))
  if (/\.(test|contract)\.js(\.map)?$/.test(one.name)) await rm(one.file, { force: true })
