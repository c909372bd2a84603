import { CADDY } from './caddy-program.ts'
import { CHROMIUM } from './chromium-program.ts'
import { MMDEBSTRAP, SYSTEMD_NSPAWN } from './debian-programs.ts'
import { FIREFOX } from './firefox-program.ts'
import { HAPROXY } from './haproxy-program.ts'
import { HELM, KUBECONFORM, KUBERNETES_SCHEMAS } from './helm-programs.ts'
import { MONGODB_SERVER } from './mongodb-server-program.ts'
import { NATS_SERVER } from './nats-server-program.ts'
import { NGHTTP } from './nghttp-program.ts'
import { NGINX } from './nginx-program.ts'
import { type Program, provideProgram, type Say } from './programs.ts'
import { PROMTOOL } from './promtool-program.ts'
import { SCHEMATHESIS } from './schemathesis-program.ts'
import { SYSTEMD_ANALYZE } from './systemd-program.ts'

const PROGRAMS: readonly Program[] = [
  FIREFOX,
  CHROMIUM,
  NATS_SERVER,
  MONGODB_SERVER,
  HAPROXY,
  NGINX,
  CADDY,
  NGHTTP,
  PROMTOOL,
  SCHEMATHESIS,
  SYSTEMD_ANALYZE,
  SYSTEMD_NSPAWN,
  MMDEBSTRAP,
  HELM,
  KUBECONFORM,
  KUBERNETES_SCHEMAS,
]

/**
 * Makes sure of the programs that the tests drive and npm can't bring; call it once before the tests.
 * @returns additions to the environment of the tests
 * @throws when CI is set and something can't be had; elsewhere the tests that need it fail and say so
 */
export async function provideAll(say: Say): Promise<Record<string, string>> {
  const environment: Record<string, string> = {}
  for (const program of PROGRAMS) Object.assign(environment, await provideProgram(program, say))
  return environment
}
