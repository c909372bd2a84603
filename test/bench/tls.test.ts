import path from 'node:path'
import t from 'tap'
import { selfSignedCertificate } from '../../push/fixtures/certificate.ts'
import { PATIENT } from '../support/patient.ts'
import { bench, benchRun } from '../support/short-bench-run.ts'
import { startSingleSystem } from '../support/single-system.ts'

t.test('a service behind TLS: wss:// and https://', async (t) => {
  const { certificate, key } = selfSignedCertificate('localhost')
  const folder = t.testdir({ certificate, key })
  const system = await startSingleSystem({
    env: {
      ...PATIENT,
      PUSHGRID_TLS_CERT_FILE: path.join(folder, 'certificate'),
      PUSHGRID_TLS_KEY_FILE: path.join(folder, 'key'),
    },
  })
  t.teardown(() => system.stop())
  t.match(system.wsUrl, /^wss:/)
  const { code, result, stderr } = await benchRun(['mixed', '--url', system.wsUrl, '--insecure'])
  t.equal(code, 0, stderr)
  t.match(result, { target: { endpointOrigin: /^https:/ } })
  t.equal(result?.ledger.lost, 0, 'every accepted message arrived')
  t.same(result?.errors, {})
  t.ok((result?.ledger.delivered ?? 0) > 5, `${result?.ledger.delivered} delivered`)

  const strict = await bench(['direct', '--url', system.wsUrl])
  t.match(strict, { code: 3, stderr: /SELF_SIGNED_CERT.*--insecure accepts any certificate/ })
})
