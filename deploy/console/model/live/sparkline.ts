/**
 * The path of a line that shows the course of some values and nothing else, from 0 at the bottom to the highest one at the top.
 * @param values the last ones, of which the picture has room for `room`: the latest is at its right edge
 * @returns what an SVG path's `d` takes
 */
export function sparkline(
  values: readonly (number | null)[],
  { room, width, height }: { readonly room: number; readonly width: number; readonly height: number },
): string {
  const shown = values.slice(-room)
  const top = Math.max(0, ...shown.map((value) => value ?? 0))
  const x = (index: number) => round((width * (room - shown.length + index)) / (room - 1))
  const y = (value: number) => round(top > 0 ? height - (height * value) / top : height)
  let isDrawing = false
  const steps = shown.map((value, index) => {
    const step = value === null ? '' : `${isDrawing ? 'L' : 'M'}${x(index)} ${y(value)}`
    isDrawing = value !== null
    return step
  })
  return steps.join('')
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
