import path from 'node:path'
import type { Test } from 'tap'
import type { Certificate } from '../../push/certificate.ts'
import { startSingleSystem } from './single-system.ts'
import type { System } from './system.ts'

/** Starts the system as one process with TLS of its own; it ends with the test, in whose folder the files `certificate` and `key` are. */
export async function startSecureSystem(
  t: Test,
  { certificate, key }: Certificate,
  env: Readonly<Record<string, string>> = {},
): Promise<System> {
  const files = t.testdir({ certificate, key })
  const system = await startSingleSystem({
    env: {
      ...env,
      PUSHGRID_TLS_CERT_FILE: path.join(files, 'certificate'),
      PUSHGRID_TLS_KEY_FILE: path.join(files, 'key'),
    },
  })
  t.teardown(() => system.stop())
  return system
}
