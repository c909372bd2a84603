/**
 * The path of a line that shows the course of some values and nothing else, from 0 at the bottom to the highest one at the top.
 * @returns what an SVG path's `d` takes
 */
export function sparkline(values: readonly (number | null)[], width: number, height: number): string {
  const top = Math.max(...values.map((value) => value ?? 0))
  const x = (index: number) => round((width * index) / Math.max(1, values.length - 1))
  const y = (value: number) => round(top > 0 ? height - (height * value) / top : height)
  let isDrawing = false
  const steps = values.map((value, index) => {
    const step = value === null ? '' : `${isDrawing ? 'L' : 'M'}${x(index)} ${y(value)}`
    isDrawing = value !== null
    return step
  })
  return steps.join('')
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
