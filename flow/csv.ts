/** CSV as spreadsheets read it (RFC 4180), safe to open there. */
import { isoIn } from './zone.ts'

type Cell = string | number | boolean | null | undefined

/**
 * Rows as CSV with a heading line. Texts that a spreadsheet would run as a formula (beginning with
 * = + - @, a tab or a return) get a leading apostrophe, as OWASP advises.
 */
export function csv(heading: readonly string[], rows: Iterable<readonly Cell[]>): string {
  let text = line(heading)
  for (const row of rows) text += line(row)
  return text
}

function line(cells: readonly Cell[]): string {
  return `${cells.map(cellText).join(',')}\r\n`
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell !== 'string') return String(cell)
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Unix seconds as ISO 8601 in a time zone, with its offset. */
export function csvTime(seconds: number, zone: string): string {
  return isoIn(Math.round(seconds * 1000), zone)
}
