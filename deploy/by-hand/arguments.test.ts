import t from 'tap'
import webPush from 'web-push'
import { readAgentArguments } from './agent-flags.ts'
import { agentHelp, sendHelp } from './help.ts'
import { readSendArguments } from './send-flags.ts'

const { publicKey } = webPush.generateVAPIDKeys()

t.test('agent: all of its flags', (t) => {
  const args = `--url wss://a.example --file f --channel news --channel weather --vapid-key ${publicKey}= --ack none
    --urgency low --broadcast a/b=v=1 --broadcast c/d --raw --json --count 3 --wait 5`
  t.same(readAgentArguments(args.split(/\s+/)), {
    url: 'wss://a.example/',
    file: 'f',
    subscriptionFile: undefined,
    waitSeconds: 5,
    showsFrames: true,
    isJson: true,
    wishes: {
      channels: ['news', 'weather'],
      vapidKey: publicKey,
      minUrgency: 'low',
      broadcasts: [
        ['a/b', 'v=1'],
        ['c/d', ''],
      ],
      unregister: [],
      ack: 'none',
      nack: undefined,
      count: 3,
    },
  })
  t.match(readAgentArguments(['--once', '--nack', '302']), { wishes: { count: 1, nack: 302 } })
  t.match(readAgentArguments([]), { url: undefined, file: 'pushgrid-agent.json', wishes: { channels: [] } })
  t.equal(readAgentArguments(['--once', '-h']), 'help')
  t.end()
})

t.test('send: all of its flags', (t) => {
  const args = 's.json text --ttl 5 --topic a-b --urgency high --encoding aesgcm --vapid v --receipt --wait 0'
  t.same(readSendArguments(args.split(' ')), {
    kind: 'send',
    subscriptionFile: 's.json',
    payload: { kind: 'text', text: 'text' },
    sending: {
      ttlSeconds: 5,
      topic: 'a-b',
      urgency: 'high',
      encoding: 'aesgcm',
      vapidFile: 'v',
      receiptWaitSeconds: 0,
    },
  })
  t.match(readSendArguments(['s.json', '--no-vapid']), {
    payload: { kind: 'none' },
    sending: {
      ttlSeconds: 86_400,
      encoding: 'aes128gcm',
      vapidFile: undefined,
      receiptWaitSeconds: undefined,
    },
  })
  t.match(readSendArguments(['s.json', '--stdin', '--receipt']), {
    payload: { kind: 'stdin' },
    sending: { vapidFile: 'pushgrid-vapid.json', receiptWaitSeconds: 60 },
  })
  t.match(readSendArguments(['s.json', '--', '--text']), { payload: { text: '--text' } })
  t.match(readSendArguments(['s.json', 'stdin']), { payload: { kind: 'text', text: 'stdin' } })
  t.same(readSendArguments(['--vapid-key']), { kind: 'vapidKey', vapidFile: 'pushgrid-vapid.json' })
  const location = 'http://localhost:8082/m/x'
  t.same(readSendArguments(['--delete', location]), { kind: 'delete', location })
  t.same(readSendArguments(['--help']), { kind: 'help' })
  t.end()
})

t.test('wrong use is one clear line', (t) => {
  const agent: [string, RegExp][] = [
    ['--chanel news', /"--chanel" is no option of pushgrid agent; did you mean --channel\?/],
    ['--rhubarb', /"--rhubarb" is no option of pushgrid agent; `pushgrid agent --help` lists all/],
    ['show x', /takes flags only, and "show" belongs to none; `pushgrid agents` looks into a store/],
    ['--url http://a.example', /--url is "http:\/\/a.example": must be a ws:\/\/ or wss:\/\/ URL/],
    ['--url nonsense', /--url is "nonsense"/],
    ['--channel a/b', /--channel is "a\/b": must be 1 to 64 letters/],
    ['--channel', /--channel needs a value/],
    ['--raw=yes', /--raw takes no value/],
    ['--count 0', /--count is "0": must be a whole number from 1 to/],
    ['--ack 103', /--ack is "103": must be one of 100, 101, 102, none/],
    ['--nack 100', /--nack is "100": must be a whole number from 301 to 303/],
    ['--urgency urgent', /--urgency is "urgent": must be one of very-low, low, normal, high/],
    ['--broadcast ab=1', /--broadcast is "ab=1": must be broadcaster\/channel=version/],
    [`--vapid-key ${'A'.repeat(87)}`, /--vapid-key is "AAA.*: must be a P-256 public key/],
    ['--vapid-key short', /--vapid-key is "short": must be a P-256 public key/],
    ['--once --count 2', /choose one of --once and --count/],
    ['--ack 100 --nack 301', /choose one of --ack and --nack/],
    ['--wait 5', /--wait needs --once or --count/],
    ['--subscription f --channel a --channel b', /--subscription is for one subscription/],
  ]
  const send: [string, RegExp][] = [
    ['', /say to whom: pushgrid send SUBSCRIPTION.json "text"/],
    ['s.json two words', /the text is one argument: put it into quotes/],
    ['s.json --tttl 5', /"--tttl" is no option of pushgrid send; did you mean --ttl\?/],
    ['s.json --ttl 2592001', /--ttl is "2592001": must be a whole number from 0 to 2592000/],
    ['s.json --ttl=', /--ttl is empty/],
    ['s.json --topic a/b', /--topic is "a\/b": must be 1 to 32 letters/],
    ['s.json --encoding gzip', /--encoding is "gzip": must be one of aes128gcm, aesgcm/],
    ['s.json text --stdin', /choose one of --stdin and a text/],
    ['s.json --no-vapid --vapid v', /choose one of --no-vapid and --vapid/],
    ['s.json --wait 5', /--wait needs --receipt/],
    ['s.json --vapid-key', /--vapid-key goes without a subscription and a text/],
    ['s.json --delete http://localhost/m/x', /--delete goes without a subscription/],
    ['--delete x', /--delete is "x": must be the http:\/\/ or https:\/\/ URL of a message/],
  ]
  const wrong = (read: () => unknown, message: RegExp) => t.throws(read, { message, exitCode: 2 })
  for (const [args, message] of agent) wrong(() => readAgentArguments(args.split(' ')), message)
  for (const [args, message] of send)
    wrong(() => readSendArguments(args === '' ? [] : args.split(' ')), message)
  t.end()
})

t.test('help lists every flag in columns, and fits 100', (t) => {
  for (const [help, flags] of [
    [agentHelp(), ['--url URL', '--broadcast ID=VERSION', '--raw', '--urgency WORD']],
    [sendHelp(), ['--delete LOCATION', '--receipt', '--ttl SECONDS', '--no-vapid']],
  ] as const) {
    for (const line of help.split('\n').slice(1)) t.ok(line.length <= 100, line)
    for (const flag of flags) t.match(help, `\n  ${flag}  `)
  }
  t.end()
})
