import { useEffect, useState } from 'preact/hooks'
import type { ConsoleSettings } from '../../figures.ts'
import { initialUrl } from './agent-card.tsx'
import { AgentRunner } from './agent-runner.ts'
import { ApplicationServer } from './application-server.ts'
import { Insecure } from './insecure.tsx'
import { keptVapid } from './kept.ts'
import { Panels } from './panels.tsx'

interface PlaygroundProps {
  readonly settings: ConsoleSettings
  readonly isShown: boolean
}

/** A user agent and an application server in one page, with all that passes between them and the service. */
export function Playground({ settings, isShown }: PlaygroundProps) {
  const [runner] = useState(() => new AgentRunner(initialUrl(settings)))
  const [server, setServer] = useState<ApplicationServer>()
  useEffect(() => {
    if (isSecureContext) void keptVapid().then((vapid) => setServer(new ApplicationServer(vapid)))
  }, [])
  // Who has to sign in again finds everything anew: what is open now must not stay behind.
  useEffect(() => () => runner.disconnect(), [runner])
  useEffect(() => () => server?.end(), [server])
  return (
    <section hidden={!isShown} aria-labelledby="playground-title">
      <h2 id="playground-title" class="hidden">
        Playground
      </h2>
      {!isSecureContext && <Insecure />}
      {server !== undefined && <Panels settings={settings} runner={runner} server={server} />}
    </section>
  )
}
