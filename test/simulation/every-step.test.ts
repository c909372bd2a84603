import t from 'tap'
import { playEveryStep } from './every-step.ts'

/** Every step of every story takes minutes: npm run sim -- --steps. */
const STRIDE = 23

t.setTimeout(600_000)

t.test('a process harmed at any step of a story costs no message', async (t) => {
  let plays = 0
  for await (const { title, broken } of playEveryStep(STRIDE)) {
    plays += 1
    if (broken !== undefined) t.fail(`${title}: ${broken}`)
  }
  t.ok(plays > 200, `${plays} plays`)
})
