/** `weir query`: a top table from the archive, whether or not anything runs on the data folder. */
import { Errors } from 'typebox/value'

import { ApiError, toApiError } from '../api/errors.ts'
import { exportersOf, ingestStatus, seenOf } from '../api/status/ingest-status.ts'
import type { Seen } from '../api/query/coverage.ts'
import { filterContext } from '../api/query/filter-context.ts'
import { gapsIn, untold, type GapsContext } from '../api/query/gaps.ts'
import { interfacesAdded } from '../api/query/interfaces-added.ts'
import { readWhole } from '../api/query/numbers.ts'
import { topCsv, writeTop } from '../api/query/top-answer.ts'
import { archiveFilter, readWindow, type Window, type WindowContext } from '../api/query/window.ts'
import { TopQuery, type TopAnswer } from '../api/schema/schema.ts'
import { FilterError } from '../flow/filter.ts'
import { parseFilter } from '../flow/filter/parse.ts'
import { topKeys, type FlowStore, type TopKeyName } from '../store/flows.ts'
import { SettingsError, zoneOf, type Settings } from '../flow/settings/settings.ts'
import { openSeriesReader } from '../store/open-series.ts'
import { openFlows } from '../store/open.ts'
import { CommandError, exitCodes, type CommandInput } from './command.ts'
import { readNames } from './names.ts'
import { topTable } from './top-table.ts'

/** A window that holds every time that can be given as one of its ends. */
const beyondAll = { from: '0', to: '2099-12-31' }
/** The most rows of an answer. */
const rowsMax = 100_000

/** Writes an answer; `tz` is the zone of --tz, `zone` that or the one of the settings. */
type Format = (answer: TopAnswer, zones: { tz: string | undefined; zone: string }) => string

const formats: Record<string, Format> = {
  table: (answer, { zone }) => topTable(answer, zone),
  // Like the API's: in UTC, whatever the settings are, unless a zone is asked for.
  csv: (answer, { tz }) => topCsv(answer, tz),
  json: (answer) => `${JSON.stringify(answer)}\n`,
}

/** @throws CommandError if the query is invalid, with every fault, or would read too much */
export async function query({ settings, values, positionals }: CommandInput): Promise<void> {
  const names = await readNames(settings)
  const exporters = exportersOf(await ingestStatus(settings.data, Date.now).read())
  const context = {
    now: Date.now(),
    names,
    exporters,
    local: settings.local.networks,
    zone: zoneOf(settings),
  }
  const flows = await openFlows(settings)
  try {
    const question = await readQuestion({ values, positionals }, context, flows)
    const seen = seenOf(exporters)
    const answer = await ask(question, { ...context, seen, settings }, flows)
    const why = whyEmpty(settings.data, question.extent, answer)
    if (why !== null) console.error(`weir: ${why}`)
    const { tz } = question
    process.stdout.write(question.format(answer, { tz, zone: tz ?? context.zone }))
  } catch (error) {
    if (error instanceof CommandError) throw error
    const { status, message, remedy } = toApiError(error, {}, undefined)
    throw status >= 500 ? error : usage(`${message}; ${remedy}`)
  } finally {
    await flows.close()
  }
}

interface Question extends Omit<TopQuery, 'format'> {
  format: Format
  keys: TopKeyName[]
  rows: number
  /** The time of the archive's flows. */
  extent: Extent
}

type Extent = Pick<Awaited<ReturnType<FlowStore['extent']>>, 'first' | 'last'>

async function readQuestion(
  { values, positionals }: Pick<CommandInput, 'values' | 'positionals'>,
  context: WindowContext,
  flows: FlowStore,
): Promise<Question> {
  const written = ((values['by'] as string[] | undefined) ?? []).flatMap((each) => each.split(','))
  const { filter, keys } = splitWords(positionals, context)
  const by = [...new Set([...written, ...keys])].join(',') || 'host'
  const given: Record<string, unknown> = { filter, by }
  for (const name of ['from', 'to', 'order', 'include', 'exporter', 'tz'])
    if (values[name] !== undefined) given[name] = values[name]
  const { format, rows } = checked(values, given, context)
  const extent = await flows.extent(0, Number.MAX_SAFE_INTEGER)
  return {
    ...wholeOf(extent, given, context),
    ...(given as TopQuery),
    keys: by.split(',') as TopKeyName[],
    rows,
    extent,
    format,
  }
}

/**
 * Looks at every option by itself, so that all faults are told at once.
 * @throws CommandError with a line for each
 */
function checked(
  values: Record<string, unknown>,
  given: Record<string, unknown>,
  context: WindowContext,
): Pick<Question, 'format' | 'rows'> {
  const faults: string[] = []
  const word = text(values['format']) ?? 'table'
  const format = Object.hasOwn(formats, word) ? formats[word]! : null
  if (!format) faults.push(`--format ${word}: write table, csv or json`)
  const named = [...Errors(TopQuery, given)].map(({ instancePath }) => instancePath.slice(1))
  for (const name of new Set(named)) faults.push(faultText(name, given))
  const attempt = <Read>(read: () => Read): Read | null => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      faults.push(`${error.message}; ${error.remedy}`)
      return null
    }
  }
  const bounds = { fallback: 10, least: 1, most: rowsMax }
  const rows = attempt(() => readWhole('top', text(values['top']), bounds))
  const isFaulty = (name: string) => given[name] === undefined || named.includes(name)
  for (const name of ['tz', 'from', 'to', 'exporter', 'filter'])
    if (!isFaulty(name)) attempt(() => readWindow({ ...beyondAll, [name]: given[name] }, context))
  if (faults.length > 0) throw usage(faults.join('\n'))
  return { format: format!, rows: rows! }
}

/**
 * The time of the archive's flows, for an end that is not given; up to now, or from the beginning, if the end that is
 * given lies beyond them.
 */
function wholeOf(
  { first, last }: Extent,
  given: Record<string, unknown>,
  context: WindowContext,
): { from: string; to: string } {
  const end = (last ?? context.now) + 1000
  const start = first ?? end - 2000
  const { from, to } = readWindow({ ...beyondAll, ...given }, context)
  const isLater = given['from'] !== undefined && seconds(from) >= seconds(end)
  const isEarlier = given['to'] !== undefined && to <= start
  return { from: seconds(isEarlier ? 0 : start), to: seconds(isLater ? context.now : end) }
}

/** Why an answer must be empty; null if the archive has flows of its time. */
function whyEmpty(data: string, { first, last }: Extent, { from, to }: TopAnswer): string | null {
  if (first === null || last === null)
    return `there are no flows in ${data}: set WEIR_DATA to the data folder`
  if (from * 1000 <= last && to * 1000 > first) return null
  return `the flows in ${data} are of ${seconds(first)} to ${seconds(last)}: name a time within`
}

/** In the form the time grammar reads. */
function seconds(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString()
}

async function ask(
  question: Question,
  context: WindowContext & { seen: readonly Seen[]; settings: Settings },
  flows: FlowStore,
): Promise<TopAnswer> {
  const { keys: by, rows, order = 'bytes' } = question
  const window = readWindow(question, context)
  const { from, to, include } = window
  const filter = archiveFilter(window)
  const top = await flows.top({ from, to, include, filter, by, order, limit: rows })
  const remarks = [
    ...interfacesAdded(by, window, context.seen),
    ...((await flows.remarks?.(from, to)) ?? []),
    ...(await gapsOf(window, { ...context, flows })),
  ]
  for (const remark of remarks) console.error(`weir: ${remark}`)
  return writeTop(top, { by, order, window, names: context.names, remarks })
}

async function gapsOf(
  window: Window,
  { settings, ...context }: Omit<GapsContext, 'series' | 'tiers'> & { settings: Settings },
): Promise<string[]> {
  const series = await openSeriesReader(settings).catch((error: unknown) => {
    if (error instanceof SettingsError) return null
    throw error
  })
  if (!series) return [untold]
  try {
    return await gapsIn(window, { ...context, series, tiers: settings.tiers })
  } finally {
    await series.close()
  }
}

/** The filter, which may be several words, and the keys after --by (--by src dst). */
function splitWords(
  words: readonly string[],
  context: WindowContext,
): { filter: string; keys: string[] } {
  const known = topKeys as readonly string[]
  let end = words.length
  while (end > 0 && known.includes(words[end - 1]!) && !isFilter(words.slice(0, end), context))
    end--
  return isFilter(words.slice(0, end), context)
    ? { filter: words.slice(0, end).join(' '), keys: words.slice(end) }
    : { filter: words.join(' '), keys: [] }
}

function isFilter(words: readonly string[], context: WindowContext): boolean {
  try {
    parseFilter(words.join(' '), filterContext(context))
    return true
  } catch (error) {
    if (error instanceof FilterError) return false
    throw error
  }
}

interface ParameterSchema {
  description?: string
  enum?: readonly string[]
}

function faultText(name: string, given: Record<string, unknown>): string {
  const schemas = TopQuery.properties as object as Record<string, ParameterSchema | undefined>
  const { description = '', enum: words } = schemas[name] ?? {}
  return `--${name} ${String(given[name])}: ${words ? `write one of ${words.join(', ')}` : description}`
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function usage(message: string): CommandError {
  return new CommandError(message, exitCodes.usage)
}
