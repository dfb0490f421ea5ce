/** The tables under the chart: the greatest hosts, ports and protocols of the window shown. */
import { signal } from '@preact/signals'

import type { Key, SeriesAnswer, SeriesEntry } from '../../api/schema/schema.ts'
import { keyId } from '../chart/layers.ts'
import { ask, RequestError, retryMs, type Query } from '../client.ts'
import type { Measure, View } from './address.ts'
import type { Traffic } from './traffic.ts'

const tableKeys = ['host', 'port', 'protocol'] as const
export type TableKey = (typeof tableKeys)[number]

/** The measure of a table. */
type Counted = 'bytes' | 'packets' | 'flows'

export interface TableRow {
  id: string
  label: string
  key: Key
  /** The figure in the table's measure. */
  count: number
  share: number
  /** Distinct peers; null if only totals are kept. */
  peers: number | null
  other: boolean
}

export interface Table {
  key: TableKey
  counted: Counted
  rows: TableRow[]
  /** Why there is no answer. */
  error: RequestError | null
}

export const tables = signal<readonly Table[]>([])
/** The view whose tables these are: those of another one come later than its chart. */
export const tablesOf = signal<View | null>(null)

/** Whether two views have the same tables. */
export function sameTables(a: View, b: View): boolean {
  const names = ['from', 'to', 'exporter', 'filter', 'measure', 'tz'] as const
  return names.every((name) => a[name] === b[name])
}

const rowsMax = 10
const countedBy: Record<Measure, Counted> = {
  bits: 'bytes',
  packets: 'packets',
  flows: 'flows',
  active: 'bytes',
  connections: 'flows',
}

/**
 * Loads the tables for a new chart; a failing one shows its error and does not affect the others,
 * and all are loaded again if that may help.
 */
export async function loadTables(shown: Traffic, ended: AbortSignal): Promise<void> {
  const counted = countedBy[shown.view.measure]
  const made = await Promise.all(
    tableKeys.map(async (key): Promise<Table> => {
      try {
        return { key, counted, rows: await loadRows({ shown, key, counted, ended }), error: null }
      } catch (error) {
        if (!(error instanceof RequestError)) throw error
        return { key, counted, rows: [], error }
      }
    }),
  )
  tables.value = made
  tablesOf.value = shown.view
  if (!made.some(({ error }) => error?.isPassing)) return
  await new Promise((resolve) => setTimeout(resolve, retryMs))
  if (!ended.aborted) await loadTables(shown, ended)
}

interface Asked {
  shown: Traffic
  key: TableKey
  counted: Counted
  ended: AbortSignal
}

/** From the archive if the chart is; a window of months is answered from the stored totals. */
function loadRows(asked: Asked): Promise<TableRow[]> {
  return asked.shown.keyed.source === 'archive' ? rowsOfFlows(asked) : rowsOfSeries(asked)
}

function windowQuery({ view, keyed }: Traffic): Query {
  const { from, to } = keyed
  return { from, to, exporter: view.exporter, filter: view.filter }
}

async function rowsOfFlows({ shown, key, counted, ended }: Asked): Promise<TableRow[]> {
  const query = { ...windowQuery(shown), by: key, order: counted, limit: rowsMax }
  const { rows, other, total } = await ask('top', query, ended)
  const whole = total[counted]
  const made = rows.map((row) => ({
    id: keyId(row),
    label: row.label,
    key: row.key,
    count: row[counted],
    share: share(row[counted], whole),
    peers: row.peers,
    other: false,
  }))
  return withRest(made, other[counted], whole)
}

const measureOf: Record<Counted, Measure> = { bytes: 'bits', packets: 'packets', flows: 'flows' }

async function rowsOfSeries({ shown, key, counted, ended }: Asked): Promise<TableRow[]> {
  const query = { ...windowQuery(shown), by: key, measure: measureOf[counted], top: rowsMax }
  const { step } = shown.keyed
  const { series }: SeriesAnswer = await ask('series', { ...query, step }, ended)
  const whole = series.reduce((sum, entry) => sum + entry.summary.total, 0)
  const isRest = (entry: SeriesEntry) => entry.key?.['other'] === true
  const made = series
    .filter((entry) => !isRest(entry))
    .map((entry) => ({
      id: keyId(entry),
      label: entry.label,
      key: entry.key ?? {},
      count: entry.summary.total,
      share: share(entry.summary.total, whole),
      peers: null,
      other: false,
    }))
  const rest = series.filter(isRest)
  return withRest(
    made,
    rest.reduce((sum, entry) => sum + entry.summary.total, 0),
    whole,
  )
}

function withRest(rows: TableRow[], rest: number, whole: number): TableRow[] {
  const sorted = rows.sort((a, b) => b.count - a.count)
  if (rest <= 0) return sorted
  const other = { id: 'other', label: 'other', key: { other: true }, peers: null, other: true }
  return [...sorted, { ...other, count: rest, share: share(rest, whole) }]
}

function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0
}
