import type { StoreReport } from '../store/mongodb-check.ts'
import { type Options, variableOf } from './options.ts'
import { StartError } from './start-error.ts'

/**
 * Looks at the database that the processes of a cluster would store in, and writes one line for each thing looked at.
 * @returns whether all of it is ok
 * @throws StartError where no database is given
 */
export async function checkStore(
  { mongodbUrl, putTimeoutMs }: Pick<Options, 'mongodbUrl' | 'putTimeoutMs'>,
  write: (line: string) => void,
): Promise<boolean> {
  if (mongodbUrl === undefined)
    throw new StartError(
      `pushgrid store check needs --mongodb-url (${variableOf('mongodbUrl')}): it looks at a MongoDB database; the embedded store in the data folder is checked by \`pushgrid serve\` when it starts`,
    )
  const { checkMongoStore } = await import('../store/mongodb-check.ts')
  const report = await checkMongoStore(mongodbUrl, putTimeoutMs)
  for (const line of linesOf(report)) write(`${line.replaceAll(mongodbUrl, 'the URL')}\n`)
  return report.ok
}

function linesOf({ checks }: StoreReport): string[] {
  const width = Math.max(...checks.map(({ what }) => what.length))
  return checks.map(
    ({ what, ok, detail }) =>
      `${ok ? 'ok   ' : 'WRONG'}  ${what.padEnd(width)}  ${detail.replaceAll(/\s+/g, ' ')}`,
  )
}
