const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', hourCycle: 'h23' })
const DAY_AND_CLOCK = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'medium',
  hourCycle: 'h23',
})

/** Time of day of whoever looks, such as 14:03:05. */
export function clockTime(ms: number): string {
  return CLOCK.format(ms)
}

/** The same with the day. */
export function dayAndClockTime(ms: number): string {
  return DAY_AND_CLOCK.format(ms)
}
