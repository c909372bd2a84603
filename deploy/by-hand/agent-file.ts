import { type Static, Type } from '@sinclair/typebox'
import type { Random } from '../../cluster/clock.ts'
import { WrongUse } from '../start-error.ts'
import { readJsonFile, writeJsonFile } from './json-file.ts'
import { ChannelSchema } from './subscription-schema.ts'

const AgentSchema = Type.Object({
  format: Type.Literal('pushgrid agent 1'),
  url: Type.String({ description: 'of the server that knows its UAID' }),
  uaid: Type.Optional(Type.String({ description: 'absent until the server has issued one' })),
  channels: Type.Array(ChannelSchema),
})

/** What a user agent keeps between its runs. */
export type KeptAgent = Omit<Static<typeof AgentSchema>, 'format'>

/** Where `npm start` listens on this machine. */
const DEFAULT_URL = 'ws://localhost:8080/'

const FORM = {
  schema: AgentSchema,
  what: 'the file of a user agent',
  advice: 'name another one with --file, it is made',
}

/**
 * Reads what a user agent has kept, or begins a new one.
 * @param url the server it should be of; absent where the one of the file is good, whichever it is
 * @throws WrongUse when the file is something else, or of another server
 */
export async function readAgentFile(file: string, url: string | undefined): Promise<KeptAgent> {
  const kept = await readJsonFile(file, FORM)
  if (kept === undefined) return { url: url ?? DEFAULT_URL, channels: [] }
  if (url !== undefined && url !== kept.url)
    throw new WrongUse(
      `${file} is of a user agent of ${kept.url}: name another one with --file for ${url}, it is made`,
    )
  return kept
}

/** Keeps it. @throws StartError */
export function writeAgentFile(file: string, agent: KeptAgent, random: Random): Promise<void> {
  return writeJsonFile(file, { format: 'pushgrid agent 1', ...agent }, random)
}
