/** Stored rows as InfluxDB returns them: one table per field and series, joined into rows again. */
import { coverageName } from '../coverage.ts'
import { unknownSuffix, type MeasurementName } from '../measurement.ts'
import { intervalMs } from '../../flow/interval.ts'
import type { SeriesRange } from '../series.ts'
import { bucketOf } from './buckets.ts'
import type { Connection } from './connection.ts'
import { anyOf, askFlux, Bindings } from './flux.ts'
import { fromTag, toTag } from './tag-text.ts'

/** Where the series are, and how to reach them. */
export interface InfluxSource {
  connection: Connection
  org: string
  prefix: string
}

interface RowsQuery extends SeriesRange {
  measurement: MeasurementName | typeof coverageName
  fields: readonly string[]
  /** Alternatives: in each, all tags must match; absent: all rows. */
  where?: readonly Readonly<Record<string, string>>[]
}

/** One series: its tags, by name. */
type Tags = Readonly<Record<string, string>>

export interface StoredRow {
  /** unix ms */
  time: number
  tags: Tags
  /** By field, in the requested order. */
  figures: Float64Array
}

/** A series, and its rows by InfluxDB's text of the time. */
interface Series {
  tags: Tags
  byTime: Map<string, StoredRow>
}

/** Rows of a measurement in a range, in no particular order. */
export async function storedRows(source: InfluxSource, query: RowsQuery): Promise<StoredRow[]> {
  const { fields } = query
  const rows: StoredRow[] = []
  const bySeries = new Map<string, Series>()
  const usual = Float64Array.from(fields, (field) => usualOf(field, query) ?? 0)
  const fieldPlaces = new Map(fields.map((field, place) => [field, place]))
  const times = new Map<string, number>()
  const timeOf = (text: string) => {
    let time = times.get(text)
    if (time === undefined) times.set(text, (time = Date.parse(text)))
    return time
  }
  let heading: ReadonlyMap<string, number> | null = null
  let at = { table: -1, time: -1, value: -1, field: -1 }
  let table = ''
  let series: Series = { tags: {}, byTime: new Map() }
  let field = 0
  await ask(source, query, (values, columns) => {
    if (heading !== columns) {
      heading = columns
      const place = (name: string) => columns.get(name)!
      at = {
        table: place('table'),
        time: place('_time'),
        value: place('_value'),
        field: place('_field'),
      }
      table = ''
    }
    if (table !== values[at.table]) {
      // A table is one field of one series.
      table = values[at.table]!
      const tags = tagsIn(values, columns)
      const id = JSON.stringify(tags)
      series = bySeries.get(id) ?? { tags, byTime: new Map() }
      bySeries.set(id, series)
      field = fieldPlaces.get(values[at.field]!)!
    }
    const time = values[at.time]!
    let row = series.byTime.get(time)
    if (!row) {
      row = { time: timeOf(time), tags: series.tags, figures: usual.slice() }
      series.byTime.set(time, row)
      rows.push(row)
    }
    row.figures[field] = Number(values[at.value]!)
  })
  return rows
}

/** Flux's own columns; all others are tags. */
const ownColumns = new Set(['', 'result', 'table', '_time', '_value', '_field', '_measurement'])

function tagsIn(values: readonly string[], columns: ReadonlyMap<string, number>): Tags {
  const tags: Record<string, string> = {}
  for (const [name, place] of columns)
    if (!ownColumns.has(name)) tags[name] = fromTag(values[place]!)
  return tags
}

function ask(
  { connection, org, prefix }: InfluxSource,
  query: RowsQuery,
  visit: Parameters<typeof askFlux>[2],
): Promise<void> {
  const bound = new Bindings()
  const bucket = bucketOf(prefix, query.tier)
  const text = [...Map.groupBy(query.fields, (field) => usualOf(field, query))]
    .map(
      ([usual, fields]) => `${selection(bound, { ...query, bucket, fields, usual })}
    |> drop(columns: ["_start", "_stop", "_measurement"])
    |> yield(name: "${usual ?? 'any'}")`,
    )
    .join('\n')
  return askFlux(connection, { org, query: { text, variables: bound.variables } }, visit)
}

/**
 * The start of every query: the points of a range by measurement, fields and tags, without those that
 * have the `usual` value, if given. All fields of a selection share it: if a range has several shards,
 * InfluxDB 2.9 applies a condition on one field's value to all fields.
 */
export function selection(
  bound: Bindings,
  query: Omit<RowsQuery, 'tier'> & {
    bucket: string
    usual?: number | undefined
  },
): string {
  const { bucket, from, to, measurement, fields, exporters, where, usual } = query
  const conditions = [
    `r._measurement == ${bound.text(measurement)}`,
    anyOf(fields.map((field) => `r._field == ${bound.text(field)}`)),
  ]
  if (usual !== undefined) conditions.push(`r._value != ${bound.integer(usual)}`)
  if (exporters)
    conditions.push(anyOf(exporters.map((each) => `r.exporter == ${bound.text(toTag(each))}`)))
  if (where)
    conditions.push(
      anyOf(
        where.map((tags) =>
          Object.entries(tags)
            .map(([name, value]) => `r.${name} == ${bound.text(toTag(value))}`)
            .join(' and '),
        ),
      ),
    )
  return `from(bucket: ${bound.text(bucket)})
    |> range(start: ${bound.time(from)}, stop: ${bound.time(to)})
    |> filter(fn: (r) => ${conditions.join(' and ')})`
}

/** The most common value of a field, if it has one: it is not fetched, and assumed if missing. */
function usualOf(
  field: string,
  { measurement, tier }: Pick<RowsQuery, 'measurement' | 'tier'>,
): number | undefined {
  if (measurement === coverageName) return ['known', 'datagrams'].includes(field) ? undefined : 0
  if (field === 'known') return tier.stepMs / intervalMs
  return field.endsWith(unknownSuffix) ? 0 : undefined
}
