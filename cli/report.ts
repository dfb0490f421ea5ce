/** `weir report`: what happened in a span of time, on one page of paper, from the data folder. */
import { rename, rm, writeFile } from 'node:fs/promises'
import { extname } from 'node:path'

import { ApiError } from '../api/errors.ts'
import { openStateOf } from '../api/documents/shared-state.ts'
import { openNames } from '../api/names/open-names.ts'
import { openStatus } from '../api/status/cluster-status.ts'
import { exportersOf } from '../api/status/ingest-status.ts'
import { readWindow, type WindowQuery } from '../api/query/window.ts'
import { CannotRender } from '../api/report/render.ts'
import { formatReport, makeReport } from '../api/report/report.ts'
import { wordingOf } from '../api/routes/explain.ts'
import { reportFormats, type ReportFormat } from '../api/schema/explain.ts'
import { zoneOf } from '../flow/settings/settings.ts'
import { openSeriesReader } from '../store/open-series.ts'
import { openFlows, openIncidents } from '../store/open.ts'
import { CommandError, exitCodes, type CommandInput } from './command.ts'
import { readNames } from './names.ts'
import { runToEnd } from './stop.ts'

export async function report(input: CommandInput): Promise<void> {
  await runToEnd((stopping) => reportUntil(stopping, input), null)
}

async function reportUntil(signal: AbortSignal, { settings, values }: CommandInput): Promise<void> {
  const path = typeof values['output'] === 'string' ? values['output'] : null
  const format = formatOf(path)
  await readNames(settings)
  const state = await openStateOf(settings)
  // A command only reads: files of whoever runs it would be in ingest's way.
  const named = await openNames(settings, { ...state.state, change: async () => null })
  const { names } = named
  const flows = await openFlows(settings)
  const series = await openSeriesReader(settings)
  const incidents = await openIncidents(settings)
  const status = await openStatus(settings, Date.now)
  try {
    const now = Date.now()
    const exporters = exportersOf(await status.read())
    const query = queryOf(values)
    const window = readWindow(query, {
      now,
      names,
      exporters,
      local: settings.local.networks,
      zone: zoneOf(settings),
    })
    const wording = await wordingOf({ names: names.at(window.to), settings, status }, query.tz)
    const context = { settings, series, flows, incidents, wording, now, signal }
    const made = await makeReport(window, context)
    await write(path, await formatReport(made, format, signal))
  } catch (error) {
    if (error instanceof ApiError || error instanceof CannotRender) {
      const isUsage = error instanceof ApiError && error.status < 500
      const code = isUsage ? exitCodes.usage : exitCodes.failure
      throw new CommandError(`${error.message}; ${error.remedy}`, code)
    }
    throw error
  } finally {
    named.close()
    await Promise.all([flows, series, incidents, status, state].map((each) => each.close()))
  }
}

/** By the file's extension; Markdown without a file. */
function formatOf(path: string | null): ReportFormat {
  if (path === null) return 'md'
  const format = reportFormats.find((each) => `.${each}` === extname(path).toLowerCase())
  if (format) return format
  throw new CommandError(
    `-o ${path}: write a name that ends in ${reportFormats.map((each) => `.${each}`).join(', ')}`,
    exitCodes.usage,
  )
}

function queryOf(values: Record<string, unknown>): WindowQuery {
  const query: WindowQuery = {}
  for (const name of ['from', 'to', 'tz', 'exporter'] as const) {
    const value = values[name]
    if (typeof value === 'string') query[name] = value
    else if (name === 'from' || name === 'to')
      throw new CommandError(
        `--${name} is missing: write a time such as 2026-11-16T11:30Z or now-6h`,
        exitCodes.usage,
      )
  }
  return query
}

async function write(path: string | null, made: string | Buffer): Promise<void> {
  if (path === null) console.log(String(made).trimEnd())
  else {
    await writeWhole(path, made)
    console.log(`the report is in ${path}`)
  }
}

/** Writes a file that appears whole or not at all: on a full disk an earlier report stays. */
async function writeWhole(path: string, made: string | Buffer): Promise<void> {
  const part = `${path}.part`
  try {
    await writeFile(part, made)
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}
