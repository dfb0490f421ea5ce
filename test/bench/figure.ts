/** A measured figure, beside another program's and the target, as a line of a table. */

export interface Figure {
  what: string
  value: number
  unit: string
  /** The same for another program, or a plain loop, in the same unit. */
  beside?: { name: string; value: number }
  asked?: Bound
}

/** A bound on the value, or (`ofBeside`) on its ratio to `beside`. */
export interface Bound {
  least?: number
  most?: number
  ofBeside?: true
}

/** A figure without comparison. */
export function figure(what: string, value: number, unit: string, asked?: Bound): Figure {
  return { what, value, unit, ...(asked && { asked }) }
}

const widths = { what: 62, value: 10, unit: 16, beside: 36, asked: 10 }

/** The ratio of a value to `beside`; null if there is none, or it is 0. */
export function ratioOf({ value, beside }: Figure): number | null {
  return beside && beside.value > 0 ? value / beside.value : null
}

/** Whether a figure meets its target; null without a target, or with nothing to compare with. */
export function isMet(figure: Figure): boolean | null {
  const { asked, value } = figure
  if (!asked) return null
  const bounded = asked.ofBeside ? ratioOf(figure) : value
  if (bounded === null) return null
  return bounded >= (asked.least ?? -Infinity) && bounded <= (asked.most ?? Infinity)
}

/** A line: what, figure, unit, ratio to `beside`, target, and whether it is met. */
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

/** Three digits, or all before the decimal point. */
function rounded(value: number): string {
  const before = Math.floor(Math.log10(Math.abs(value) || 1)) + 1
  return value.toFixed(Math.min(3, Math.max(0, 3 - before)))
}

function askedText({ least, most, ofBeside }: Bound): string {
  const bound = least ?? most!
  const text = Number.isInteger(bound) ? String(bound) : rounded(bound)
  return `${least === undefined ? '≤' : '≥'} ${text}${ofBeside ? ' ×' : ''}`
}

/** The median of several measurements. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
