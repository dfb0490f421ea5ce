/** A top table as text for a terminal. */
import type { TopAnswer } from '../api/schema/schema.ts'
import { lengthCounted, rateCounted } from '../flow/spread.ts'
import { formatDuration, formatExact, formatScaled, formatShare } from '../flow/units.ts'
import { isoIn } from '../flow/zone.ts'

/** Columns with figures right-aligned; the last lines are the rest and the total. Times are in a time zone. */
export function topTable(answer: TopAnswer, zone: string): string {
  const { rows, other, total, ends, from, to, order, by } = answer
  const percent = (part: number, whole: number) => (whole === 0 ? '' : formatShare(part / whole))
  const figures = (sums: TopAnswer['total']) => [
    formatScaled(sums.bytes), percent(sums.bytes, total.bytes),
    formatExact(sums.packets), percent(sums.packets, total.packets),
    formatExact(sums.flows), percent(sums.flows, total.flows),
  ] // prettier-ignore
  const lines = rows.map((row) => {
    const bitsPerSecond = rateCounted(8 * row.bytes, row, answer)
    return [
      clean(row.label),
      iso(row.first, zone),
      formatDuration(lengthCounted(row, answer)),
      ...figures(row),
      formatExact(row.peers),
      bitsPerSecond === 0 ? '' : `${formatScaled(bitsPerSecond)}b/s`,
    ]
  })
  const heading = [
    by.join(' '), 'first seen', 'duration', 'bytes', '', 'packets', '', 'flows', '', 'peers', 'rate',
  ] // prettier-ignore
  const rest = ['other', '', '', ...figures(other), '', '']
  const whole = ['total', '', '', ...figures(total), '', '']
  const both = ends === 2 ? ' (each flow counts for both ends)' : ''
  const about = `${iso(from, zone)} to ${iso(to, zone)}, by ${by.join(', ')}${both}, in order of ${order}`
  return `${about}\n\n${aligned([heading, ...lines, rest, whole])}`
}

function iso(seconds: number, zone: string): string {
  return isoIn(Math.floor(seconds) * 1000, zone).replace('.000', '')
}

/** Names come from the network: characters that move a terminal's cursor are removed. */
function clean(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '·')
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd()
  return rows.map((row) => `${line(row)}\n`).join('')
}
