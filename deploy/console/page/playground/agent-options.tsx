import { parseUrgency, URGENCIES } from '../../../../push/urgency.ts'
import type { AgentState, Answering } from '../../model/playground/agent-state.ts'
import type { AgentRunner } from './agent-runner.ts'
import { described, Field } from './field.tsx'

interface AgentOptionsProps {
  readonly state: AgentState
  readonly runner: AgentRunner
}

/** What can be answered to messages, in the order in which it is offered. */
const ANSWERINGS: readonly (readonly [answering: Answering, label: string])[] = [
  ['firefox', 'by itself, as Firefox does'],
  ['hand', 'by hand, at each message'],
  [100, 'always ack 100: delivered'],
  [101, 'always ack 101: can’t be decrypted'],
  [102, 'always ack 102: not delivered'],
  [301, 'always nack 301'],
  [302, 'always nack 302'],
  [303, 'always nack 303'],
]

/** Which messages the user agent wants now, and how it answers them. */
export function AgentOptions({ state, runner }: AgentOptionsProps) {
  const { link, identity, urgencyAsked, answering } = state
  return (
    <>
      <Field
        id="answering"
        label="Messages are answered"
        hint="What is not acknowledged, or refused (nack), stays at the service: it comes again after you connect again, five times at most."
      >
        <select
          {...described('answering')}
          value={String(answering)}
          onChange={(event) => {
            const [chosen] = ANSWERINGS.find(([one]) => String(one) === event.currentTarget.value) ?? []
            if (chosen !== undefined) runner.dispatch({ kind: 'answering', answering: chosen })
          }}
        >
          {ANSWERINGS.map(([one, label]) => (
            <option key={one} value={String(one)}>
              {label}
            </option>
          ))}
        </select>
      </Field>
      <Field
        id="min-urgency"
        label="Least urgency"
        hint="Less urgent messages wait at the service until this is lowered. Not every service knows this."
      >
        <select
          {...described('min-urgency')}
          value={urgencyAsked ?? identity.minUrgency}
          disabled={link.kind !== 'open' || urgencyAsked !== undefined}
          onChange={(event) => {
            const min = parseUrgency(event.currentTarget.value)
            if (min !== undefined) runner.dispatch({ kind: 'urgency', min })
          }}
        >
          {URGENCIES.map((urgency) => (
            <option key={urgency} value={urgency}>
              {urgency}
            </option>
          ))}
        </select>
      </Field>
    </>
  )
}
