import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { readPlan } from './read-plan.ts'

t.test('YAML and JSON files are plans, named after their file unless they say otherwise', async (t) => {
  const folder = t.testdir({
    'mine.yaml':
      'agents: 3\nphases:\n  - { do: connect }\n  - duration: 1s\n    actions: { post: 2 } # twice\n',
    'other.json': '{"name":"said","phases":[{"actions":{"post":1}}]}',
  })
  t.match(await readPlan(path.join(folder, 'mine.yaml'), {}), {
    name: 'mine',
    settings: { agents: 3 },
    phases: [{ do: 'connect' }, { durationMs: 1000, actions: [['post', 2]] }],
  })
  t.match(await readPlan(path.join(folder, 'other.json'), { agents: 9 }), {
    name: 'said',
    settings: { agents: 9 },
  })
})

t.test('what is wrong with a file is said with its name', async (t) => {
  const file = path.join(t.testdir(), 'bad.yaml')
  const cases: readonly [string, RegExp][] = [
    ['phases:\n  - [a\n', /bad\.yaml:3:1: Flow sequence in block collection must be/],
    ['phases: []\n', /bad\.yaml: phases is \[\]: must be/],
    ['just words\n', /bad\.yaml: the plan is "just words": must be settings/],
    ['a: *nowhere\n', /bad\.yaml.*nowhere/],
  ]
  for (const [text, message] of cases) {
    await writeFile(file, text)
    await t.rejects(readPlan(file, {}), { name: 'PlanError', message })
  }
  await t.rejects(readPlan(`${file}.gone`, {}), {
    name: 'PlanError',
    message: /^there is no file .*bad\.yaml\.gone$/,
  })
  await t.rejects(readPlan(path.dirname(file), {}), {
    name: 'PlanError',
    message: /can't be read \(EISDIR\)$/,
  })
})
