import type { Link } from '../../model/playground/agent-state.ts'
import { TimeOf } from './time-of.tsx'

interface LinkStateProps {
  readonly link: Link
}

/** How things stand with the connection, in words. */
export function LinkState({ link }: LinkStateProps) {
  switch (link.kind) {
    case 'closed':
      return (
        <p class={`state ${link.why === undefined || link.wasAsked ? 'muted' : 'bad'}`}>
          <span class="dot" aria-hidden="true" />
          Not connected. {link.why}
        </p>
      )
    case 'opening':
      return <Waiting words="Connecting …" />
    case 'greeting':
      return <Waiting words="Connected; hello is not answered yet …" />
    case 'closing':
      return <Waiting words="Disconnecting …" />
    case 'open':
      return (
        <p class="state good">
          <span class="dot" aria-hidden="true" />
          Connected since <TimeOf atMs={link.sinceMs} />
        </p>
      )
  }
}

function Waiting({ words }: { readonly words: string }) {
  return (
    <p class="state warn">
      <span class="dot" aria-hidden="true" />
      {words}
    </p>
  )
}
