/** The `coverage`, `top` and `extent` queries of the series store, sent to InfluxDB. */
import type { Tier } from '../../flow/interval.ts'
import { coverageFields, coverageName, coverageOf } from '../coverage.ts'
import { fieldNames, otherKey, type FieldName } from '../measurement.ts'
import type { Coverage, SeriesKey, SeriesRange, TopQuery, TopRows } from '../series.ts'
import { byTimeAndExporter, cutTag, isNothing } from '../shape.ts'
import { bucketOf } from './buckets.ts'
import { askFlux, Bindings } from './flux.ts'
import { Ranking } from '../spool/ranked.ts'
import { selection, storedRows, type InfluxSource } from './rows.ts'
import { fromTag, toTag } from './tag-text.ts'

/** See SeriesStore.coverage. */
export async function readCoverage(source: InfluxSource, range: SeriesRange): Promise<Coverage[]> {
  if (isNothing(range)) return []
  const query = { ...range, measurement: coverageName, fields: coverageFields } as const
  const rows = await storedRows(source, query)
  return rows
    .map(({ time, tags, figures }) => coverageOf({ time, exporter: tags['exporter']! }, figures))
    .sort(byTimeAndExporter)
}

/** See SeriesStore.top. InfluxDB adds up; the sums are ranked here. */
export async function readTop(source: InfluxSource, query: TopQuery): Promise<TopRows> {
  if (isNothing(query)) return []
  const fields = [...new Set<FieldName>([...(query.fields ?? fieldNames), query.order])]
  const rows = await rankedSums(source, query, fields)
  // A key that has only retired rows does not exist: only all of its fields together show that.
  const isUnclear = rows.some(({ sum }) => fields.every((field) => sum[field] === 0))
  if (!isUnclear) return rows.slice(0, query.limit)
  const whole = await rankedSums(source, query, fieldNames)
  return whole
    .filter(({ sum }) => fieldNames.some((field) => sum[field] !== 0))
    .slice(0, query.limit)
}

async function rankedSums(
  { connection, org, prefix }: InfluxSource,
  query: TopQuery,
  fields: readonly FieldName[],
): Promise<TopRows> {
  const { measurement, by } = query
  const bound = new Bindings()
  const cut = cutTag(by)
  const bucket = bucketOf(prefix, query.tier)
  const columns = [...by, '_field'].map((name) => bound.text(name))
  const text = `${selection(bound, { ...query, bucket, measurement, fields })}
    ${cut ? `|> filter(fn: (r) => r.${cut} != ${bound.text(toTag(otherKey))})` : ''}
    |> group(columns: [${columns.join(', ')}])
    |> sum()`
  const ranking = new Ranking(query)
  const request = { org, query: { text, variables: bound.variables } }
  await askFlux(connection, request, (values, places) => {
    const key: SeriesKey = {}
    for (const tag of by) key[tag] = fromTag(values[places.get(tag)!]!)
    const field = values[places.get('_field')!] as FieldName
    ranking.add(key, { [field]: Number(values[places.get('_value')!]!) })
  })
  return ranking.rows()
}

/** All of time: InfluxDB requires a range. */
const everFrom = 0
const everTo = Date.UTC(2200, 0, 1)

/** See SeriesStore.extent. */
export async function readExtent(
  { connection, org, prefix }: InfluxSource,
  tier: Tier,
): Promise<{ from: number; to: number } | null> {
  const bound = new Bindings()
  const range = {
    from: everFrom,
    to: everTo,
    measurement: coverageName,
    fields: ['known'],
  } as const
  const points = selection(bound, { ...range, bucket: bucketOf(prefix, tier) })
  const text = `points = ${points}
    points |> first() |> yield(name: "first")
    points |> last() |> yield(name: "last")`
  const extent = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY }
  const request = { org, query: { text, variables: bound.variables } }
  await askFlux(connection, request, (values, columns) => {
    const time = Date.parse(values[columns.get('_time')!]!)
    extent.from = Math.min(extent.from, time)
    extent.to = Math.max(extent.to, time)
  })
  return extent.from > extent.to ? null : extent
}
