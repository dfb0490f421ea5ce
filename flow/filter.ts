/**
 * Filters: one AST for whatever a user typed, from which the archive's SQL and a predicate over
 * columns are made. flow/filter/ reads, prints and evaluates it; docs/filter.md is the language.
 */
import { parseNetwork, type Network } from './address.ts'
import type { AddressFieldName, BitsFieldName, NumberFieldName } from './filter/fields.ts'

/** Which end a condition is about; `either` is what stands where none is written. */
export type Side = 'source' | 'destination' | 'either' | 'both'

/** Whole numbers from the least to the most, both included; the most may be Infinity. */
export type Range = readonly [least: number, most: number]

/** Holds where the value of a field lies in one of the ranges. */
export interface NumberFilter {
  kind: 'number'
  field: NumberFieldName
  side: Side
  ranges: readonly Range[]
}

/** Holds where an address lies in one of the networks and in none of `except`. */
export interface AddressFilter {
  kind: 'address'
  field: AddressFieldName
  side: Side
  networks: readonly Network[]
  except: readonly Network[]
  /** The word that stood for the networks, such as local. */
  word?: string
}

/** Of the bits of `mask`: those of `value` are set and no others, or (any) at least one is set. */
export interface BitsFilter {
  kind: 'bits'
  field: BitsFieldName
  test: 'equal' | 'any'
  mask: number
  value: number
}

export type Filter =
  | { kind: 'any' }
  | { kind: 'and'; terms: readonly Filter[] }
  | { kind: 'or'; terms: readonly Filter[] }
  | { kind: 'not'; term: Filter }
  /** Both addresses are of this version of IP. */
  | { kind: 'family'; version: 4 | 6 }
  | NumberFilter
  | AddressFilter
  | BitsFilter

/** What could stand where a filter cannot be read: words, and values of which kind. */
export interface Wanted {
  words?: readonly string[]
  /** The words among which the known exporters, interfaces, networks, hosts … are. */
  values?: 'exporter' | 'interface' | 'address' | 'protocol' | 'service'
}

/** A filter that cannot be read: where (offset in characters) and what was expected there. */
export class FilterError extends Error {
  readonly position: number
  readonly expected: string
  readonly wanted: Wanted

  constructor(place: { position: number; found: string }, expected: string, wanted: Wanted = {}) {
    const found = place.found === '' ? 'the end' : `"${place.found}"`
    super(`filter: expected ${expected} at position ${place.position}, found ${found}`)
    this.name = 'FilterError'
    this.position = place.position
    this.expected = expected
    this.wanted = wanted
  }
}

/** The flows of a host or network (CIDR), given as text that is one. */
export function addressFilter(
  text: string,
  { field = 'address', side = 'either' }: { field?: AddressFieldName; side?: Side } = {},
): Filter {
  const network = parseNetwork(text)
  if (!network) throw new RangeError(`"${text}" is neither an address nor a network`)
  return { kind: 'address', field, side, networks: [network], except: [] }
}

/** The flows whose field has one of the values. */
export function numberFilter(
  field: NumberFieldName,
  values: readonly number[],
  side: Side = 'either',
): Filter {
  return { kind: 'number', field, side, ranges: values.map((value) => [value, value]) }
}

/** The flows of an exporter, by its address. */
export function exporterFilter(address: string): Filter {
  return addressFilter(address, { field: 'exporter' })
}

/** The flows for which all hold; of none, any. */
export function allOf(terms: readonly Filter[]): Filter {
  const kept = once(
    terms.flatMap((term) => (term.kind === 'and' ? term.terms : term.kind === 'any' ? [] : [term])),
  )
  if (kept.length === 0) return { kind: 'any' }
  return kept.length === 1 ? kept[0]! : { kind: 'and', terms: kept }
}

/** The flows for which one holds; of no conditions, none. */
export function oneOf(terms: readonly Filter[]): Filter {
  const kept = once(terms.flatMap((term) => (term.kind === 'or' ? term.terms : [term])))
  if (kept.length === 0) return { kind: 'not', term: { kind: 'any' } }
  return kept.length === 1 ? kept[0]! : { kind: 'or', terms: kept }
}

/** Each condition once, in the order of the first. */
function once(terms: readonly Filter[]): Filter[] {
  return [...new Map(terms.map((term) => [JSON.stringify(term), term])).values()]
}

/** The flows for which it does not hold. */
export function noneOf(term: Filter): Filter {
  return term.kind === 'not' ? term.term : { kind: 'not', term }
}
