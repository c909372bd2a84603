import { chmod, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { imageOf } from './support/docker.ts'
import { FakeDocker } from './support/fake-docker.ts'
import { startNatsServer } from './support/nats-server.ts'
import { NATS_SERVER } from './support/nats-server-program.ts'
import { type Program, provideProgram, requireProgram } from './support/programs.ts'
import { connectedBus } from './support/test-bus.ts'

const VARIABLE = 'PUSHGRID_TEST_SAMPLE'
const IMAGE = 'sample:1.2'

const folder = t.testdir({ bin: {}, installed: {} })
const bin = path.join(folder, 'bin')
const installed = path.join(folder, 'installed')
const docker = await FakeDocker.create(path.join(folder, 'docker'))
const { PATH: realPath = '', CI: realCi } = process.env
const natsServer = await requireProgram(NATS_SERVER)

/** What a case begins with: nothing of the sample anywhere, and a Docker engine that does not answer. */
t.beforeEach(async () => {
  process.env['PATH'] = [docker.folder, bin, '/usr/bin', '/bin'].join(path.delimiter)
  delete process.env[VARIABLE]
  delete process.env['CI']
  for (const place of [bin, installed]) await rm(path.join(place, 'sample-server'), { force: true })
  await docker.become({ engine: false })
})
t.teardown(() => {
  process.env['PATH'] = realPath
  if (realCi !== undefined) process.env['CI'] = realCi
})

async function putInto(place: string): Promise<string> {
  const file = path.join(place, 'sample-server')
  await writeFile(file, '#!/bin/sh\n')
  await chmod(file, 0o755)
  return file
}

/** What is taken for a sample program, what was said, and whether it was installed for it. */
async function provided(isInstallable = true, isImage = true) {
  const said: string[] = []
  let installs = 0
  const program: Program = {
    name: 'sample',
    variable: VARIABLE,
    files: ['sample-server'],
    ...(isImage && { image: IMAGE }),
    folders: [installed],
    async install() {
      installs += 1
      if (isInstallable) await putInto(installed)
    },
    remedy: 'install it',
  }
  const { [VARIABLE]: taken } = await provideProgram(program, (line) => said.push(line))
  return { taken, said, installs }
}

t.test('what the variable names goes before everything else', async (t) => {
  await docker.become({ engine: true, image: true })
  await putInto(bin)
  const file = await putInto(installed)
  process.env[VARIABLE] = file
  const { taken, said } = await provided()
  t.equal(taken, file)
  t.same(said, [`using sample at ${file} (from ${VARIABLE})`])
  process.env[VARIABLE] = 'docker:another:3'
  t.equal((await provided()).taken, 'docker:another:3')
  t.same(await docker.calls(), [])
})

t.test(
  'what the variable names and can not be had is said, not replaced, and an error under CI',
  async (t) => {
    await putInto(bin)
    for (const named of [path.join(folder, 'nothing'), 'docker:sample:1']) {
      process.env[VARIABLE] = named
      const { taken, said, installs } = await provided(true, false)
      t.same({ taken, installs }, { taken: undefined, installs: 0 })
      t.match(said, [/sample IS MISSING.*install it, or set PUSHGRID_TEST_SAMPLE/])
      process.env['CI'] = 'true'
      await t.rejects(provided(true, false), /sample IS MISSING/)
      delete process.env['CI']
    }
  },
)

t.test('a program on PATH goes before Docker', async (t) => {
  await docker.become({ engine: true, image: true })
  const file = await putInto(bin)
  const { taken, said, installs } = await provided()
  t.same({ taken, installs }, { taken: file, installs: 0 })
  t.match(said, [/on PATH/])
  t.same(await docker.calls(), [])
})

t.test('a Docker engine that answers goes before what is installed', async (t) => {
  await docker.become({ engine: true, image: true })
  await putInto(installed)
  const { taken, said, installs } = await provided()
  t.same({ taken, installs }, { taken: 'docker:sample:1.2', installs: 0 })
  t.same(said, ['using sample at docker:sample:1.2 (by the Docker engine)'])
  t.same(
    (await docker.calls()).filter((call) => call.startsWith('pull')),
    [],
  )
})

t.test('an image that the engine lacks is fetched once, and that is said', async (t) => {
  await docker.become({ engine: true })
  const { taken, said, installs } = await provided()
  t.same({ taken, installs }, { taken: 'docker:sample:1.2', installs: 0 })
  t.match(said, [/a Docker engine answers, fetching the image sample:1.2/, /by the Docker engine/])
  await provided()
  t.same(
    (await docker.calls()).filter((call) => call.startsWith('pull')),
    [`pull --quiet ${IMAGE}`],
  )
})

t.test('without an image, an engine or a client of Docker it is installed, once', async (t) => {
  const without = [
    () => docker.become({ engine: true, broken: true }),
    () => docker.become({ engine: false }),
    async () => {
      process.env['PATH'] = bin
    },
  ]
  for (const prepare of without) {
    await rm(path.join(installed, 'sample-server'), { force: true })
    await prepare()
    const first = await provided()
    t.same(
      { ...first, said: first.said.at(-1) },
      {
        taken: path.join(installed, 'sample-server'),
        said: `using sample at ${path.join(installed, 'sample-server')} (installed)`,
        installs: 1,
      },
    )
    t.equal((await provided()).installs, 0)
  }
})

t.test('a program that has no image is not looked for in Docker', async (t) => {
  await docker.become({ engine: true, image: true })
  t.equal((await provided(true, false)).installs, 1)
  t.same(await docker.calls(), [])
})

/** The real nats-server, run through the stand-in. */
async function startContained(t: Test) {
  await docker.become({ engine: true, image: true })
  await rm(path.join(docker.folder, 'real'), { force: true })
  await symlink(natsServer, path.join(docker.folder, 'real'))
  process.env[NATS_SERVER.variable] = 'docker:nats:2'
  const server = await startNatsServer()
  process.env[NATS_SERVER.variable] = natsServer
  t.teardown(() => server.stop())
  return server
}

const skip = imageOf(natsServer) !== undefined && 'a real engine runs all the other tests here'
t.test('a server in a container serves, hangs, goes on, is killed and comes back', { skip }, async (t) => {
  const server = await startContained(t)
  t.match(await docker.calls(), [
    /^run --rm --name pushgrid-test-\S+ --network host --user \d+:\d+ --volume (\S+):\1 --entrypoint nats-server nats:2 --config \S+$/,
  ])
  const bus = await connectedBus(t, [server])
  t.equal(await bus.ask('nobody', { text: 'hello' }, 10_000), 'absent')
  await server.pause()
  t.equal(await bus.ask('nobody', { text: 'hello' }, 10), 'timeout')
  server.resume()
  const lost = bus.connected ? bus.lost() : Promise.resolve()
  await server.kill()
  await lost
  const back = bus.restored()
  await server.restart()
  await back
  t.equal(await bus.ask('nobody', { text: 'hello' }, 10_000), 'absent')
})
