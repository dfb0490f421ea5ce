/**
 * Steps as line protocol. A row is a point: its tags tell it apart, its time is the start of its
 * step in seconds, its fields are integers, so that sums stay exact. Every point has all its fields
 * every time it is written: InfluxDB keeps the old value of a field that is left out.
 *
 *     host,direction=in,exporter=192.0.2.1,host=10.0.0.22 bytes=4000i,packets=4i,flows=1i,active=900i 1794828600
 */
import {
  consolidatedSuffixes,
  fieldNames,
  measurements,
  unknownReasons,
  type MeasurementName,
  type TagName,
} from '../measurement.ts'
import type { Coverage, MeasurementRows, StepRows } from '../series.ts'
import { toTag } from './tag-text.ts'

export const coverageName = 'coverage'

/** The fields of a measurement's points: of consolidated tiers maxima, unknown parts and `known` too. */
export function fieldsOf(isConsolidated: boolean): string[] {
  if (!isConsolidated) return [...fieldNames]
  const extra = consolidatedSuffixes.flatMap((suffix) => fieldNames.map((name) => name + suffix))
  return [...fieldNames, ...extra, 'known']
}

/** A measurement's tags in the order of their names, with the exporter: InfluxDB need not sort them. */
export function tagsOf(measurement: MeasurementName): (TagName | 'exporter')[] {
  return [...measurements[measurement].tags, 'exporter' as const].sort()
}

/** The tiers' rows: which row of the measurement a line is for. */
export interface RowLine {
  /** Measurement and tags: the same for the same key at any time. */
  head: string
  line: string
}

/** The lines of a step's rows. A row of which all sums are 0 says nothing, and has none. */
export function* rowLines({ coverage, measurements: blocks }: StepRows): Generator<RowLine> {
  const seconds = coverage.time / 1000
  for (const rows of blocks) {
    const columns = columnsOf(rows)
    const tags = tagsOf(rows.measurement)
    const texts = tags.map((tag) => (tag === 'exporter' ? null : rows.tags[tag]!))
    const exporter = escaped(coverage.exporter)
    for (let row = 0; row < rows.count; row++) {
      if (fieldNames.every((name) => rows.sum[name][row] === 0)) continue
      let head: string = rows.measurement
      for (let i = 0; i < tags.length; i++)
        head += `,${tags[i]!}=${texts[i] ? escaped(texts[i]![row]!) : exporter}`
      let fields = ''
      for (const { name, values } of columns) fields += `,${name}=${values[row]!}i`
      yield { head, line: `${head} ${fields.slice(1)} ${seconds}` }
    }
  }
}

function columnsOf(rows: MeasurementRows): { name: string; values: Float64Array }[] {
  const named = (values: MeasurementRows['sum'], suffix: string) =>
    fieldNames.map((name) => ({ name: name + suffix, values: values[name] }))
  const { max, unknown, known } = rows
  if (!max || !unknown || !known) return named(rows.sum, '')
  const [ofMax, ofUnknown] = consolidatedSuffixes
  return [
    ...named(rows.sum, ''),
    ...named(max, ofMax),
    ...named(unknown, ofUnknown),
    { name: 'known', values: known },
  ]
}

/** The line by which a row that is no more loses its value: zeros, which readers pass over. */
export function retiredLine(head: string, time: number, isConsolidated: boolean): string {
  const fields = fieldsOf(isConsolidated).map((name) => `${name}=0i`)
  return `${head} ${fields.join(',')} ${time / 1000}`
}

/** What is known of an exporter in a step. */
export function coverageLine(coverage: Coverage): string {
  const { time, exporter, known, unknown, datagrams, lostFlows, lostFlowsEstimated } = coverage
  const reasons = unknownReasons.map((reason) => `${reasonField(reason)}=${unknown[reason] ?? 0}i`)
  const fields = [
    `known=${known}i`,
    ...reasons,
    `datagrams=${datagrams}i`,
    `lost_flows=${lostFlows}i`,
    `lost_flows_estimated=${lostFlowsEstimated ? 1 : 0}i`,
    `open_until=${coverage.openUntil ?? 0}i`,
  ]
  return `${coverageName},exporter=${escaped(exporter)} ${fields.join(',')} ${time / 1000}`
}

/** The field in which the number of intervals that are unknown for a reason stands. */
export function reasonField(reason: (typeof unknownReasons)[number]): string {
  return reason.replaceAll('-', '_')
}

/** The head of a line from tags as InfluxDB gives them. */
export function headOf(measurement: MeasurementName, tagOf: (name: string) => string): string {
  const tags = tagsOf(measurement).map((tag) => `${tag}=${protect(tagOf(tag))}`)
  return [measurement, ...tags].join(',')
}

function escaped(text: string): string {
  return protect(toTag(text))
}

function protect(tag: string): string {
  return /[,= ]/.test(tag) ? tag.replace(/[,= ]/g, '\\$&') : tag
}
