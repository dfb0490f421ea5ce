/** The common part of every query about a span of time: window, exporter, filter. */
import { formatAddress, parseAddress, type Network } from '../../flow/address.ts'
import { FilterError, allOf, exporterFilter, type Filter } from '../../flow/filter.ts'
import { parseFilter } from '../../flow/filter/parse.ts'
import type { FlowWindow, Include } from '../../store/flows.ts'
import { isRelative, parseTime, type TimeContext } from '../../flow/time-grammar.ts'
import { isZone } from '../../flow/zone.ts'
import { ApiError, badQuery } from '../errors.ts'
import type { NameSource } from '../names/labels.ts'
import { timeForms } from '../schema/parts.ts'
import { exportersNamed, filterContext, type NamedExporter } from './filter-context.ts'

/** The window's parameters, as text. */
export interface WindowQuery {
  from?: string
  to?: string
  tz?: string
  filter?: string
  exporter?: string
  include?: Include
}

export interface Window {
  /** [from, to), unix ms. */
  from: number
  to: number
  /** The filter as written, without the separate exporter parameter. */
  filter: Filter | undefined
  /** The address of the single exporter asked for. */
  exporter: string | undefined
  include: Include
  /** Whether both ends are fixed times, so that the same query means the same window later. */
  isFixed: boolean
}

/** What reading a window needs. */
export interface WindowContext {
  /** unix ms */
  now: number
  names: NameSource
  /** Exporters that ingest knows; they are found by their own names too. */
  exporters: readonly NamedExporter[]
  /** The local networks, for local and remote. */
  local: readonly Network[]
  /** The zone of times without one, if the query names none. */
  zone: string
}

/**
 * Reads one side of a range, unix ms.
 * @throws ApiError naming the side if it cannot be read
 */
export function readTime(text: string, context: TimeContext): number {
  const t = parseTime(withPlus(text), context)
  if (t === null)
    throw badQuery(
      'bad-time',
      `${context.side} "${text}" cannot be read as a time between 1970 and 2100`,
      `write ${timeForms}`,
    )
  return t
}

/**
 * Reads the window of a query.
 * @throws ApiError naming the parameter that cannot be used
 */
export function readWindow(query: WindowQuery, context: WindowContext): Window {
  const zone = readZone(query.tz ?? context.zone)
  const time = (side: 'from' | 'to', text: string) =>
    readTime(text, { now: context.now, zone, side })
  const [fromText, toText] = [query.from ?? 'now-6h', query.to ?? 'now']
  const from = time('from', fromText)
  const to = time('to', toText)
  if (from >= to)
    throw badQuery(
      'empty-window',
      `from "${fromText}" is not before to "${toText}"`,
      'give a from before to',
    )
  return {
    from,
    to,
    filter: readFilter(query.filter ?? '', context),
    exporter: query.exporter === undefined ? undefined : exporterAddress(query.exporter, context),
    include: query.include ?? 'any',
    isFixed: !isRelative(fromText) && !isRelative(toText),
  }
}

/** The filter of a window for the archive: as written, and the exporter asked for. */
export function archiveFilter({ filter, exporter }: Window): Filter | undefined {
  if (exporter === undefined) return filter
  const term = exporterFilter(exporter)
  return filter === undefined ? term : allOf([filter, term])
}

/** A window as the archive takes it. */
export function archiveWindow(window: Window): FlowWindow {
  const { from, to, include } = window
  return { from, to, filter: archiveFilter(window), include }
}

/** The single exporter that a window is limited to, by its parameter or its filter; undefined for all. */
export function onlyExporter({ filter, exporter }: Window): string | undefined {
  return exporter ?? (filter && exporterIn(filter))
}

/** The same as a store is asked for it: the exporters of a window; undefined for all. */
export function exportersOf(window: Window): string[] | undefined {
  const only = onlyExporter(window)
  return only === undefined ? undefined : [only]
}

function exporterIn(filter: Filter): string | undefined {
  if (filter.kind === 'and')
    return filter.terms.map((term) => exporterIn(term)).find((exporter) => exporter !== undefined)
  if (filter.kind !== 'address' || filter.field !== 'exporter') return undefined
  const [network, second] = filter.networks
  const isOne = network?.bits === 128 && second === undefined && filter.except.length === 0
  return isOne ? formatAddress(...network.words) : undefined
}

function readFilter(text: string, context: WindowContext): Filter | undefined {
  try {
    return parseFilter(text, filterContext(context)) ?? undefined
  } catch (error) {
    throw error instanceof FilterError ? refusedFilter(error) : error
  }
}

/** The API's error for an invalid filter. */
export function refusedFilter({ message, position }: FilterError): ApiError {
  return new ApiError(400, 'bad-filter', {
    message,
    remedy: 'fix it there; docs/filter.md describes the whole language',
    position,
  })
}

function exporterAddress(text: string, { names, exporters }: WindowContext): string {
  const words = parseAddress(text)
  if (words) return formatAddress(...words)
  const [address, ...more] = exportersNamed(text, { names, exporters })
  if (address === undefined)
    throw badQuery(
      'unknown-exporter',
      `exporter "${text}" is neither an address nor a known name`,
      'see /api/exporters for the exporters and their names',
    )
  if (more.length > 0)
    throw badQuery(
      'ambiguous-exporter',
      `exporter "${text}" names ${more.length + 1} exporters`,
      `give the address: ${[address, ...more].join(', ')}`,
    )
  return address
}

/**
 * An unescaped plus in an address arrives as a space; between date and time of day a space is
 * right.
 */
function withPlus(text: string): string {
  return text.trim().replaceAll(/(?<!^\d{4}-\d{2}-\d{2}) (?=\d)/g, '+')
}

/**
 * The time zone asked for.
 * @throws ApiError if it is not a time zone
 */
export function readZone(zone: string): string {
  if (isZone(zone)) return zone
  throw badQuery('bad-zone', `tz "${zone}" is not a time zone`, 'write one such as Europe/Brussels')
}
