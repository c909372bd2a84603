import type { Console } from '../../endpoint/console.ts'
import type { AgentBus, Assembly } from '../assembly.ts'
import type { Listening } from '../banner.ts'
import { variableOf } from '../options.ts'
import { StartError } from '../start-error.ts'
import { version } from '../version.ts'
import { consoleAccess } from './access.ts'
import type { ConsoleSettings } from './figures.ts'
import { FiguresGatherer } from './figures-gatherer.ts'
import { FiguresTeller } from './figures-teller.ts'
import { readPageFile } from './page-file.ts'

/** Lets the consoles of other processes have the figures of this one. */
export function tellFigures({ deps, figures, started }: Assembly, bus: AgentBus): void {
  const teller = new FiguresTeller({ ...deps, bus, figures })
  started.add('figures for consoles', async () => {
    teller.close()
    figures.close()
  })
}

/**
 * Makes the console of a process with an endpoint side; undefined where there is to be none.
 * @throws StartError where it is wanted and can't be had
 */
export function openConsole(
  { options, role, deps, figures }: Assembly,
  { publicUrl, wsPort }: Listening,
  bus: AgentBus,
): Console | undefined {
  const access = consoleAccess(options, publicUrl)
  if (access.kind === 'nobody') return undefined
  const page = builtPage(options.console === 'on')
  if (page === undefined) {
    deps.log.warn({}, 'there is no console: it was not built (npm run build)')
    return undefined
  }
  const settings: ConsoleSettings = { version: version(), role, publicUrl, wsPort: wsPort ?? null }
  const gatherer = new FiguresGatherer({ ...deps, bus, figures })
  return {
    page,
    settings: JSON.stringify(settings),
    token: access.kind === 'token' ? access.token : undefined,
    watch: (see) => gatherer.watch(see),
  }
}

/** Nobody has asked for a console by default, so a service without one starts. */
function builtPage(isWanted: boolean): Console['page'] | undefined {
  try {
    return readPageFile()
  } catch (error) {
    if (!isWanted) return undefined
    throw new StartError(
      `${variableOf('console')} is on, but the console can't be read (npm run build): ${error}`,
      error,
    )
  }
}
