interface TimeOfProps {
  readonly atMs: number
}

const TIME = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
})

/** A time of the day, with milliseconds. */
export function TimeOf({ atMs }: TimeOfProps) {
  return (
    <time class="time" dateTime={new Date(atMs).toISOString()}>
      {TIME.format(atMs)}
    </time>
  )
}
