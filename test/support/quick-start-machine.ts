import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { selfSignedCertificate } from '../../push/fixtures/certificate.ts'
import { DebianMachine } from './debian-machine.ts'
import { buildPackage, listPackages } from './debian-package.ts'
import { debianTree } from './debian-tree.ts'
import { ROOT } from './deploy-folder.ts'
import { finished } from './finished.ts'
import { MONGODB_SERVER } from './mongodb-server-program.ts'
import { NATS_SERVER } from './nats-server-program.ts'
import { findOnPath, requireProgram, type Say } from './programs.ts'
import { mongodbPackage } from './stand-in-mongodb.ts'

/** Of the page. */
const NAME = 'push.example.org'
const FOLDER = '/etc/pushgrid-test'
/** Where packages are that stand for those of makers who are not to be reached from here. */
export const STAND_INS = '/srv/stand-ins'

/** A clean Debian 12 with a checkout of Pushgrid in `/root/pushgrid`, that takes `push.example.org` for itself and trusts the certificate that its Caddy shows. */
export async function bootQuickStart(say: Say): Promise<DebianMachine> {
  return DebianMachine.boot(await debianTree(say), {
    shared: await npmFiles(),
    env: {
      NODE_EXTRA_CA_CERTS: `${FOLDER}/authorities.pem`,
      // The registry that this checkout was installed from, and what is left of that.
      npm_config_registry: (await finished('npm', ['config', 'get', 'registry'])).output.trim(),
      npm_config_prefer_offline: 'true',
      ...proxies(),
    },
    async prepare(root) {
      await network(root)
      await certificate(root)
      await patience(root)
      await checkout(path.join(root, 'root/pushgrid'))
      await packages(path.join(root, STAND_INS))
    },
  })
}

/** How this machine reaches others, for downloads. */
function proxies(): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()])
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
}

/** npm's own folder and settings, by where a machine has them. */
async function npmFiles(): Promise<Record<string, string>> {
  const setting = async (name: string) => (await finished('npm', ['config', 'get', name])).output.trim()
  const [cache, settings] = [await setting('cache'), await setting('userconfig')]
  await mkdir(cache, { recursive: true })
  return { '/root/.npm': cache, ...(existsSync(settings) && { '/root/.npmrc': settings }) }
}

async function network(root: string): Promise<void> {
  await written(root, { '/etc/hosts': `127.0.0.1 localhost ${NAME}\n` })
  await cp('/etc/resolv.conf', path.join(root, 'etc/resolv.conf'), { dereference: true })
}

/** Caddy's own certificates are for names that all the world can reach. Here it is given one, by the variable of its recipe. */
async function certificate(root: string): Promise<void> {
  const { certificate, key } = selfSignedCertificate('quick start', undefined, NAME)
  const { NODE_EXTRA_CA_CERTS: own } = process.env
  const others = own && existsSync(own) ? await readFile(own, 'utf8') : ''
  const files = {
    [`${FOLDER}/authorities.pem`]: `${others}\n${certificate}`,
    [`${FOLDER}/certificate.pem`]: certificate,
    [`${FOLDER}/key.pem`]: key,
    '/usr/local/share/ca-certificates/quick-start.crt': certificate,
    ...setting('caddy', { PUSHGRID_PROXY_TLS: `${FOLDER}/certificate.pem ${FOLDER}/key.pem` }),
  }
  await written(root, files)
}

/** The store that stands for MongoDB is not a fast one. */
async function patience(root: string): Promise<void> {
  for (const unit of ['pushgrid-node@', 'pushgrid-endpoint@'])
    await written(root, setting(unit, { PUSHGRID_PUT_TIMEOUT_MS: '10000', PUSHGRID_ASK_TIMEOUT_MS: '11000' }))
}

/** Variables for a unit, beside those that the page gives it: the file that says so, and its text. */
function setting(
  unit: string,
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const lines = Object.entries(variables).map(([name, value]) => `Environment="${name}=${value}"\n`)
  return { [`/etc/systemd/system/${unit}.service.d/of-the-test.conf`]: `[Service]\n${lines.join('')}` }
}

async function written(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [place, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, place)), { recursive: true })
    await writeFile(path.join(root, place), text)
  }
}

/** What a fresh clone has, as it is now. */
async function checkout(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const left = ['node_modules', 'dist', '.tap', 'data'].map((name) => `--exclude=./${name}`).join(' ')
  const copy = `tar --exclude-vcs ${left} -C "$1" -cf - . | tar --no-same-owner -C "$2" -xf -`
  const { status, output } = await finished('bash', ['-euo', 'pipefail', '-c', copy, 'bash', ROOT, folder])
  if (status !== 0) throw new Error(output)
}

async function packages(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const npm = await realpath((await findOnPath(['npm'])) ?? 'npm')
  await buildPackage(path.join(folder, 'nodejs.deb'), {
    name: 'nodejs',
    version: `${process.versions.node}-1nodesource1`,
    depends: 'libstdc++6',
    copies: { 'usr/bin/node': process.execPath, 'usr/lib/node_modules/npm': path.resolve(npm, '../..') },
    links: {
      'usr/bin/npm': '../lib/node_modules/npm/bin/npm-cli.js',
      'usr/bin/npx': '../lib/node_modules/npm/bin/npx-cli.js',
    },
  })
  await buildPackage(path.join(folder, 'nats-server.deb'), {
    name: 'nats-server',
    version: '2.15.0',
    copies: { 'usr/local/bin/nats-server': await requireProgram(NATS_SERVER) },
  })
  await buildPackage(
    path.join(folder, 'mongodb-org.deb'),
    await mongodbPackage(await requireProgram(MONGODB_SERVER)),
  )
  await listPackages(folder, await readdir(folder))
}
