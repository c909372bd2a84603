import { toBase64url } from '../../../by-hand/base64url.ts'
import type { PushRequest } from './push-request.ts'

/** The same request once more, as a command for a shell: the body is encrypted already, and so is sent as it was. */
export function asCurl({ endpoint, headers, body }: PushRequest): string {
  const lines = [
    `curl -si ${quoted(endpoint)} -X POST`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : ['--data-binary @-']),
  ]
  const input = body === undefined ? '' : `echo ${base64Of(body)} | base64 -d | `
  return input + lines.join(' \\\n  ')
}

function base64Of(bytes: Uint8Array): string {
  const text = toBase64url(bytes).replaceAll('-', '+').replaceAll('_', '/')
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
