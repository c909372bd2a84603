import t from 'tap'
import { addCertificateMetrics } from './certificate-metrics.ts'
import { Metrics } from './metrics.ts'

t.test('until when the certificate is valid, in seconds', async (t) => {
  const metrics = new Metrics()
  addCertificateMetrics(metrics, { current: { validTo: 'Jan  1 00:00:00 2030 GMT' } })
  const { text } = await metrics.content()
  t.match(text, /^pushgrid_certificate_expiry_timestamp_seconds 1893456000$/m)
})
