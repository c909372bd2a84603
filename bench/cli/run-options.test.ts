import t from 'tap'
import { readRunOptions } from './run-options.ts'

t.test('without flags: a server on this machine, one worker, results in a folder', (t) => {
  t.match(readRunOptions(['direct']), {
    what: 'direct',
    settings: {},
    wsUrl: 'ws://localhost:8080/',
    verify: true,
    staff: { workers: 1 },
    processes: [],
    out: 'bench-results',
    isQuiet: false,
  })
  t.end()
})

t.test('flags are read; settings become numbers where they are numbers', (t) => {
  const options = readRunOptions([
    'store',
    ...['--agents', '7', '--duration=10', '--rate', '2.5', '--arrivals', 'constant'],
    ...['--url', 'wss://push.example', '--insecure', '--endpoint-origin', 'http://127.0.0.1:1/'],
    ...['--pid', 'node=12', '--pid', '13', '--metrics', 'endpoint=http://127.0.0.1:2/metrics'],
    ...['--workers', '3', '--seed', '9', '--fail-if', 'lost > 0', '--quiet'],
  ])
  t.match(options, {
    settings: { agents: 7, duration: '10', rate: 2.5, arrivals: 'constant' },
    wsUrl: 'wss://push.example/',
    verify: false,
    endpointOrigin: 'http://127.0.0.1:1',
    processes: [
      { name: 'node', pid: 12 },
      { name: 'server', pid: 13 },
      { name: 'endpoint', metricsUrl: 'http://127.0.0.1:2/metrics' },
    ],
    staff: { workers: 3 },
    seed: 9,
    thresholds: [{ expression: 'lost > 0' }],
    isQuiet: true,
  })
  t.match(readRunOptions(['x', '--nats', 'nats://h', '--remote-workers', '2']).staff, {
    workers: 0,
    remote: { natsUrl: 'nats://h', workers: 2 },
  })
  t.end()
})

t.test('what is wrong with a command line is said', (t) => {
  const cases: readonly [readonly string[], RegExp][] = [
    [['direct', 'store'], /^what is store\? One scenario or file at a time$/],
    [['direct', '--agens', '1'], /^--agens is no option; did you mean --agents\?$/],
    [['direct', '--nothing-like-it'], /^--nothing-like-it is no option; `pushgrid bench --help` lists all$/],
    [['direct', '--agents'], /^--agents needs a value: --agents NUMBER$/],
    [['direct', '--quiet=yes'], /^--quiet takes no value$/],
    [['direct', '--rate', '1', '--rate', '2'], /^--rate is given twice$/],
    [
      ['direct', '--url', 'http://x'],
      /^--url is "http:\/\/x": must be a URL that begins with ws:\/\/ or wss:\/\/$/,
    ],
    [['direct', '--workers', '0'], /^--workers is "0": must be a whole number from 1 to 1024$/],
    [['direct', '--pid', 'x'], /^--pid is "x": must be like node=4711$/],
    [['direct', '--metrics', 'a=ftp://x'], /^--metrics is "ftp:\/\/x": must be a URL/],
    [['direct', '--nats', 'nats://x'], /^--nats and --remote-workers go together/],
    [['direct', '--fail-if', 'p99 >'], /threshold/],
  ]
  for (const [args, message] of cases) t.throws(() => readRunOptions(args), { message })
  t.end()
})
