import type { ConsoleSettings } from '../../figures.ts'

interface PlaygroundProps {
  readonly settings: ConsoleSettings
  readonly isShown: boolean
}

/** A user agent and an application server in one page, with all that passes between them and the service. */
export function Playground({ isShown }: PlaygroundProps) {
  return (
    <section hidden={!isShown}>
      <h2>Playground</h2>
    </section>
  )
}
