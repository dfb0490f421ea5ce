/**
 * What a flow must have for a filter to let it through: values of single columns, of which a flow that
 * passes has at least one. By these a flow finds the filters that could follow it, instead of each
 * filter looking at each flow.
 */
import { flowColumns, type ColumnName } from '../../flow/columns.ts'
import type { AddressFilter, Filter, NumberFilter, Side } from '../../flow/filter.ts'
import {
  addressFields,
  bitsFields,
  numberField,
  type AddressColumn,
  type NumberFieldName,
} from '../../flow/filter/fields.ts'
import { isIPv4, type AddressWords } from '../../flow/address.ts'

/** A value of a column of numbers, or a network in which an address lies. */
export type Sign =
  | { column: ColumnName; value: number }
  | { address: AddressColumn; words: AddressWords; bits: number }

export interface Cover {
  signs: Sign[]
  /** The share of flows that is thought to have one of the signs, or was found to. */
  share: number
  /** Every flow with one of the signs passes: nothing else is to be looked at. */
  isExact: boolean
}

/** Signs of one filter; a filter with more is looked at with every flow. */
const signsMax = 256
/** Thought to have a sign: of flows, by what the sign is about. What is wrong only costs time. */
const numberShares: Partial<Record<NumberFieldName, number>> = {
  protocol: 0.5,
  interface: 0.25,
  observationDomain: 0.5,
  flowDirection: 0.5,
  sampling: 0.5,
  tos: 0.25,
  vlan: 0.1,
}
const numberShareUsually = 0.01
/** A port that IANA leaves to whoever takes one. */
const highPort = { from: 1024, share: 0.0005 }
/** With more than this, a flow is sooner looked at than found. */
const shareMax = 0.3
const ipv4Bits = 96

/** The ways to find a filter's flows by signs: each of them suffices. None where nothing is worth looking for. */
export function coversOf(filter: Filter): Cover[] {
  const terms = filter.kind === 'and' ? filter.terms : [filter]
  const covers = terms.map(anyCover).filter((cover) => cover !== null)
  return covers
    .filter(isWorthIt)
    .map((cover) => ({ ...cover, isExact: cover.isExact && terms.length === 1 }))
}

/** The cheapest of some ways; null where none is worth it. */
export function cheapest(covers: readonly Cover[]): Cover | null {
  const worthIt = covers.filter(isWorthIt)
  return worthIt.length === 0 ? null : worthIt.reduce((a, b) => (b.share < a.share ? b : a))
}

function isWorthIt({ share, signs }: Cover): boolean {
  return share <= shareMax && signs.length <= signsMax
}

function anyCover(filter: Filter): Cover | null {
  switch (filter.kind) {
    case 'and':
      return ofAll(filter.terms)
    case 'or':
      return ofAny(filter.terms)
    case 'number':
      return ofNumber(filter)
    case 'address':
      return ofAddress(filter)
    case 'any':
    case 'not':
    case 'family':
    case 'bits':
      return null
  }
}

/** Of terms that must all hold, those of one will do: the rarest. */
function ofAll(terms: readonly Filter[]): Cover | null {
  const covers = terms.map(anyCover).filter((cover) => cover !== null)
  const best = cheapest(covers)
  return best && { ...best, isExact: best.isExact && terms.length === 1 }
}

/** Of terms of which one must hold, all are needed. */
function ofAny(terms: readonly Filter[]): Cover | null {
  const whole: Cover = { signs: [], share: 0, isExact: true }
  for (const term of terms) {
    const cover = anyCover(term)
    if (!cover || whole.signs.length + cover.signs.length > signsMax) return null
    whole.signs.push(...cover.signs)
    whole.share += cover.share
    whole.isExact &&= cover.isExact
  }
  return whole
}

function ofNumber({ field, side, ranges }: NumberFilter): Cover | null {
  const { columns, measure, shift = 0, mask } = numberField(field)
  if (measure || shift !== 0 || mask !== undefined) return null
  const count = ranges.reduce((sum, [least, most]) => sum + (most - least + 1), 0)
  if (count > signsMax) return null
  const values = ranges.flatMap(([least, most]) =>
    Array.from({ length: most - least + 1 }, (_, i) => least + i),
  )
  const signs = endsOf(columns, side).flatMap((column) =>
    values.map((value) => ({ column, value })),
  )
  const shares = signs.map(({ value }) => numberShare(field, value))
  const share = shares.reduce((sum, each) => sum + each, 0)
  return { signs, share, isExact: columns.length === 1 || side !== 'both' }
}

function numberShare(field: NumberFieldName, value: number): number {
  if (field === 'port' && value >= highPort.from) return highPort.share
  return numberShares[field] ?? numberShareUsually
}

function ofAddress({ field, side, networks, except }: AddressFilter): Cover | null {
  if (networks.length > signsMax) return null
  const columns: readonly AddressColumn[] = addressFields[field].columns
  const signs = endsOf(columns, side).flatMap((address) =>
    networks.map(({ words, bits }) => ({ address, words, bits })),
  )
  const share = signs.reduce((sum, network) => sum + networkShare(network), 0)
  const isExact = except.length === 0 && (columns.length === 1 || side !== 'both')
  return { signs, share, isExact }
}

/** The longer the prefix, the fewer: a /8 of IPv4 a sixteenth, a /32 of IPv6 a fortieth. */
function networkShare({ words, bits }: { words: AddressWords; bits: number }): number {
  const isOfIPv4 = bits >= ipv4Bits && isIPv4(words)
  return 2 ** (isOfIPv4 ? -(bits - ipv4Bits) / 2 : -bits / 6)
}

/** The columns of which one has the value: what both must have, the first has. */
function endsOf<Column>(columns: readonly Column[], side: Side): Column[] {
  const [source, destination] = columns
  if (destination === undefined || side === 'source' || side === 'both') return [source!]
  return side === 'destination' ? [destination] : [source!, destination]
}

/** The columns that a filter's conditions read. */
export function columnsOf(filter: Filter): ColumnName[] {
  const halves = (column: AddressColumn): ColumnName[] => [`${column}High`, `${column}Low`]
  switch (filter.kind) {
    case 'any':
      return []
    case 'not':
      return columnsOf(filter.term)
    case 'and':
    case 'or':
      return [...new Set(filter.terms.flatMap(columnsOf))]
    case 'family':
      return [...halves('sourceAddress'), ...halves('destinationAddress')]
    case 'address':
      return addressFields[filter.field].columns.flatMap(halves)
    case 'bits':
      return [bitsFields[filter.field].column]
    case 'number': {
      const { columns, measure } = numberField(filter.field)
      return measure ? measured : [...columns]
    }
  }
}

/** What sizes, durations and rates follow from. */
const measured: ColumnName[] = [
  'octetDeltaCount',
  'packetDeltaCount',
  'samplingInterval',
  'flowStartMilliseconds',
  'flowEndMilliseconds',
]

/** Words of a row in a column. */
export function wordsOf(column: ColumnName): number {
  return flowColumns[column].kind === 'u64' ? 2 : 1
}
