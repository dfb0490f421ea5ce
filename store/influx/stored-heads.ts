/** The rows that InfluxDB has of some steps: those to retire when the steps are rewritten. */
import { measurements, type MeasurementName } from '../measurement.ts'
import { bucketOf } from './buckets.ts'
import { anyOf, askFlux, Bindings } from './flux.ts'
import { headOf } from './lines.ts'
import { fromTag, toTag } from './tag-text.ts'
import type { InfluxSource } from './rows.ts'

interface Step {
  tier: string
  time: number
  exporter: string
}

/** Steps in one query lie no further apart than this. */
const apartMsMax = 3_600_000

/** The heads of the stored rows of each step, all of one tier. Neighbouring steps are queried together. */
export async function storedHeads<One extends Step>(
  source: InfluxSource,
  steps: readonly One[],
): Promise<Map<One, Set<string>>> {
  const byName = new Map(steps.map((step) => [`${step.time} ${step.exporter}`, step]))
  const heads = new Map(steps.map((step) => [step, new Set<string>()]))
  const times = [...new Set(steps.map(({ time }) => time))].sort((a, b) => a - b)
  for (let at = 0; at < times.length;) {
    const from = times[at]!
    let to = from
    for (; at < times.length && times[at]! <= to + apartMsMax; at++) to = times[at]!
    const exporters = new Set(
      steps.filter(({ time }) => time >= from && time <= to).map(({ exporter }) => exporter),
    )
    const { tier } = steps[0]!
    await ask(source, { tier, from, to: to + 1000, exporters }, (time, exporter, head) => {
      const step = byName.get(`${time} ${exporter}`)
      if (step) heads.get(step)!.add(head)
    })
  }
  return heads
}

function ask(
  { connection, org, prefix }: InfluxSource,
  range: { tier: string; from: number; to: number; exporters: ReadonlySet<string> },
  visit: (time: number, exporter: string, head: string) => void,
): Promise<void> {
  const bound = new Bindings()
  const exporters = [...range.exporters].map((each) => `r.exporter == ${bound.text(toTag(each))}`)
  // Every row has bytes; coverage has none.
  const text = `from(bucket: ${bound.text(bucketOf(prefix, { name: range.tier }))})
    |> range(start: ${bound.time(range.from)}, stop: ${bound.time(range.to)})
    |> filter(fn: (r) => r._field == "bytes" and ${anyOf(exporters)})
    |> drop(columns: ["_start", "_stop"])`
  const request = { org, query: { text, variables: bound.variables } }
  return askFlux(connection, request, (values, columns) => {
    const valueOf = (name: string) => values[columns.get(name)!]!
    const measurement = valueOf('_measurement')
    if (!Object.hasOwn(measurements, measurement)) return
    const head = headOf(measurement as MeasurementName, valueOf)
    visit(Date.parse(valueOf('_time')), fromTag(valueOf('exporter')), head)
  })
}
