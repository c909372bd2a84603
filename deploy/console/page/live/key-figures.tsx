import type { KeyFigure, Part } from '../../model/live/key-figures.ts'
import type { LivePlot } from '../../model/live/live.ts'
import { sparkline } from '../../model/live/sparkline.ts'

/** Values in a small picture of a course: two minutes. */
const COURSE_VALUES = 120

interface KeyFiguresProps {
  readonly keys: readonly KeyFigure[]
  readonly plots: readonly LivePlot[]
}

/** The figures that are seen first. */
export function KeyFigures({ keys, plots }: KeyFiguresProps) {
  return (
    <dl class="keys">
      {keys.map((key) => (
        <div key={key.id} class="card key" data-key={key.id}>
          <dt>{key.label}</dt>
          {key.values.length > 0 && (
            <dd class="values">
              {key.values.map(({ name, text }) => (
                <span key={name} class="value">
                  {name !== undefined && <small>{name}</small>} {text}
                </span>
              ))}
            </dd>
          )}
          {key.parts !== undefined && <Parts parts={key.parts} />}
          {key.notes.map(({ text, level }) => (
            <dd key={text} class={`muted ${level ?? ''}`}>
              {text}
            </dd>
          ))}
          {key.course !== undefined && <Course values={courseOf(plots, key.course)} />}
        </div>
      ))}
    </dl>
  )
}

/** Parts of a whole, as a bar and in words. */
function Parts({ parts }: { readonly parts: readonly Part[] }) {
  let from = 0
  return (
    <dd>
      <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        {parts.map(({ name, share, colour }) => {
          const x = from
          from += 100 * share
          return <rect key={name} class={`fill-${colour}`} x={x} y="0" width={100 * share} height="8" />
        })}
      </svg>
      <ul class="parts">
        {parts.map(({ name, text, colour }) => (
          <li key={name}>
            <svg class="swatch" viewBox="0 0 8 8" aria-hidden="true">
              <rect class={`fill-${colour}`} width="8" height="8" />
            </svg>
            <span>{name}</span> <b>{text}</b>
          </li>
        ))}
      </ul>
    </dd>
  )
}

/** The course of a figure over the last minutes; the plots below say more. */
function Course({ values }: { readonly values: readonly (number | null)[] }) {
  return (
    <dd class="course" aria-hidden="true">
      <svg viewBox="0 -1 100 26" preserveAspectRatio="none">
        <title>Course over two minutes</title>
        <path
          d={sparkline(values, { room: COURSE_VALUES, width: 100, height: 24 })}
          vector-effect="non-scaling-stroke"
        />
      </svg>
    </dd>
  )
}

function courseOf(
  plots: readonly LivePlot[],
  { plot, line }: NonNullable<KeyFigure['course']>,
): readonly (number | null)[] {
  const lines = plots.find(({ id }) => id === plot)?.lines ?? []
  return lines.find(({ key }) => key === line)?.values ?? []
}
