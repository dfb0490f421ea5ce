/**
 * Steps in ClickHouse's format: one line per row, all of a step in one insert, including its
 * coverage. A step's version is the number of its write in the spool, so sending it again changes
 * nothing; the insert's token identifies its steps, so that a repeated insert is skipped.
 */
import { createHash } from 'node:crypto'

import type { Tier } from '../../flow/interval.ts'
import { coverageFields, coverageFigures, coverageName } from '../coverage.ts'
import { figureNames } from '../measurement.ts'
import { figuresOf, isConsolidated } from '../shape.ts'
import type { LoadedStep, SpooledStore } from '../spool/sender.ts'
import type { Connection } from './connection.ts'
import { faultOf } from './fault.ts'
import { tableOf } from './rows.ts'
import { figureColumns, tagColumns } from './schema.ts'

/** Concurrent requests: steps keep their order, and a retry repeats one insert. */
export const requestsMax = 2

/** The columns before the figures in a line. */
const headColumns = ['version', 'measurement', 'time', 'exporter', 'writer', ...tagColumns]

/** ClickHouse as the spool's store; the 5-minute tier is first in `tiers`. */
export function clickHouseBehind(
  connection: Connection,
  { writer, tiers }: { writer: string; tiers: readonly Tier[] },
): SpooledStore {
  return {
    kind: 'clickhouse',
    url: connection.urls.join(', '),
    // A step is always sent whole: the sender limits how many steps are sent together.
    linesMax: Number.MAX_SAFE_INTEGER,
    requestsMax: 1,
    faultOf,
    ready: async () => void (await connection.version()),
    figures: () => ({ inFlight: connection.inFlight, ...connection.requests }),
    isTooOld({ tier, time }, nowMs) {
      const { keepMs, stepMs } = tiers.find(({ name }) => name === tier)!
      return time + stepMs + keepMs <= nowMs
    },
    async post(tierName, lines, signal) {
      const tier = tiers.find(({ name }) => name === tierName)!
      const columns = [...headColumns, ...figureColumns(isConsolidated(tier))]
      const { whole } = tableOf(connection, tier)
      const token = createHash('sha256').update(lines.join('\n')).digest('hex')
      await connection.run({
        sql: `INSERT INTO ${whole} (${columns.join(', ')}) FORMAT JSONCompactEachRow\n${lines.join('\n')}`,
        settings: {
          insert_deduplication_token: `${writer} ${token}`,
          input_format_parallel_parsing: 0,
        },
        signal,
      })
    },
    async batches(loaded) {
      const { tier: name } = loaded[0]!.entry
      const isCoarse = isConsolidated(tiers.find((tier) => tier.name === name)!)
      return [
        { target: name, lines: loaded.flatMap((each) => [...linesOf(each, writer, isCoarse)]) },
      ]
    },
  }
}

function* linesOf(
  { entry, step }: LoadedStep,
  writer: string,
  isCoarse: boolean,
): Generator<string> {
  const { coverage, measurements, seen = 0 } = step
  const columns = figureColumns(isCoarse)
  const head = (measurement: string, tags: readonly string[]) => [
    entry.now.segment,
    measurement,
    coverage.time / 1000,
    coverage.exporter,
    writer,
    ...tags,
  ]
  for (const rows of measurements) {
    const byName = named(figureNames(isCoarse), figuresOf(rows, isCoarse))
    const figures = columns.map((name) => byName.get(name))
    const texts = tagColumns.map((tag) => rows.tags[tag])
    for (let row = 0; row < rows.count; row++) {
      const tags = texts.map((column) => column?.[row] ?? '')
      const values = figures.map((column) => column?.[row] ?? 0)
      yield JSON.stringify([...head(rows.measurement, tags), ...values])
    }
  }
  const noTags = tagColumns.map(() => '')
  const known = named([...coverageFields, 'seen'], [...coverageFigures(coverage), seen])
  const values = columns.map((name) => known.get(name) ?? 0)
  yield JSON.stringify([...head(coverageName, noTags), ...values])
}

function named<Value>(names: readonly string[], values: readonly Value[]): Map<string, Value> {
  return new Map(names.map((name, i) => [name, values[i]!]))
}
