import t from 'tap'
import { askedBy } from './promql.ts'

t.test('series and labels are told from functions, keywords, values and durations', async (t) => {
  const query = `histogram_quantile(0.99, sum by (le, kind) (rate(a_bucket{job="$job",code=~"5.."}[5m])))
    and b offset 10m > 3 or vector(0) - time()`
  t.same(askedBy(query), { series: ['a_bucket', 'b'], labels: ['job', 'code', 'le', 'kind'] })
})
