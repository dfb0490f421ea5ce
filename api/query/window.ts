/** What every query about a span of time says: when, of whom, with which filter. */
import { formatAddress, parseAddress, type Network } from '../../flow/address.ts'
import { FilterError, allOf, exporterFilter, type Filter } from '../../flow/filter.ts'
import { parseFilter } from '../../flow/filter/parse.ts'
import type { Include } from '../../store/flows.ts'
import { parseTime } from '../../flow/time-grammar.ts'
import { isZone } from '../../flow/zone.ts'
import { ApiError, badQuery } from '../errors.ts'
import type { NameSource } from '../names/labels.ts'
import { exportersNamed, filterContext, type NamedExporter } from './filter-context.ts'

/** The window's parameters, as texts. */
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
  /** The filter as written, without the exporter asked for beside it. */
  filter: Filter | undefined
  /** The address of the only exporter asked for. */
  exporter: string | undefined
  include: Include
  /** Whether both ends were given as fixed times, so that the same query means the same window later. */
  isFixed: boolean
}

/** What reading a window needs to know. */
export interface WindowContext {
  /** unix ms */
  now: number
  names: NameSource
  /** Exporters that ingest knows, by which names from the network are found too. */
  exporters: readonly NamedExporter[]
  /** The local networks, for local and remote. */
  local: readonly Network[]
  /** In which times without a zone are read, where the query names none. */
  zone: string
}

/**
 * Reads the window of a query.
 * @throws ApiError naming the parameter that cannot be used
 */
export function readWindow(query: WindowQuery, context: WindowContext): Window {
  const zone = readZone(query.tz ?? context.zone)
  const time = (name: 'from' | 'to', text: string) => {
    const t = parseTime(withPlus(text), { now: context.now, zone, side: name })
    if (t === null)
      throw badQuery(
        'bad-time',
        `${name} "${text}" is no time between 1970 and 2100`,
        'write ISO 8601, unix seconds, now-6h or now/d',
      )
    return t
  }
  const [fromText, toText] = [query.from ?? 'now-6h', query.to ?? 'now']
  const from = time('from', fromText)
  const to = time('to', toText)
  if (from >= to)
    throw badQuery(
      'empty-window',
      `from "${fromText}" is not before to "${toText}"`,
      'give a from that lies before to',
    )
  const isRelative = [query.from ?? 'now', query.to ?? 'now'].some((text) => text.includes('now'))
  return {
    from,
    to,
    filter: readFilter(query.filter ?? '', context),
    exporter: query.exporter === undefined ? undefined : exporterAddress(query.exporter, context),
    include: query.include ?? 'any',
    isFixed: !isRelative,
  }
}

/** The filter of a window for the archive: what was written, and the exporter asked for. */
export function archiveFilter({ filter, exporter }: Window): Filter | undefined {
  if (exporter === undefined) return filter
  const term = exporterFilter(exporter)
  return filter === undefined ? term : allOf([filter, term])
}

/** The only exporter whose flows a window can hold, by its parameter or its filter; undefined for all. */
export function onlyExporter({ filter, exporter }: Window): string | undefined {
  return exporter ?? (filter && exporterIn(filter))
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

/** A filter that cannot be read, as it is answered. */
export function refusedFilter({ message, position }: FilterError): ApiError {
  return new ApiError(400, 'bad-filter', {
    message,
    remedy: 'mend it there; docs/filter.md has the whole language',
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

/** A plus that was not escaped in an address arrives as a space; one between day and clock is one. */
function withPlus(text: string): string {
  return text.trim().replaceAll(/(?<!^\d{4}-\d{2}-\d{2}) (?=\d)/g, '+')
}

/**
 * The time zone that is asked for.
 * @throws ApiError where it is none
 */
export function readZone(zone: string): string {
  if (isZone(zone)) return zone
  throw badQuery('bad-zone', `tz "${zone}" is no time zone`, 'write one such as Europe/Brussels')
}
