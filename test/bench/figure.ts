/** What was measured, beside what another program comes to and what is asked, as lines of a table. */

export interface Figure {
  what: string
  value: number
  unit: string
  /** What another program, or a plain loop, came to at the same, in the same unit. */
  beside?: { name: string; value: number }
  asked?: Bound
}

/** Of the value; or `ofBeside`, of how many times the value is what stands beside it. */
export interface Bound {
  least?: number
  most?: number
  ofBeside?: true
}

/** A figure that nothing stands beside. */
export function figure(what: string, value: number, unit: string, asked?: Bound): Figure {
  return { what, value, unit, ...(asked && { asked }) }
}

const widths = { what: 62, value: 10, unit: 16, beside: 36, asked: 10 }

/** How many times a value is what stands beside it; null where nothing does, or nothing was held there. */
export function ratioOf({ value, beside }: Figure): number | null {
  return beside && beside.value > 0 ? value / beside.value : null
}

/** Whether a figure is what is asked; null where nothing is, or where there is nothing to compare it with. */
export function isMet(figure: Figure): boolean | null {
  const { asked, value } = figure
  if (!asked) return null
  const bounded = asked.ofBeside ? ratioOf(figure) : value
  if (bounded === null) return null
  return bounded >= (asked.least ?? -Infinity) && bounded <= (asked.most ?? Infinity)
}

/** A line: what, figure, unit, how many times what is beside it, what is asked, and whether it is met. */
export function lineOf(figure: Figure): string {
  const { what, value, unit, beside, asked } = figure
  const ratio = ratioOf(figure)
  const met = isMet(figure)
  const parts = [
    what.padEnd(widths.what),
    rounded(value).padStart(widths.value),
    unit.padEnd(widths.unit),
    (beside ? `${ratio === null ? '–' : ratio.toFixed(2)} × ${beside.name} (${rounded(beside.value)})` : '').padEnd(widths.beside), // prettier-ignore
    (asked ? askedText(asked) : '').padEnd(widths.asked),
    met === null ? '' : met ? 'met' : 'SHORT',
  ]
  return parts.join(' ').trimEnd()
}

/** Three digits, or all before the point. */
function rounded(value: number): string {
  const before = Math.floor(Math.log10(Math.abs(value) || 1)) + 1
  return value.toFixed(Math.min(3, Math.max(0, 3 - before)))
}

function askedText({ least, most, ofBeside }: Bound): string {
  const bound = least ?? most!
  const text = Number.isInteger(bound) ? String(bound) : rounded(bound)
  return `${least === undefined ? '≤' : '≥'} ${text}${ofBeside ? ' ×' : ''}`
}

/** The middle of several measurements. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
