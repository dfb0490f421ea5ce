/**
 * Steps as line protocol. A row is a point: identified by its tags, its time is the start of its step in
 * seconds, and its fields are integers, so that sums stay exact. Every write of a point has all its fields:
 * InfluxDB keeps the old value of a field that is left out.
 *
 *     host,direction=in,exporter=192.0.2.1,host=10.0.0.22 bytes=4000i,packets=4i,flows=1i,active=900i 1794828600
 */
import { coverageFields, coverageFigures, coverageName } from '../coverage.ts'
import {
  fieldNames,
  figureNames,
  tagsOf,
  type MeasurementName,
  type TagName,
} from '../measurement.ts'
import type { Coverage, StepRows } from '../series.ts'
import { figuresOf } from '../shape.ts'
import { toTag } from './tag-text.ts'

/** A measurement's tags including the exporter, sorted by name, so that InfluxDB need not sort them. */
export function pointTags(measurement: MeasurementName): (TagName | 'exporter')[] {
  return [...tagsOf(measurement), 'exporter' as const].sort()
}

/** A tier's row: the row of the measurement that a line is for. */
interface RowLine {
  /** Measurement and tags: the same for one key at any time. */
  head: string
  line: string
}

/** The lines of a step's rows. A row whose sums are all 0 gets none. */
export function* rowLines({ coverage, measurements: blocks }: StepRows): Generator<RowLine> {
  const seconds = coverage.time / 1000
  for (const rows of blocks) {
    const isCoarse = rows.known !== undefined
    const names = figureNames(isCoarse)
    const columns = figuresOf(rows, isCoarse)
    const tags = pointTags(rows.measurement)
    const texts = tags.map((tag) => (tag === 'exporter' ? null : rows.tags[tag]!))
    const exporter = escaped(coverage.exporter)
    for (let row = 0; row < rows.count; row++) {
      if (fieldNames.every((name) => rows.sum[name][row] === 0)) continue
      let head: string = rows.measurement
      for (let i = 0; i < tags.length; i++)
        head += `,${tags[i]!}=${texts[i] ? escaped(texts[i]![row]!) : exporter}`
      let fields = ''
      for (const [i, name] of names.entries()) fields += `,${name}=${columns[i]![row]!}i`
      yield { head, line: `${head} ${fields.slice(1)} ${seconds}` }
    }
  }
}

/** The line that clears a row that no longer exists: zeros, which readers skip. */
export function retiredLine(head: string, time: number, isCoarse: boolean): string {
  const fields = figureNames(isCoarse).map((name) => `${name}=0i`)
  return `${head} ${fields.join(',')} ${time / 1000}`
}

/** The line of an exporter's coverage in a step. */
export function coverageLine(coverage: Coverage): string {
  const figures = coverageFigures(coverage)
  const fields = coverageFields.map((name, i) => `${name}=${figures[i]!}i`)
  return `${coverageName},exporter=${escaped(coverage.exporter)} ${fields.join(',')} ${coverage.time / 1000}`
}

/** The head of a line from tags as InfluxDB returns them. */
export function headOf(measurement: MeasurementName, tagOf: (name: string) => string): string {
  const tags = pointTags(measurement).map((tag) => `${tag}=${protect(tagOf(tag))}`)
  return [measurement, ...tags].join(',')
}

function escaped(text: string): string {
  return protect(toTag(text))
}

function protect(tag: string): string {
  return /[,= ]/.test(tag) ? tag.replace(/[,= ]/g, '\\$&') : tag
}
