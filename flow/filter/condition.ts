/** Parses one condition of a filter: a standalone word, or a field with its values. */
import { allOf, noneOf, numberFilter, type Filter, type FilterError, type Side } from '../filter.ts'
import { icmpProtocols } from '../icmp.ts'
import { protocolNumber } from '../protocol.ts'
import { readAddresses } from './address-values.ts'
import { readFlags } from './bits.ts'
import type { FilterContext, Reading } from './context.ts'
import {
  addressFields,
  fieldWords,
  numberField,
  type NamedField,
  type NumberFieldName,
} from './fields.ts'
import { readNumbers } from './number-values.ts'
import type { TokenReader } from './token-reader.ts'
import { readNetwork } from './values.ts'

/** The words for the two ends, by which columns of a field they select. */
const ends: Readonly<Record<string, 'source' | 'destination'>> = {
  src: 'source',
  source: 'source',
  dst: 'destination',
  dest: 'destination',
  destination: 'destination',
  in: 'source',
  out: 'destination',
  ingress: 'source',
  egress: 'destination',
}
const inAndOut = new Set(['in', 'out', 'ingress', 'egress'])
const endWords = Object.keys(ends)
const aloneWords = ['any', 'inet', 'ipv4', 'inet6', 'ipv6', 'local', 'remote', 'direction'] as const
const endlessWords = ['flags', 'observation'] as const

/** The words that can begin a condition. */
const startWords: readonly string[] = [
  'src', 'dst', 'in', 'out', ...fieldWords.keys(), ...endlessWords, ...aloneWords,
] // prettier-ignore

/** @throws FilterError */
export function readCondition(reading: Reading): Filter {
  const { reader, context } = reading
  const alone = reader.takeIf(...aloneWords) as (typeof aloneWords)[number] | null
  if (alone) return readAlone[alone](reading, 'either')
  if (reader.takeIf('flags')) return readFlags(reading)
  if (reader.takeIf('observation')) {
    reader.takeIf('domain')
    reader.takeIf('id')
    return readNumbers(reader, context, { name: 'observationDomain', side: 'either' })
  }
  const first = reader.peek()
  const end = reader.takeIf(...endWords)
  if (end === null) return readField(reading, { side: 'either', end })
  const side = readSide(reading, ends[end]!)
  if (!inAndOut.has(end)) {
    const word = reader.takeIf('local', 'remote') as 'local' | 'remote' | null
    if (word) return readAlone[word](reading, side)
    const { kind, text } = reader.peek()
    if (kind === 'word' && readNetwork(text))
      return readAddresses(reader, context, { name: 'address', side })
  }
  return readField(reading, { side, end: first.text.toLowerCase() })
}

/** Parses what may follow src: `or dst`, `and dst`. */
function readSide({ reader }: Reading, side: 'source' | 'destination'): Side {
  const next = reader.peek(1)
  const other = next.kind === 'word' ? ends[next.text.toLowerCase()] : undefined
  if (other === undefined || other === side) return side
  const joint = reader.takeIf('and', 'or')
  if (joint === null) return side
  reader.take()
  return joint === 'and' ? 'both' : 'either'
}

function readField(
  { reader, context }: Reading,
  { side, end }: { side: Side; end: string | null },
): Filter {
  const token = reader.peek()
  const word = token.kind === 'word' ? token.text.toLowerCase() : ''
  // nfdump's in src mac: the direction selects the header, and we keep only the received one.
  if (end === 'in' && (word === 'src' || word === 'dst')) {
    reader.take()
    return readField({ reader, context, isNegated: false }, { side: ends[word]!, end: word })
  }
  const field = fieldWords.get(word)
  const protocol = field || end !== null || word === '' ? null : protocolNumber(word)
  if (protocol !== null && !/^\d/.test(word)) {
    reader.take()
    return numberFilter('protocol', [protocol])
  }
  if (!field || !takesEnd(field, end))
    throw end === null ? reader.refuse(startExpected, startWanted) : refuseEnd(reader, end)
  reader.take()
  if (field.kind === 'address') {
    reader.takeIf('ip', 'host', 'net')
    return readAddresses(reader, context, { name: field.name, side })
  }
  if (field.name === 'mplsLabel' && !reader.takeIf('label1', 'label'))
    throw reader.refuse('"label1"', { words: ['label1'] })
  const isIcmp = field.name === 'icmpType' || field.name === 'icmpCode'
  const filter = readNumbers(reader, context, { name: field.name, side })
  return isIcmp ? allOf([numberFilter('protocol', icmpProtocols), filter]) : filter
}

/** `in` may precede bytes and packets: only ingress counters exist. */
const inOnly = new Set<NumberFieldName>(['bytes', 'packets'])

function takesEnd(field: NamedField, end: string | null): boolean {
  if (end === null) return true
  if (field.kind === 'address')
    return addressFields[field.name].columns.length === 2 && !inAndOut.has(end)
  const { columns, ends: pair } = numberField(field.name)
  if (end === 'in' && inOnly.has(field.name)) return true
  return columns.length === 2 && (pair === 'in and out') === inAndOut.has(end)
}

const startExpected = 'a field such as host, port, proto or exporter, "not" or "("'
const startWanted = { words: ['not', '(', ...startWords] }

function refuseEnd(reader: TokenReader, end: string): FilterError {
  const fields = [...fieldWords].filter(([, field]) => takesEnd(field, end)).map(([word]) => word)
  const words = inAndOut.has(end) ? fields : [...fields, 'local', 'remote']
  return reader.refuse(`${words.join(', ')} after ${end}`, { words })
}

const readAlone: Record<(typeof aloneWords)[number], (reading: Reading, side: Side) => Filter> = {
  any: () => ({ kind: 'any' }),
  inet: () => ({ kind: 'family', version: 4 }),
  ipv4: () => ({ kind: 'family', version: 4 }),
  inet6: () => ({ kind: 'family', version: 6 }),
  ipv6: () => ({ kind: 'family', version: 6 }),
  local: ({ context }, side) => isLocal(context, side),
  remote: ({ context }, side) => isRemote(context, side),
  direction: readDirection,
}

function isLocal({ local }: FilterContext, side: Side): Filter {
  return { kind: 'address', field: 'address', side, networks: local, except: [], word: 'local' }
}

/** Either end is remote unless both are local. */
function isRemote(context: FilterContext, side: Side): Filter {
  const opposite: Partial<Record<Side, Side>> = { either: 'both', both: 'either' }
  return noneOf(isLocal(context, opposite[side] ?? side))
}

const directionWords = ['in', 'out', 'internal', 'transit'] as const

/** Direction relative to the local networks: in is remote → local. */
function readDirection({ reader, context }: Reading): Filter {
  reader.takeIf('=')
  const word = reader.takeIf(...directionWords) as (typeof directionWords)[number] | null
  if (word === null) throw reader.refuse('in, out, internal or transit', { words: directionWords })
  const [fromLocal, toLocal] = [isLocal(context, 'source'), isLocal(context, 'destination')]
  return {
    in: allOf([noneOf(fromLocal), toLocal]),
    out: allOf([fromLocal, noneOf(toLocal)]),
    internal: isLocal(context, 'both'),
    transit: noneOf(isLocal(context, 'either')),
  }[word]
}
