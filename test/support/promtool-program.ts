import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { installDebianPackage, type Program, requireProgram } from './programs.ts'

/** Prometheus' own check of metrics. */
export const PROMTOOL: Program = {
  name: 'promtool',
  variable: 'PUSHGRID_TEST_PROMTOOL',
  files: ['promtool'],
  folders: [],
  async install(say) {
    say('no promtool found; installing the Debian package prometheus where that is possible')
    await installDebianPackage('prometheus')
  },
  remedy: 'install promtool (the Debian package prometheus)',
}

/** Checks metrics in the text format; gives back what is wrong with them, nothing when all is right. */
export async function checkMetrics(text: string): Promise<string> {
  const child = spawn(await requireProgram(PROMTOOL), ['check', 'metrics'], { stdio: 'pipe' })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  child.stdin.end(text)
  const [code] = await once(child, 'close')
  return code === 0 ? '' : `promtool ends with ${code}: ${output}`
}
