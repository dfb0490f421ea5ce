/** Prints filters in canonical form, which parses to the same filter. */
import { formatNetwork, type Network } from '../address.ts'
import type { AddressFilter, BitsFilter, Filter, NumberFilter, Side } from '../filter.ts'
import { addressFields, flagBits, numberField } from './fields.ts'
import { hasColons, writeNumber } from './values.ts'

/** The canonical form of a filter; null (no filter) is the empty text. */
export function formatFilter(filter: Filter | null): string {
  return filter === null ? '' : print(filter, false)
}

type Kind = Filter['kind']

/** Whether the filter is inside an odd number of nots: see bits.ts. */
type IsNegated = boolean

const printers: {
  [K in Kind]: (filter: Extract<Filter, { kind: K }>, isNegated: IsNegated) => string
} = {
  any: () => 'any',
  and: ({ terms }, isNegated) =>
    terms.map((term) => parenthesised(term, ['or'], isNegated)).join(' and '),
  or: ({ terms }, isNegated) => terms.map((term) => print(term, isNegated)).join(' or '),
  not: ({ term }, isNegated) => `not ${parenthesised(term, ['and', 'or'], !isNegated)}`,
  family: ({ version }) => (version === 4 ? 'inet' : 'inet6'),
  number: printNumber,
  address: printAddress,
  bits: printBits,
}

function print(filter: Filter, isNegated: IsNegated): string {
  const printer = printers[filter.kind] as (filter: Filter, isNegated: IsNegated) => string
  return printer(filter, isNegated)
}

function parenthesised(filter: Filter, kinds: readonly Kind[], isNegated: IsNegated): string {
  const text = print(filter, isNegated)
  return kinds.includes(filter.kind) ? `(${text})` : text
}

const sideWords: Record<Side, string> = {
  either: '',
  source: 'src ',
  destination: 'dst ',
  both: 'src and dst ',
}
const inAndOutWords: Record<Side, string> = {
  either: '',
  source: 'in ',
  destination: 'out ',
  both: 'in and out ',
}

function printNumber({ field, side, ranges }: NumberFilter): string {
  const { words, columns, ends, form, most } = numberField(field)
  const front = columns.length === 2 ? (ends ? inAndOutWords : sideWords)[side] : ''
  const word = `${front}${words[0]}${field === 'mplsLabel' ? ' label1' : ''}`
  const [first, second] = ranges
  if (!first) return `${word} < 0`
  const one = (value: number) => writeNumber(value, form)
  if (!second && first[0] === first[1]) return `${word} ${one(first[0])}`
  if (!second && first[1] === Number.POSITIVE_INFINITY) return `${word} >= ${one(first[0])}`
  if (!second && first[0] === 0) return `${word} <= ${one(first[1])}`
  const sign = hasColons(form) ? '-' : ':'
  const list = ranges.map(([least, greatest]) =>
    least === greatest ? one(least) : `${least}${sign}${Math.min(greatest, most)}`,
  )
  return `${word} in [${list.join(' ')}]`
}

function printAddress({ field, side, networks, except, word }: AddressFilter): string {
  const front = addressFields[field].columns.length === 2 ? sideWords[side] : ''
  if (word !== undefined) return `${front}${word}`
  const [first, second] = networks
  const list = [...networks.map(networkText), ...except.map((each) => `-${networkText(each)}`)]
  const names = { address: 'ip', exporter: 'exporter', nextHop: 'next ip', natAddress: 'nip' }
  if (!first) return `not ${front}any`
  if (second || except.length > 0) return `${front}${names[field]} in [${list.join(' ')}]`
  if (field !== 'address') return `${front}${names[field]} ${networkText(first)}`
  return `${front}${first.bits === 128 ? 'host' : 'net'} ${networkText(first)}`
}

function networkText(network: Network): string {
  const text = formatNetwork(network)
  return network.bits === 128 ? text.slice(0, text.lastIndexOf('/')) : text
}

function printBits({ field, test, mask, value }: BitsFilter, isNegated: IsNegated): string {
  const hex = (bits: number) => `0x${bits.toString(16).padStart(2, '0')}`
  const letters = field === 'flags' ? flagText(value) : null
  if (test === 'any') {
    const isOne = (mask & (mask - 1)) === 0
    return isOne && letters ? `flags ${letters}` : `flags any ${letters ?? hex(mask)}`
  }
  const isOneFlag = (mask & (mask - 1)) === 0
  if (letters !== null && mask === value && (isOneFlag || !isNegated)) return `flags ${letters}`
  return `${field} ${hex(value)}/${hex(mask)}`
}

/** The flags as letters, as nfdump prints them; null if none is set or any outside the eight is. */
function flagText(bits: number): string | null {
  if (bits === 0 || bits > 255) return null
  const letters = Object.keys(flagBits).filter((letter) => (bits & flagBits[letter]!) !== 0)
  return letters.reverse().join('')
}
