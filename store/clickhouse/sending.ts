/**
 * Steps as ClickHouse takes them: a row a line, all of a step in one insert, its coverage among them.
 * The version of a step is the number of its write in the spool, so that sending it again changes
 * nothing; the token of an insert tells which steps are in it, so that it is not even done again.
 */
import { createHash } from 'node:crypto'

import type { Tier } from '../../flow/interval.ts'
import { fieldNames, measurements, unknownReasons } from '../measurement.ts'
import type { MeasurementRows, StepRows } from '../series.ts'
import { isConsolidated } from '../shape.ts'
import type { LoadedStep, SpooledStore } from '../spool/sender.ts'
import type { Connection } from './connection.ts'
import { faultOf } from './fault.ts'
import { tableOf } from './rows.ts'
import { coverageColumns, coverageName, figureColumns, tagColumns } from './schema.ts'

/** Requests at a time: the order of steps is kept, and a retry is of one insert. */
export const requestsMax = 2

/** What stands before the figures in a line. */
const headColumns = ['version', 'measurement', 'time', 'exporter', 'writer', ...tagColumns]

/** ClickHouse behind a spool; `tiers` the 5-minute one first. */
export function clickHouseBehind(
  connection: Connection,
  { writer, tiers }: { writer: string; tiers: readonly Tier[] },
): SpooledStore {
  return {
    kind: 'clickhouse',
    url: connection.urls.join(', '),
    // All of a step goes at once: the sender bounds how many steps that are.
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
      const columns = columnsOf(isConsolidated(tier))
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

function columnsOf(isCoarse: boolean): string[] {
  return [...headColumns, ...figureColumns(isCoarse), ...coverageColumns]
}

function* linesOf(
  { entry, step }: LoadedStep,
  writer: string,
  isCoarse: boolean,
): Generator<string> {
  const { coverage, measurements: blocks } = step
  const seconds = coverage.time / 1000
  const version = entry.now.segment
  const figureCount = figureColumns(isCoarse).length
  const head = (measurement: string, tags: readonly string[]) => [
    version,
    measurement,
    seconds,
    coverage.exporter,
    writer,
    ...tags,
  ]
  const noCoverage = coverageColumns.map(() => 0)
  for (const rows of blocks) {
    const figures = figuresOf(rows, isCoarse)
    const texts = tagColumns.map((tag) =>
      (measurements[rows.measurement].tags as readonly string[]).includes(tag)
        ? rows.tags[tag]!
        : null,
    )
    for (let row = 0; row < rows.count; row++) {
      const tags = texts.map((column) => column?.[row] ?? '')
      const values = figures.map((column) => column?.[row] ?? 0)
      yield JSON.stringify([...head(rows.measurement, tags), ...values, ...noCoverage])
    }
  }
  const figures = Array.from({ length: figureCount - 1 }, () => 0)
  const noTags = tagColumns.map(() => '')
  yield JSON.stringify([
    ...head(coverageName, noTags),
    ...figures,
    coverage.known,
    ...coverageFigures(step),
  ])
}

/** In the order of figureColumns. */
function figuresOf({ sum, max, unknown, known }: MeasurementRows, isCoarse: boolean) {
  const columns: (Float64Array | undefined)[] = []
  for (const field of fieldNames) {
    columns.push(sum[field])
    if (isCoarse) columns.push(...[max, unknown].map((each) => each?.[field]))
  }
  return [...columns, known]
}

/** In the order of coverageColumns. */
function coverageFigures({ coverage, seen = 0 }: StepRows): number[] {
  const { unknown, datagrams, lostFlows, lostFlowsEstimated, openUntil = 0 } = coverage
  return [
    ...unknownReasons.map((reason) => unknown[reason] ?? 0),
    datagrams,
    lostFlows,
    lostFlowsEstimated ? 1 : 0,
    openUntil,
    seen,
  ]
}
