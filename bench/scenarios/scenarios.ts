import { broadcast } from './broadcast.ts'
import { connect } from './connect.ts'
import { dead } from './dead.ts'
import { direct } from './direct.ts'
import { herd } from './herd.ts'
import { idle } from './idle.ts'
import { mixed } from './mixed.ts'
import { reject } from './reject.ts'
import type { Scenario } from './scenario.ts'
import { soak } from './soak.ts'
import { store } from './store.ts'
import { topic } from './topic.ts'

/** Those that come with the tool, by name, in the order in which `list` shows them. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  direct,
  store,
  topic,
  mixed,
  soak,
  idle,
  connect,
  herd,
  broadcast,
  dead,
  reject,
}
