import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { parse, stringify } from 'yaml'
import { selfSignedCertificate } from '../../push/fixtures/certificate.ts'
import { Cluster } from '../support/cluster.ts'
import { DEPLOY, ROOT } from '../support/deploy-folder.ts'
import { finished } from '../support/finished.ts'
import { requireProgram } from '../support/programs.ts'
import { PROMTOOL } from '../support/promtool-program.ts'
import { Sender } from '../support/sender.ts'
import { askedBy } from './promql.ts'

interface Alert {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly runbook: string }
}

interface RuleTests {
  readonly tests: readonly {
    readonly alert_rule_test: readonly {
      readonly alertname: string
      readonly exp_alerts?: readonly unknown[]
    }[]
  }[]
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number
    readonly title: string
    readonly targets?: readonly { readonly expr: string }[]
  }[]
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] }
}

/** What Prometheus adds by itself. */
const OWN_SERIES = ['up']
const OWN_LABELS = ['job', 'instance', 'le']

const FOLDER = path.join(DEPLOY, 'prometheus')
const promtool = await requireProgram(PROMTOOL)
const alerts = await readAlerts()
const dashboard = JSON.parse(await readFile(path.join(DEPLOY, 'grafana/pushgrid.json'), 'utf8')) as Dashboard
/** With an interval in place of Grafana's word for one. */
const dashboardQueries = dashboard.panels
  .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  .map((query) => query.replaceAll('$__rate_interval', '5m'))

async function readAlerts(): Promise<readonly Alert[]> {
  const text = await readFile(path.join(FOLDER, 'pushgrid.rules.yml'), 'utf8')
  const { groups } = parse(text) as { groups: { rules: Alert[] }[] }
  return groups.flatMap(({ rules }) => rules)
}

async function passes(t: Test, ...args: readonly string[]): Promise<void> {
  const { status, output } = await finished(promtool, args)
  t.equal(status, 0, output)
}

t.test("Prometheus takes the configuration and the rules, and the rules' tests pass", async (t) => {
  await passes(t, 'check', 'config', path.join(FOLDER, 'prometheus.yml'))
  await passes(t, 'test', 'rules', path.join(FOLDER, 'pushgrid.rules.test.yml'))
})

t.test('each alert is seen to go off, and not to, and has a runbook', async (t) => {
  const { tests } = parse(await readFile(path.join(FOLDER, 'pushgrid.rules.test.yml'), 'utf8')) as RuleTests
  const cases = tests.flatMap((one) => one.alert_rule_test)
  const runbooks = await readFile(path.join(ROOT, 'docs/runbooks.md'), 'utf8')
  const sections = Array.from(runbooks.matchAll(/^## (\w+)$/gm), ([, name = '']) => name)
  for (const { alert, labels, annotations } of alerts) {
    const own = cases.filter(({ alertname }) => alertname === alert)
    t.ok(
      own.some(({ exp_alerts = [] }) => exp_alerts.length > 0),
      `${alert} goes off`,
    )
    t.ok(own.filter(({ exp_alerts = [] }) => exp_alerts.length === 0).length > 1, `${alert} is quiet`)
    t.match(labels.severity, /^(critical|warning)$/)
    t.equal(annotations.runbook, `docs/runbooks.md#${alert.toLowerCase()}`)
  }
  t.same(sections.toSorted(), alerts.map(({ alert }) => alert).toSorted())
})

t.test('Prometheus can parse each query of the dashboard', async (t) => {
  const rules = dashboardQueries.map((expr, index) => ({ record: `panel:${index}`, expr }))
  t.ok(rules.length > 30)
  const file = path.join(t.testdir(), 'rules.yml')
  await writeFile(file, stringify({ groups: [{ name: 'dashboard', rules }] }))
  await passes(t, 'check', 'rules', file)
})

t.test('panels have ids of their own', async (t) => {
  const ids = dashboard.panels.map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length)
})

t.test(
  'what is asked for is there: in /metrics of real processes, with labels that the guide knows',
  async (t) => {
    const measured = await measuredSeries(t)
    const guide = await documentedLabels()
    const variables = dashboard.templating.list.flatMap(({ query }) =>
      typeof query === 'string' ? [] : [query.query.replace(/^label_values\((.*), \w+\)$/, '$1')],
    )
    t.ok(measured.size > 40)
    for (const query of [...alerts.map(({ expr }) => expr), ...dashboardQueries, ...variables]) {
      const { series, labels } = askedBy(query)
      const known = [...OWN_LABELS, ...series.flatMap((name) => guide.get(familyOf(name)) ?? [])]
      const unknown = {
        series: series.filter((name) => !measured.has(name) && !OWN_SERIES.includes(name)),
        labels: labels.filter((label) => !known.includes(label)),
      }
      t.same(unknown, { series: [], labels: [] }, query)
    }
  },
)

/** Names of all series that a node and an endpoint of a cluster with TLS may have, those without a value yet among them. */
async function measuredSeries(t: Test): Promise<ReadonlySet<string>> {
  const { certificate, key } = selfSignedCertificate('metrics')
  const folder = t.testdir({ certificate, key })
  const cluster = await Cluster.start({
    nodes: 1,
    endpoints: 1,
    env: {
      PUSHGRID_TLS_CERT_FILE: path.join(folder, 'certificate'),
      PUSHGRID_TLS_KEY_FILE: path.join(folder, 'key'),
    },
  })
  t.teardown(() => cluster.stop())
  const client = new Sender(1, certificate)
  t.teardown(() => client.close())
  const urls = cluster.members.map(({ url }) => new URL('/metrics', url.replace(/^ws/, 'http')).href)
  const answers = await Promise.all(urls.map((url) => client.send('GET', url, undefined, {})))
  const series = answers.flatMap(({ body }) =>
    Array.from(body.matchAll(/^# TYPE (\w+) (\w+)$/gm), ([, name = '', kind]) =>
      kind === 'histogram' ? ['_bucket', '_count', '_sum'].map((end) => name + end) : [name],
    ),
  )
  return new Set(series.flat())
}

/** Labels of each metric, as the operators' guide has them; another test compares the guide with the code. */
async function documentedLabels(): Promise<ReadonlyMap<string, readonly string[]>> {
  const guide = await readFile(path.join(ROOT, 'docs/operating.md'), 'utf8')
  const rows = guide.matchAll(/^\| `(pushgrid_\w+)(?:\{([\w,]+)\})?` +\| (?:counter|gauge|histogram) /gm)
  return new Map(Array.from(rows, ([, name = '', labels = '']) => [name, labels.split(',')]))
}

function familyOf(series: string): string {
  return series.replace(/_(bucket|count|sum)$/, '')
}
