import { SETTINGS } from '../plan/schema.ts'
import type { Flag } from './flags.ts'

/** Flags of a run beside the settings of its plan. */
const OWN_FLAGS = {
  url: { placeholder: 'URL', meaning: 'websocket side of the server', shownDefault: 'ws://localhost:8080/' },
  'endpoint-origin': {
    placeholder: 'URL',
    meaning: 'where to POST, if the origin of the endpoints is not reachable from here',
  },
  insecure: { meaning: 'accept any certificate' },
  'admin-token': { placeholder: 'TOKEN', meaning: 'of the admin API of Pushgrid, for broadcasts' },
  seed: {
    placeholder: 'NUMBER',
    meaning: 'of arrivals and choices',
    shownDefault: 'drawn, and in the result',
  },
  workers: { placeholder: 'NUMBER', meaning: 'worker processes on this machine', shownDefault: '1' },
  nats: { placeholder: 'URL', meaning: 'NATS server at which workers of other machines wait' },
  'remote-workers': {
    placeholder: 'NUMBER',
    meaning: 'so many of those take part, and none here but for --workers',
  },
  pid: {
    placeholder: 'NAME=PID',
    meaning: 'a process of the server on this machine, whose CPU time and memory are measured',
    isMultiple: true,
  },
  metrics: {
    placeholder: 'NAME=URL',
    meaning: 'the same of one elsewhere, from its Prometheus metrics',
    isMultiple: true,
  },
  label: {
    placeholder: 'TEXT',
    meaning: 'what you call that which is measured',
    shownDefault: 'what the server says',
  },
  out: {
    placeholder: 'FOLDER|FILE.json',
    meaning: 'where the result goes, with a report beside it',
    shownDefault: './bench-results',
  },
  html: { placeholder: 'FILE', meaning: 'where the report goes instead' },
  'fail-if': {
    placeholder: 'EXPRESSION',
    meaning: "exit with 1 if that holds, like 'p99(post_to_notification) > 20ms' or 'lost > 0'",
    isMultiple: true,
  },
  quiet: { meaning: 'print the result only' },
} as const satisfies Record<string, Flag>

/** All flags of a run. */
export const RUN_FLAGS: Readonly<Record<string, Flag>> = {
  ...Object.fromEntries(
    Object.entries(SETTINGS).map(([name, schema]) => [
      name,
      {
        placeholder: String(schema['placeholder']),
        meaning: String(schema['meaning']),
        shownDefault: String(schema['default']),
      },
    ]),
  ),
  ...OWN_FLAGS,
}
