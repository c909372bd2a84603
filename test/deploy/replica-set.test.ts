import { readFileSync } from 'node:fs'
import path from 'node:path'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { parse } from 'yaml'
import { DEPLOY } from '../support/deploy-folder.ts'

/*
 * What makes the replica set of the compose files, with stand-ins for what mongosh gives it.
 */
const FOLDER = path.join(DEPLOY, 'compose/cluster')
const script = readFileSync(path.join(FOLDER, 'replica-set.js'), 'utf8')

interface Member {
  readonly name: string
  readonly stateStr: string
}

interface Config {
  readonly _id: string
  readonly members: readonly { readonly _id: number; readonly host: string }[]
}

/** What `rs.status()` throws, as the server says it. */
class ServerError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * A replica set: it has a primary after so many pauses.
 * @param error what its status is as long as nobody has made it
 */
class ReplicaSet {
  readonly made: Config[] = []
  readonly pauses: number[] = []
  readonly #primaryAfter: number
  #error: Error | undefined

  constructor(primaryAfter: number, error?: Error) {
    this.#primaryAfter = primaryAfter
    this.#error = error
  }

  status(): { readonly members: readonly Member[] } {
    if (this.#error !== undefined) throw this.#error
    const first = this.pauses.length < this.#primaryAfter ? 'STARTUP2' : 'PRIMARY'
    return {
      members: [
        { name: 'mongo-1:27017', stateStr: first },
        { name: 'mongo-2:27017', stateStr: '(not reachable/healthy)' },
      ],
    }
  }

  initiate(config: Config): void {
    this.#error = undefined
    this.made.push(config)
  }

  /** Does what mongosh would, to the end of the script. */
  run(): void {
    runInNewContext(script, { rs: this, sleep: (ms: number) => this.pauses.push(ms) })
  }
}

const noneYet = () => new ServerError(94, 'no replset config has been received')

t.test('it makes the set once, and waits for a primary', async (t) => {
  const set = new ReplicaSet(3, noneYet())
  set.run()
  t.equal(set.made.length, 1)
  t.same(set.pauses, [500, 500, 500])
  set.run()
  t.equal(set.made.length, 1, 'there is one already')
  t.equal(set.pauses.length, 3, 'and it has a primary')
})

t.test('the set has the name and the members of the compose file', async (t) => {
  const set = new ReplicaSet(0, noneYet())
  set.run()
  const [config] = set.made
  const compose: { services: Record<string, { image?: string; command?: string[] }> } = parse(
    readFileSync(path.join(FOLDER, 'compose.yml'), 'utf8'),
    { merge: true },
  )
  const servers = Object.entries(compose.services).filter(([, { command }]) => command?.includes('--replSet'))
  t.same(
    config?.members.map(({ _id, host }) => [_id, host]),
    servers.map(([name], index) => [index, `${name}:27017`]),
  )
  for (const [name, { command = [] }] of servers)
    t.equal(command[command.indexOf('--replSet') + 1], config?._id, name)
})

t.test('a set that is wrong is not made anew', async (t) => {
  const set = new ReplicaSet(0, new ServerError(93, 'Our replica set config is invalid'))
  t.throws(() => set.run(), { message: 'Our replica set config is invalid' })
  t.same(set.made, [])
})

t.test('without a primary it ends after a minute, and says how the members are', async (t) => {
  const set = new ReplicaSet(Number.POSITIVE_INFINITY, noneYet())
  t.throws(() => set.run(), {
    message:
      'no primary within 60 s, look at the logs of these: mongo-1:27017 is STARTUP2, mongo-2:27017 is (not reachable/healthy)',
  })
  t.equal(
    set.pauses.reduce((sum, ms) => sum + ms, 0),
    60_000,
  )
})
