/** The application over a real series store in a scratch folder and flows in memory. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'

import type { TSchema } from 'typebox'
import { Errors } from 'typebox/value'

import { buildApp, type AppOptions } from '../../api/app.ts'
import { FlowsAnswer, SeriesAnswer, TopAnswer } from '../../api/schema/schema.ts'
import { ExportersAnswer, StatusAnswer } from '../../api/schema/status.ts'
import { Names } from '../../flow/names/names.ts'
import { openApiState } from '../../api/documents/state.ts'
import type { IngestStatus } from '../../flow/status.ts'
import type { FlowRecord } from '../../store/flows.ts'
import {
  fieldNames,
  measurements,
  type FieldName,
  type MeasurementName,
  type TagName,
} from '../../store/measurement.ts'
import { openParquetSeries } from '../../store/parquet/series.ts'
import type {
  Coverage,
  FieldColumns,
  MeasurementRows,
  SeriesReader,
  StepRows,
} from '../../store/series.ts'
import { scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { MemoryFlows } from './memory-flows.ts'

/** One row of a measurement, as a test writes it. */
type Row = Partial<Record<TagName, string>> &
  Partial<Record<FieldName | 'known', number>> & {
    max?: Partial<Record<FieldName, number>>
    unknown?: Partial<Record<FieldName, number>>
  }

/** A step of one exporter, as a test writes it. */
export interface Step extends Partial<Coverage> {
  time: number
  rows?: Partial<Record<MeasurementName, Row[]>>
}

export const exporter = '192.0.2.1'

/** A step for the store. In the 5-minute tier a row has no separate maximum. */
function stepRows({ rows = {}, ...coverage }: Step, isCoarse = false): StepRows {
  return {
    coverage: {
      exporter,
      known: 1,
      unknown: {},
      datagrams: 1,
      lostFlows: 0,
      lostFlowsEstimated: false,
      ...coverage,
    },
    measurements: Object.entries(rows).map(([name, list]) =>
      measurementRows(name as MeasurementName, list, { isCoarse, known: coverage.known ?? 1 }),
    ),
  }
}

function measurementRows(
  measurement: MeasurementName,
  rows: readonly Row[],
  { isCoarse, known }: { isCoarse: boolean; known: number },
): MeasurementRows {
  const columns = (value: (row: Row, field: FieldName) => number) =>
    Object.fromEntries(
      fieldNames.map((field) => [field, Float64Array.from(rows, (row) => value(row, field))]),
    ) as FieldColumns
  const tags = Object.fromEntries(
    measurements[measurement].tags.map((tag) => [tag, rows.map((row) => row[tag] ?? '')]),
  )
  const held = { measurement, count: rows.length, tags, sum: columns((row, f) => row[f] ?? 0) }
  if (!isCoarse) return held
  return {
    ...held,
    max: columns((row, field) => row.max?.[field] ?? row[field] ?? 0),
    unknown: columns((row, field) => row.unknown?.[field] ?? 0),
    known: Float64Array.from(rows, (row) => row.known ?? known),
  }
}

export interface Given {
  /** Steps by name of tier. */
  steps?: Record<string, Step[]>
  flows?: readonly FlowRecord[]
  names?: object
  status?: IngestStatus | null
  environment?: Record<string, string>
  options?: Partial<AppOptions>
}

interface UnderTest {
  app: FastifyInstance
  series: SeriesReader
  flows: MemoryFlows
  /** Sends a request, expects 200 and an answer that matches its schema; returns the JSON. */
  get: <Answer>(url: string) => Promise<Answer>
  /** Sends a request, expects a refusal with this status; returns its error. */
  refused: (url: string, status?: number) => Promise<Refusal>
}

const answerSchemas: Record<string, TSchema> = {
  '/api/series': SeriesAnswer,
  '/api/top': TopAnswer,
  '/api/flows': FlowsAnswer,
  '/api/exporters': ExportersAnswer,
  '/api/status': StatusAnswer,
}

export interface Refusal {
  code: string
  message: string
  remedy: string
  position?: number
}

/** Builds the application over the given data, and closes it with the test. */
export async function appUnderTest(t: TestContext, given: Given = {}): Promise<UnderTest> {
  const folder = await scratchFolder()
  const settings = readSettings({ WEIR_DATA: folder, ...given.environment })
  const series = await openParquetSeries(join(folder, 'series'))
  for (const tier of settings.tiers) {
    const steps = given.steps?.[tier.name] ?? []
    await series.write(
      tier,
      steps.map((step) => stepRows(step, tier.name !== '5m')),
    )
  }
  const flows = new MemoryFlows(given.flows ?? [])
  const app = await buildApp({
    settings,
    series,
    flows,
    status: { read: async () => given.status ?? null },
    names: new Names(given.names),
    state: openApiState(folder),
    pageFolder: join(folder, 'no-page'),
    log: pino({ level: 'silent' }),
    requestsPerMinuteMax: 1e6,
    // On a busy machine a test's loop may stall for long, and must still be answered.
    lagMaxMs: 0,
    ...given.options,
  })
  t.after(async () => {
    await app.close()
    await series.close()
  })
  return {
    app,
    series,
    flows,
    async get<Answer>(url: string) {
      const response = await app.inject(url)
      assert.equal(response.statusCode, 200, response.body.slice(0, 500))
      const answer = response.json<Answer>()
      const schema = answerSchemas[url.split('?')[0]!]
      if (schema) assert.deepEqual(Errors(schema, answer).slice(0, 3), [], url)
      return answer
    },
    async refused(url, status = 400) {
      const response = await app.inject(url)
      assert.equal(response.statusCode, status, response.body.slice(0, 500))
      const { error, ...rest } = response.json<{ error: Refusal }>()
      assert.deepEqual(rest, {})
      for (const part of [error.code, error.message, error.remedy]) assert.ok(part.length > 0)
      return error
    },
  }
}
