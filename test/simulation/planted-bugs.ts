import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One change to a compiled file. */
interface Edit {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** A bug that the simulation must find when it is put in on purpose. */
export interface PlantedBug {
  readonly name: string
  readonly edits: readonly Edit[]
  /** A word of the rules that it breaks: it must be found for what it is. */
  readonly breaks: RegExp
  /** One that finds it, where it is not among the very first: it saves time to begin there. When it no longer does, one after it will. */
  readonly seed?: number
  /** It takes an interleaving so rare that a story harmed at every step is what finds it, not seeds: words of its name. */
  readonly story?: string
}

/** The compiled code. */
export const DIST = fileURLToPath(new URL('../../', import.meta.url))
const FOLDERS = ['cluster', 'push', 'store', 'node', 'endpoint', 'test/simulation']

/** The bugs that delivery.md names, and some more of their kind; a few of them were real once. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'the cursor is kept between reads',
    seed: 3,
    edits: [
      edit('node/agent/backlog.js', '        backlog.cursor = undefined;\n', ''),
      edit(
        'node/agent/backlog.js',
        'backlog.cursor = input.page.next;',
        'backlog.cursor = input.page.next ?? backlog.cursor;',
      ),
    ],
    breaks: /liveness|hints/,
  },
  {
    name: 'gone is trusted',
    seed: 14,
    edits: [
      edit(
        'endpoint/delivery.js',
        "case 'unsaved':",
        "case 'gone': return 'notSubscribed';\n case 'unsaved':",
      ),
    ],
    breaks: /gone only if the store says so/,
  },
  {
    name: 'an actor tells no check after its own put',
    seed: 42,
    edits: [edit('node/agent/deliver.js', "effects.push({ kind: 'tellCheck' });", '')],
    breaks: /hints/,
  },
  {
    name: 'there is no periodic re-read',
    edits: [edit('node/rechecks.js', 'entry.rechecked.check();', ';')],
    breaks: /liveness/,
  },
  {
    name: 'the store is read before listening is flushed',
    edits: [edit('node/agent-host.js', 'await listening.flush();', '')],
    story: 'before anybody has heard of the new session',
    breaks: /liveness/,
  },
  {
    name: 'a message is deleted before its put has settled',
    seed: 342,
    edits: [edit('node/agent/flights.js', 'if (isPutting)\n        flight.ended = true;\n    else\n', '')],
    breaks: /twice|hints|liveness|promise|replaced/,
  },
  {
    name: 'a displaced session answers without storing',
    edits: [
      edit(
        'node/agent/leave.js',
        '        closing: false,\n    };\n    settleFlights(state, effects);',
        `        closing: false,
    };
    for (const flight of state.flights?.values() ?? []) {
      if (flight.ask) effects.push({ kind: 'reply', ask: flight.ask, outcome: 'stored' });
      flight.ask = undefined;
      flight.state = 'unstored';
    }`,
      ),
    ],
    breaks: /promise/,
  },
  {
    name: 'a timed-out ask is not stored',
    edits: [
      edit('endpoint/delivery.js', "case 'unsaved':", "case 'timeout': return 'stored';\n case 'unsaved':"),
    ],
    breaks: /promise|TTL 0|outcome is written first/,
  },
  {
    name: 'a store error at hello gives a new UAID',
    edits: [
      edit(
        'node/agent/hello.js',
        "if (agent === 'failed') {",
        "if (agent === 'failed') agent = undefined;\n if (false) {",
      ),
    ],
    breaks: /gone only if the store says so/,
  },
  {
    name: 'a TTL 0 message decides for the one of its topic in flight',
    seed: 22,
    edits: [
      edit('node/agent/deliver.js', 'if (message.ttlSeconds > 0)\n        replaceOlder', 'replaceOlder'),
    ],
    // The session that waits for ever for what becomes of it never ends: a node that drains waits for it.
    breaks: /nothing spins|nothing remains|has no session/,
  },
  {
    name: 'a node that stood still sends what has expired',
    seed: 46,
    edits: [edit('node/agent/deliver.js', 'message.expiresAtMs <= now.wallMs', 'false')],
    breaks: /TTL/,
  },
  {
    name: 'the window is not kept',
    edits: [edit('node/agent/deliver.js', 'inFlight(state) >= windowForAsks(state)', 'false')],
    breaks: /window/,
  },
  {
    name: 'the TTL is not looked at before sending',
    seed: 32,
    edits: [edit('node/agent/backlog.js', 'ttlSeconds <= 0 ||', '')],
    breaks: /TTL/,
  },
  {
    name: 'an endpoint gives its hint only once',
    edits: [
      edit(
        'endpoint/delivery.js',
        'this.#checks.tell(agentAddress(uaid));',
        "this.#deps.bus.tell(agentAddress(uaid), { kind: 'check' });",
      ),
    ],
    story: 'the endpoint has not heard of the new session',
    breaks: /liveness/,
  },
  {
    name: 'a node gives its hint only once',
    edits: [
      edit(
        'node/agent-host.js',
        'checks.tell(agentAddress(this.#uaid), sessionId);',
        "bus.tell(agentAddress(this.#uaid), { kind: 'check', from: sessionId });",
      ),
    ],
    story: 'their nodes have not heard of the younger one',
    breaks: /liveness/,
  },
  {
    name: 'no session is told of a channel that another one has ended',
    edits: [edit('node/end-channel.js', 'ended.then(', 'ended.catch(')],
    story: 'after the next one has read it',
    breaks: /endpoint that has ended/,
  },
  {
    name: 'MongoDB: an id that is there already counts without a majority',
    edits: [edit('store/mongodb-inserts.js', '!durable[index]', 'false')],
    story: 'the majority lags',
    breaks: /promise/,
  },
  {
    name: 'MongoDB: an unknown outcome counts as done',
    edits: [
      edit(
        'store/mongodb-inserts.js',
        'const failures = failuresOf(error, documents.length);',
        'let failures = new Map(); try { failures = failuresOf(error, documents.length) } catch {}',
      ),
    ],
    breaks: /promise|receipts/,
  },
  {
    name: 'MongoDB: what failed alone in a batch counts as done',
    seed: 25,
    edits: [edit('store/mongodb-inserts.js', 'storeDown(failure.errmsg)', "'inserted'")],
    breaks: /promise|outcome is written first/,
  },
  {
    name: 'MongoDB: a topic put deletes before it inserts',
    edits: [
      edit(
        'store/mongodb-messages.js',
        'const inserted = await this.#inserts.insert(messageDocument(uaid, message, sends, this.#expiredKeptMs));',
        `if (message.topic !== undefined)
            await this.#messages.deleteMany({ u: uuid(uaid), channel: uuid(message.channelId),
                topic: message.topic, _id: { $lt: uuid(message.id) } });
        const inserted = await this.#inserts.insert(messageDocument(uaid, message, sends, this.#expiredKeptMs));`,
      ),
    ],
    breaks: /promise|receipts/,
  },
  {
    name: 'MongoDB: the user agent is dropped without the condition that no channel is there',
    seed: 11,
    edits: [edit('store/mongodb-agents.js', '_id: uuid(uaid), channels: {} }', '_id: uuid(uaid) }')],
    breaks: /channel ends/,
  },
  {
    name: 'an acknowledged message is answered before its outcome is durable',
    edits: [
      edit(
        'node/agent/flights.js',
        "flight.state = 'settling';",
        "flight.state = 'settling'; answer(flight, 'delivered', effects);",
      ),
    ],
    breaks: /receipts/,
  },
  {
    name: 'TTL 0 that nobody got has no outcome',
    edits: [
      edit(
        'endpoint/delivery.js',
        "await this.#bounded(this.#deps.store.settle(awaited, 'notDelivered'));",
        ';',
      ),
    ],
    breaks: /receipts/,
  },
  {
    name: 'MongoDB: a receipt is written after the delete',
    edits: [
      edit(
        'store/mongodb-removals.js',
        'await this.#settle(documents, outcomeOf);\n        const operations',
        'const operations',
      ),
      edit(
        'store/mongodb-removals.js',
        'await this.#messages.bulkWrite(operations, { ordered: false });',
        'await this.#messages.bulkWrite(operations, { ordered: false }).then(() => this.#settle(documents, outcomeOf));',
      ),
    ],
    breaks: /receipts/,
  },
  {
    name: 'MongoDB: a topic is replaced without an outcome',
    edits: [
      edit(
        'store/mongodb-messages.js',
        "await this.#removals.removeFoundOf(uaid, older, () => 'none');",
        `if (older.length > 0)
            await this.#messages.deleteMany({ u: uuid(uaid), _id: { $in: older.map(({ _id }) => _id) } });`,
      ),
    ],
    breaks: /receipts/,
  },
  {
    name: 'MongoDB: an outcome is overwritten',
    seed: 17,
    edits: [
      edit(
        'store/mongodb-receipts.js',
        'const inserted = await this.#inserts.insert(',
        `await this.#receipts.updateMany(
            { _id: uuid(awaited.id) }, { $set: { outcome: OUTCOMES.indexOf(outcome) } });
        const inserted = await this.#inserts.insert(`,
      ),
    ],
    breaks: /receipts/,
  },
  {
    name: 'broadcasts: a node waits for hints alone',
    edits: [edit('node/broadcasts.js', 'this.#readLater();', ';')],
    breaks: /broadcasts: all come/,
  },
  {
    name: 'broadcasts: an endpoint gives no hint',
    edits: [
      edit(
        'endpoint/broadcasts.js',
        'this.#options.broadcastsMax);\n        }\n        finally {\n            this.#tell();',
        'this.#options.broadcastsMax);\n        }\n        finally {',
      ),
    ],
    breaks: /broadcasts: a change is sent soon/,
  },
  {
    name: 'broadcasts: hello is answered from what was read at first',
    edits: [
      edit(
        'node/broadcasts.js',
        'answerTo(named, this.#values, subscribe)',
        'answerTo(named, (this.first ??= this.#values), subscribe)',
      ),
    ],
    breaks: /broadcasts/,
  },
  {
    name: 'broadcasts: what is published before the subscription is there is lost',
    seed: 14,
    edits: [
      edit(
        'node/agent-host.js',
        'this.#socket.subscribe(id);',
        'this.#context.clock.after(100, () => this.#socket.subscribe(id));',
      ),
    ],
    breaks: /broadcasts/,
  },
  {
    name: 'broadcasts: two readings at a time',
    seed: 10,
    edits: [
      edit('node/broadcasts.js', 'this.#reading ??= this.#readAll();', 'this.#reading = this.#readAll();'),
    ],
    breaks: /broadcasts: no older version/,
  },
]

/**
 * Copies the compiled code and puts the bug into the copy, so that the code itself needs no switch for it.
 * @returns the path of the copy's command line
 * @throws Error when the text to replace is not there, or there more than once: the code has moved on
 */
export async function plant({ name, edits }: PlantedBug, directory: string): Promise<string> {
  for (const folder of FOLDERS) await cp(join(DIST, folder), join(directory, folder), { recursive: true })
  for (const { file, find, replace } of edits) {
    const path = join(directory, file)
    const text = await readFile(path, 'utf8')
    const times = text.split(find).length - 1
    if (times !== 1) throw new Error(`"${name}": "${find}" is ${times} times in ${file}`)
    await writeFile(
      path,
      text.replace(find, () => replace),
    )
  }
  return join(directory, 'test/simulation/main.js')
}

function edit(file: string, find: string, replace: string): Edit {
  return { file, find, replace }
}
