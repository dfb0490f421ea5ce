/** The greatest keys of steps in memory: the same as `top` of a series store, without querying it. */
import { fieldNames, otherKey, type FieldName, type MeasurementName } from '../measurement.ts'
import type { SeriesKey, StepRows, TopQuery, TopRows } from '../series.ts'
import { compareText, cutTag } from '../shape.ts'

/** Sums by key, for ranking. */
export class Ranking {
  readonly #query: TopQuery
  readonly #sums = new Map<string, TopRows[number]>()

  constructor(query: TopQuery) {
    this.#query = query
  }

  add(key: SeriesKey, sums: Partial<Record<FieldName, number>>): void {
    const id = JSON.stringify(key)
    let row = this.#sums.get(id)
    if (!row)
      this.#sums.set(id, (row = { key, sum: { bytes: 0, packets: 0, flows: 0, active: 0 } }))
    for (const name of fieldNames) row.sum[name] += sums[name] ?? 0
  }

  /** Descending; ties by key. */
  rows(): TopRows {
    const { order, by } = this.#query
    return [...this.#sums.values()].sort(
      (a, b) => b.sum[order] - a.sum[order] || compareKeys(a.key, b.key, by),
    )
  }
}

/** Ranks the rows of steps. */
export function rankSteps(query: TopQuery, steps: readonly StepRows[]): TopRows {
  const { measurement, by, limit } = query
  const cut = cutTag(by)
  const ranking = new Ranking(query)
  for (const { exporter, rows } of rowsOf(steps, measurement))
    for (let row = 0; row < rows.count; row++) {
      if (cut && rows.tags[cut]![row] === otherKey) continue
      const key: SeriesKey = {}
      for (const tag of by) key[tag] = tag === 'exporter' ? exporter : rows.tags[tag]![row]!
      ranking.add(key, Object.fromEntries(fieldNames.map((name) => [name, rows.sum[name][row]!])))
    }
  return ranking.rows().slice(0, limit)
}

/** The rows of one measurement, by step. */
function rowsOf(steps: readonly StepRows[], measurement: MeasurementName) {
  return steps.flatMap(({ coverage: { exporter }, measurements }) =>
    measurements
      .filter((rows) => rows.measurement === measurement)
      .map((rows) => ({ exporter, rows })),
  )
}

function compareKeys(a: SeriesKey, b: SeriesKey, by: TopQuery['by']): number {
  for (const tag of by) {
    const order = compareText(a[tag]!, b[tag]!)
    if (order !== 0) return order
  }
  return 0
}
