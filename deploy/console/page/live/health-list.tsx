import type { Health, Level } from '../../model/live/health.ts'

const ICONS: Readonly<Record<Level, string>> = { good: '✓', warn: '⚠', bad: '✗' }

/** How the parts of the service fare, in words and signs; read out when one of them changes. */
export function HealthList({ health }: { readonly health: readonly Health[] }) {
  return (
    <ul class="health" role="status" aria-label="How the service fares">
      {health.map(({ id, level, text }) => (
        <li key={id} class={level} data-health={id}>
          <span aria-hidden="true">{ICONS[level]}</span> {text}
        </li>
      ))}
    </ul>
  )
}
