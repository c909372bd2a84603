import { type Static, Type } from '@sinclair/typebox'
import webPush from 'web-push'
import type { Random } from '../../cluster/clock.ts'
import { readJsonFile, writeJsonFile } from './json-file.ts'

const VapidSchema = Type.Object({
  format: Type.Literal('pushgrid vapid 1'),
  subject: Type.String({ description: 'whom operators of push services may write to: mailto: or https:' }),
  publicKey: Type.String(),
  privateKey: Type.String(),
})

/** What an application server identifies itself with (RFC 8292); keys are base64url. */
export type Vapid = Omit<Static<typeof VapidSchema>, 'format'>

const FORM = {
  schema: VapidSchema,
  what: 'a file of VAPID keys',
  advice: 'name another one with --vapid, it is made',
}
/** Nobody reads it; an operator who minds puts an address of theirs into the file. */
const SUBJECT = 'mailto:nobody@example.org'

/** Reads the keys of an application server, making them the first time. @throws StartError */
export async function keptVapid(file: string, random: Random): Promise<Vapid> {
  const kept = await readJsonFile(file, FORM)
  if (kept !== undefined) return kept
  const made = { subject: SUBJECT, ...webPush.generateVAPIDKeys() }
  await writeJsonFile(file, { format: 'pushgrid vapid 1', ...made }, random)
  return made
}
