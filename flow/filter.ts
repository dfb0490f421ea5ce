/**
 * Filters: one AST for everything that users type, from which the archive's SQL and a predicate over
 * columns are made. flow/filter/ parses, prints and evaluates it; docs/filter.md specifies the language.
 */
import { parseNetwork, type Network } from './address.ts'
import type { AddressFieldName, BitsFieldName, NumberFieldName } from './filter/fields.ts'

/** Which end a condition applies to; `either` is the default. */
export type Side = 'source' | 'destination' | 'either' | 'both'

/** An inclusive range of integers; the upper bound may be Infinity. */
export type Range = readonly [least: number, most: number]

/** True if the value of a field is in one of the ranges. */
export interface NumberFilter {
  kind: 'number'
  field: NumberFieldName
  side: Side
  ranges: readonly Range[]
}

/** True if an address is in one of the networks and in none of `except`. */
export interface AddressFilter {
  kind: 'address'
  field: AddressFieldName
  side: Side
  networks: readonly Network[]
  except: readonly Network[]
  /** The word written for the networks, such as local. */
  word?: string
}

/** Of the bits in `mask`, exactly those of `value` are set, or (any) at least one is. */
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

/** What would be valid where a filter cannot be parsed: words, and kinds of values. */
export interface Wanted {
  words?: readonly string[]
  /** Words that name known exporters, interfaces, networks, hosts … */
  values?: 'exporter' | 'interface' | 'address' | 'protocol' | 'service'
}

/** A filter that cannot be parsed: the offset in characters, and what was expected there. */
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

/** The flows whose field has one of the values. */
export function numberFilter(
  field: NumberFieldName,
  values: readonly number[],
  side: Side = 'either',
): Filter {
  return { kind: 'number', field, side, ranges: values.map((value) => [value, value]) }
}

/** The flows of an exporter, given by its address. */
export function exporterFilter(address: string): Filter {
  const network = parseNetwork(address)
  if (!network) throw new RangeError(`exporter "${address}": it must be an address`)
  return { kind: 'address', field: 'exporter', side: 'either', networks: [network], except: [] }
}

/** The flows that match all terms; with no terms, every flow. */
export function allOf(terms: readonly Filter[]): Filter {
  const kept = once(
    terms.flatMap((term) => (term.kind === 'and' ? term.terms : term.kind === 'any' ? [] : [term])),
  )
  if (kept.length === 0) return { kind: 'any' }
  return kept.length === 1 ? kept[0]! : { kind: 'and', terms: kept }
}

/** The flows that match any term; with no terms, none. */
export function oneOf(terms: readonly Filter[]): Filter {
  const kept = once(terms.flatMap((term) => (term.kind === 'or' ? term.terms : [term])))
  if (kept.length === 0) return { kind: 'not', term: { kind: 'any' } }
  return kept.length === 1 ? kept[0]! : { kind: 'or', terms: kept }
}

/** The terms without duplicates, in order of first occurrence. */
function once(terms: readonly Filter[]): Filter[] {
  return [...new Map(terms.map((term) => [JSON.stringify(term), term])).values()]
}

/** The flows that do not match. */
export function noneOf(term: Filter): Filter {
  return term.kind === 'not' ? term.term : { kind: 'not', term }
}
