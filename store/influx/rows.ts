/** Stored rows as InfluxDB gives them: a table a field and series, put together to rows again. */
import type { MeasurementName } from '../measurement.ts'
import type { SeriesRange } from '../series.ts'
import { bucketOf } from './buckets.ts'
import type { Connection } from './connection.ts'
import { askFlux, Bindings } from './flux.ts'
import { coverageName } from './lines.ts'
import { fromTag, toTag } from './tag-text.ts'

/** Where the series are, and how they are reached. */
export interface InfluxSource {
  connection: Connection
  org: string
  prefix: string
}

export interface RowsQuery extends SeriesRange {
  measurement: MeasurementName | typeof coverageName
  fields: readonly string[]
  /** Of each alternative all tags hold; absent: all rows. */
  where?: readonly Readonly<Record<string, string>>[]
}

/** One series: its tags, by name. */
export type Tags = Readonly<Record<string, string>>

export interface StoredRow {
  /** unix ms */
  time: number
  tags: Tags
  /** By field, in the order asked for; 0 where a field is missing. */
  figures: Float64Array
}

/** Rows of a measurement in a range, in no order. */
export async function storedRows(source: InfluxSource, query: RowsQuery): Promise<StoredRow[]> {
  const { fields } = query
  const rows: StoredRow[] = []
  const bySeries = new Map<string, { tags: Tags; byTime: Map<string, StoredRow> }>()
  const places = new Map(fields.map((field, place) => [field, place]))
  let table = ''
  let held: { tags: Tags; byTime: Map<string, StoredRow>; place: number } | null = null
  await ask(source, query, (values, columns) => {
    const named = values[columns.get('table')!]!
    if (!held || table !== named) {
      table = named
      const tags = tagsIn(values, columns)
      const id = JSON.stringify(tags)
      let series = bySeries.get(id)
      if (!series) bySeries.set(id, (series = { tags, byTime: new Map() }))
      held = { ...series, place: places.get(values[columns.get('_field')!]!)! }
    }
    const time = values[columns.get('_time')!]!
    let row = held.byTime.get(time)
    if (!row) {
      row = { time: Date.parse(time), tags: held.tags, figures: new Float64Array(fields.length) }
      held.byTime.set(time, row)
      rows.push(row)
    }
    row.figures[held.place] = Number(values[columns.get('_value')!]!)
  })
  return rows
}

/** Columns of Flux's own; all others are tags. */
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
  const text = `${selection(bound, { ...query, bucket: bucketOf(prefix, query.tier) })}
    |> drop(columns: ["_start", "_stop", "_measurement"])`
  return askFlux(connection, { org, query: { text, variables: bound.variables } }, visit)
}

/** The beginning of every query: the points of a range by measurement, fields and tags. */
export function selection(
  bound: Bindings,
  query: Omit<RowsQuery, 'tier'> & { bucket: string },
): string {
  const { bucket, from, to, measurement, fields, exporters, where } = query
  const conditions = [
    `r._measurement == ${bound.text(measurement)}`,
    anyOf(fields.map((field) => `r._field == ${bound.text(field)}`)),
  ]
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

function anyOf(conditions: readonly string[]): string {
  return conditions.length === 1
    ? `(${conditions[0]!})`
    : `(${conditions.map((each) => `(${each})`).join(' or ')})`
}
