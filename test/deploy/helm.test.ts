import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { parseAllDocuments } from 'yaml'
import { OPTIONS, type OptionName, variableOf } from '../../deploy/options.ts'
import { DEPLOY } from '../support/deploy-folder.ts'
import { finished } from '../support/finished.ts'
import { HELM, KUBECONFORM } from '../support/helm-programs.ts'
import { requireProgram } from '../support/programs.ts'
import { writeSchemas } from './kubernetes-schemas.ts'

/** What these tests look at of what the chart makes. */
interface Pod {
  readonly terminationGracePeriodSeconds: number
  readonly containers: readonly [
    {
      readonly args: readonly string[]
      readonly env: readonly { readonly name: string; readonly value?: string }[]
    },
  ]
}

interface Made {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly template?: { readonly spec: Pod }
    readonly podSelector?: { readonly matchLabels: object }
    readonly ingress?: readonly { readonly from?: readonly object[]; readonly ports?: readonly object[] }[]
  }
}

const CHART = path.join(DEPLOY, 'helm/pushgrid')
const RELEASES = ['1.25', '1.37']
const KINDS = [
  'deployment-apps-v1',
  'horizontalpodautoscaler-autoscaling-v2',
  'ingress-networking-v1',
  'networkpolicy-networking-v1',
  'poddisruptionbudget-policy-v1',
  'secret-v1',
  'service-v1',
  'statefulset-apps-v1',
]
const SECRETS = { serviceKeys: '5'.repeat(64), natsUrl: 'nats://nats:4222', mongodbUrl: 'mongodb://mongo/p' }
const LEAST = { publicUrl: 'https://push.example.org', secrets: SECRETS }
/** With everything that is off by default, and nothing that is on. */
const MOST = {
  ...LEAST,
  secrets: { existing: 'mine' },
  imagePullSecrets: [{ name: 'pull' }],
  options: { PUSHGRID_TRUSTED_PROXIES: '10.0.0.0/8', PUSHGRID_LOG_LEVEL: 'warn' },
  node: {
    options: { PUSHGRID_WORKERS: 'auto', PUSHGRID_LOG_LEVEL: 'debug' },
    drainSeconds: 120,
    nodeSelector: { a: 'b' },
  },
  endpoint: {
    autoscaling: { enabled: false },
    annotations: { a: 'b' },
    tolerations: [{ operator: 'Exists' }],
  },
  ingress: { enabled: true, className: 'nginx', tlsSecret: 'certificate', annotations: { a: 'b' } },
  networkPolicy: {
    from: [{ namespaceSelector: { matchLabels: { name: 'ingress' } } }],
    natsPods: { app: 'nats' },
    mongodbPods: { app: 'mongodb' },
  },
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
}

const helm = await requireProgram(HELM)

async function run(t: Test, command: readonly string[], values: object) {
  const file = path.join(t.testdir(), 'values.json')
  await writeFile(file, JSON.stringify(values))
  return finished(helm, [...command, CHART, '--kube-version', '1.31.0', '--values', file])
}

async function rendered(t: Test, values: object): Promise<{ text: string; made: readonly Made[] }> {
  const { status, output } = await run(t, ['template', 'test'], values)
  if (status !== 0) throw new Error(output)
  return { text: output, made: parseAllDocuments(output).map((document) => document.toJS() as Made) }
}

function podOf(made: readonly Made[], kind: string): Pod {
  const spec = made.find((one) => one.kind === kind)?.spec.template?.spec
  if (spec === undefined) throw new Error(`there is no ${kind}`)
  return spec
}

t.test('Helm finds nothing wrong, and Kubernetes would take it', async (t) => {
  const texts: string[] = []
  for (const values of [LEAST, MOST]) {
    const { status, output } = await run(t, ['lint', '--strict'], values)
    t.equal(status, 0, output)
    texts.push((await rendered(t, values)).text)
  }
  const kubeconform = await requireProgram(KUBECONFORM)
  const folder = t.testdir({ 'all.yaml': texts.join('\n---\n') })
  for (const release of RELEASES) {
    const schemas = path.join(folder, release)
    await writeSchemas(schemas, release, KINDS)
    const location = `${schemas}/{{.ResourceKind}}{{.KindSuffix}}.json`
    // The schema of a ServiceMonitor is that of another project.
    const args = ['-strict', '-skip', 'ServiceMonitor', '-schema-location', location]
    const { status, output } = await finished(kubeconform, [...args, path.join(folder, 'all.yaml')])
    t.equal(status, 0, output)
  }
})

t.test('Kubernetes waits for a stop as long as that may take', async (t) => {
  for (const values of [LEAST, MOST]) {
    const { made } = await rendered(t, values)
    for (const kind of ['StatefulSet', 'Deployment']) {
      const { containers, terminationGracePeriodSeconds } = podOf(made, kind)
      const value = (name: string) => Number(containers[0].env.find((one) => one.name === name)?.value ?? 0)
      const stopMs = value('PUSHGRID_DRAIN_MS') + value('PUSHGRID_STOP_MS')
      t.ok(stopMs >= OPTIONS.stopMs.initial)
      // 5 s of it go by before the process is told.
      t.ok((terminationGracePeriodSeconds - 5) * 1000 > stopMs, `${kind}: ${terminationGracePeriodSeconds} s`)
    }
  }
})

t.test(
  'processes get options that there are, each once; those of a role go before those of all',
  async (t) => {
    const variables = new Set(Object.keys(OPTIONS).map((name) => variableOf(name as OptionName)))
    const { made } = await rendered(t, MOST)
    for (const [kind, role, level] of [
      ['StatefulSet', 'node', 'debug'],
      ['Deployment', 'endpoint', 'warn'],
    ] as const) {
      const [{ args, env }] = podOf(made, kind).containers
      t.same(args, [role])
      const names = env.map(({ name }) => name)
      t.same(
        names.filter((name) => !variables.has(name)),
        [],
      )
      t.equal(new Set(names).size, names.length)
      t.equal(env.find(({ name }) => name === 'PUSHGRID_LOG_LEVEL')?.value, level)
    }
  },
)

t.test('NATS and MongoDB are closed to all but Pushgrid and themselves', async (t) => {
  const { made } = await rendered(t, MOST)
  for (const [app, port] of [
    ['nats', 4222],
    ['mongodb', 27017],
  ] as const) {
    const policy = made.find((one) => one.kind === 'NetworkPolicy' && one.metadata.name.endsWith(app))
    t.same(policy?.spec.podSelector, { matchLabels: { app } })
    const pushgrid = { 'app.kubernetes.io/name': 'pushgrid', 'app.kubernetes.io/instance': 'test' }
    t.same(policy?.spec.ingress, [
      { from: [{ podSelector: { matchLabels: pushgrid } }], ports: [{ port }] },
      { from: [{ podSelector: { matchLabels: { app } } }] },
    ])
  }
})

t.test('values that are wrong or missing are refused, with words', async (t) => {
  const cases: [object, RegExp][] = [
    [{}, /publicUrl is needed|secrets.serviceKeys is needed/],
    [{ ...LEAST, secrets: { ...SECRETS, natsUrl: '' } }, /secrets.natsUrl is needed/],
    [{ ...LEAST, publicUrl: 'https://push.example.org/path' }, /publicUrl/],
    [{ ...LEAST, node: { replicas: 0 } }, /replicas/],
    [{ ...LEAST, nodes: {} }, /nodes/],
    [{ ...LEAST, options: { LOG_LEVEL: 'warn' } }, /LOG_LEVEL/],
  ]
  for (const [values, reason] of cases) {
    const { status, output } = await run(t, ['template', 'test'], values)
    t.not(status, 0)
    t.match(output, reason)
  }
})
