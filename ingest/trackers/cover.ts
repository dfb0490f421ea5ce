/**
 * Necessary conditions of filters: values of single columns, of which every matching flow has at
 * least one. They lead from a flow to the filters that may match it, so that not every filter is
 * tested on every flow.
 */
import type { ColumnName } from '../../flow/columns.ts'
import type { AddressFilter, Filter, NumberFilter, Side } from '../../flow/filter.ts'
import {
  addressFields,
  bitsFields,
  numberField,
  type AddressColumn,
  type NumberFieldName,
} from '../../flow/filter/fields.ts'
import { isIPv4, type AddressWords } from '../../flow/address.ts'

/** A value of a number column, or a network that contains an address. */
export type Sign =
  | { column: ColumnName; value: number }
  | { address: AddressColumn; words: AddressWords; bits: number }

export interface Cover {
  signs: Sign[]
  /** The share of flows estimated, or found, to have one of the signs. */
  share: number
  /** Every flow with one of the signs matches: nothing else needs to be tested. */
  isExact: boolean
}

/** Most signs per filter; a filter with more is tested on every flow. */
const signsMax = 256
/** The estimated share of flows with a sign, by field. Errors only cost time. */
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
/** Ports above the well-known ones (RFC 6335). */
const highPort = { from: 1024, share: 0.0005 }
/** Above this share, testing a flow is faster than looking it up. */
const shareMax = 0.3
const ipv4Bits = 96

/** Alternative covers for finding a filter's flows; each suffices. Empty if none is worthwhile. */
export function coversOf(filter: Filter): Cover[] {
  const terms = filter.kind === 'and' ? filter.terms : [filter]
  const covers = terms.map(anyCover).filter((cover) => cover !== null)
  return covers
    .filter(isWorthwhile)
    .map((cover) => ({ ...cover, isExact: cover.isExact && terms.length === 1 }))
}

/** The cheapest cover; null if none is worthwhile. */
export function cheapest(covers: readonly Cover[]): Cover | null {
  const worthwhile = covers.filter(isWorthwhile)
  return worthwhile.length === 0 ? null : worthwhile.reduce((a, b) => (b.share < a.share ? b : a))
}

function isWorthwhile({ share, signs }: Cover): boolean {
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

/** Of terms that must all hold, the cover of one suffices: the rarest. */
function ofAll(terms: readonly Filter[]): Cover | null {
  const covers = terms.map(anyCover).filter((cover) => cover !== null)
  const best = cheapest(covers)
  return best && { ...best, isExact: best.isExact && terms.length === 1 }
}

/** Of terms of which one must hold, all covers are needed. */
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

/** Longer prefixes are rarer: an IPv4 /8 a sixteenth, an IPv6 /32 a fortieth. */
function networkShare({ words, bits }: { words: AddressWords; bits: number }): number {
  const isOfIPv4 = bits >= ipv4Bits && isIPv4(words)
  return 2 ** (isOfIPv4 ? -(bits - ipv4Bits) / 2 : -bits / 6)
}

/** The columns of which one must have the value: if both must, the first is enough. */
function endsOf<Column>(columns: readonly Column[], side: Side): Column[] {
  const [source, destination] = columns
  if (destination === undefined || side === 'source' || side === 'both') return [source!]
  return side === 'destination' ? [destination] : [source!, destination]
}

/** The columns read by a filter's conditions. */
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

/** The columns from which sizes, durations and rates are computed. */
const measured: ColumnName[] = [
  'octetDeltaCount',
  'packetDeltaCount',
  'samplingInterval',
  'flowStartMilliseconds',
  'flowEndMilliseconds',
]
