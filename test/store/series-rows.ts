/** Rows of the series store in the form that tests use: one object per row. */
import type { Tier } from '../../flow/interval.ts'
import {
  fieldNames,
  measurements,
  type FieldName,
  type MeasurementName,
  type TagName,
} from '../../store/measurement.ts'
import type { Coverage, FieldColumns, MeasurementRows, StepRows } from '../../store/series.ts'

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs

/** The tiers of the default setting. */
export const tiers: Record<'5m' | '30m' | '2h' | '1d', Tier> = {
  '5m': { name: '5m', stepMs: 5 * minuteMs, keepMs: 90 * dayMs },
  '30m': { name: '30m', stepMs: 30 * minuteMs, keepMs: 365 * dayMs },
  '2h': { name: '2h', stepMs: 2 * hourMs, keepMs: 3 * 365 * dayMs },
  '1d': { name: '1d', stepMs: dayMs, keepMs: 10 * 365 * dayMs },
}

type Figure = FieldName | `${FieldName}_max` | `${FieldName}_unknown` | 'known'
/** Tags and figures of a row; omitted figures are 0. */
export type Row = Partial<Record<TagName, string>> & Partial<Record<Figure, number>>

function figures(rows: readonly Row[], suffix: '' | '_max' | '_unknown' = ''): FieldColumns {
  const column = (field: FieldName) =>
    Float64Array.from(rows, (row) => row[`${field}${suffix}` as Figure] ?? 0)
  return {
    bytes: column('bytes'),
    packets: column('packets'),
    flows: column('flows'),
    active: column('active'),
  }
}

/** Rows of a measurement; with the maxima of a consolidated tier if any row has `known`. */
export function rowsOf(measurement: MeasurementName, rows: readonly Row[]): MeasurementRows {
  const tags: MeasurementRows['tags'] = {}
  for (const tag of measurements[measurement].tags) tags[tag] = rows.map((row) => row[tag] ?? '')
  const made = { measurement, count: rows.length, tags, sum: figures(rows) }
  if (!rows.some((row) => row.known !== undefined)) return made
  return {
    ...made,
    max: figures(rows, '_max'),
    unknown: figures(rows, '_unknown'),
    known: Float64Array.from(rows, (row) => row.known ?? 0),
  }
}

export function coverageOf(time: number, exporter: string, rest: Partial<Coverage> = {}): Coverage {
  return {
    time,
    exporter,
    known: 1,
    unknown: {},
    datagrams: 1,
    lostFlows: 0,
    lostFlowsEstimated: false,
    ...rest,
  }
}

/** A step of one exporter with the given rows, by measurement. */
export function stepOf(
  coverage: Coverage,
  rows: Partial<Record<MeasurementName, readonly Row[]>>,
): StepRows {
  const measured = Object.entries(rows) as [MeasurementName, readonly Row[]][]
  return { coverage, measurements: measured.map(([name, list]) => rowsOf(name, list)) }
}

/** The rows of a block as objects again, without zeros, in the order of their tags. */
export function rowsBack(block: MeasurementRows): Row[] {
  const rows: Row[] = []
  for (let i = 0; i < block.count; i++) {
    const row: Row = {}
    for (const tag of measurements[block.measurement].tags) row[tag] = block.tags[tag]![i]!
    for (const field of fieldNames) {
      if (block.sum[field][i]) row[field] = block.sum[field][i]!
      if (block.max?.[field][i]) row[`${field}_max`] = block.max[field][i]!
      if (block.unknown?.[field][i]) row[`${field}_unknown`] = block.unknown[field][i]!
    }
    if (block.known) row.known = block.known[i]!
    rows.push(row)
  }
  return rows.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

/** Steps as plain values for comparison: rows by measurement, without empty ones. */
export function plain(steps: readonly StepRows[]): unknown[] {
  return steps.map(({ coverage, measurements: blocks }) => ({
    coverage,
    rows: Object.fromEntries(
      blocks
        .filter(({ count }) => count > 0)
        .map((block) => [block.measurement, rowsBack(block)] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  }))
}
