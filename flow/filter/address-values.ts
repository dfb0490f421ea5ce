/** Conditions on addresses: addresses, networks, netmasks, names, and lists of them. */
import { formatNetwork, maskWords, parseAddress, parseNetwork, type Network } from '../address.ts'
import { oneOf, noneOf, type AddressFilter, type Filter, type Side } from '../filter.ts'
import type { FilterContext } from './context.ts'
import type { AddressFieldName } from './fields.ts'
import type { TokenReader } from './token-reader.ts'
import { readValues, type Expected, type ValueToken } from './value-list.ts'
import { readNetwork } from './values.ts'

const address: Expected = {
  text: 'an address, a network such as 10.0.0.0/8, or a known name',
  wanted: { values: 'address' },
}
const exporter: Expected = {
  text: 'the address of an exporter or the name of a known one',
  wanted: { values: 'exporter' },
}

/** Parses the condition after the word of an address field. @throws FilterError */
export function readAddresses(
  reader: TokenReader,
  context: FilterContext,
  { name, side }: { name: AddressFieldName; side: Side },
): Filter {
  const isNot = reader.takeIf('=', '!=') === '!='
  if (!isNot) reader.takeIf('in')
  const expected = name === 'exporter' ? exporter : address
  const values = readValues(reader, expected)
  const netmask = values.length === 1 ? readNetmask(reader, values[0]!) : null
  const read = (isExcluded: boolean) =>
    values
      .filter((value) => value.isExcluded === isExcluded)
      .flatMap(({ token, text }) => {
        const found = networksOf(text, { name, context, isQuoted: token.kind === 'quoted' })
        if (found.length === 0) throw reader.refuse(expected.text, expected.wanted, token)
        return found
      })
  const networks = withNone(name, netmask ? [netmask] : read(false))
  const except = withNone(name, netmask ? [] : read(true))
  const condition = { kind: 'address', field: name, side } as const
  const filter: Filter =
    networks.length === 0
      ? noneOf(within({ ...condition, networks: except, except: [] }))
      : within({ ...condition, networks, except })
  return isNot ? noneOf(filter) : filter
}

const zeroIPv4Text = '0.0.0.0/32'
const zeroIPv6Text = '::/128'
const zeroIPv6 = parseNetwork(zeroIPv6Text)!

/** A next hop of 0.0.0.0 is none, as is one that was not reported, which is stored as `::`. */
function withNone(name: AddressFieldName, networks: readonly Network[]): readonly Network[] {
  const texts = networks.map((each) => formatNetwork(each))
  const isAsked = name === 'nextHop' && texts.includes(zeroIPv4Text)
  return isAsked && !texts.includes(zeroIPv6Text) ? [...networks, zeroIPv6] : networks
}

const everyIPv4Text = '0.0.0.0/0'
const everyIPv4 = parseNetwork(everyIPv4Text)!

/** Whether an IPv6 network contains every IPv4 address in Weir's form: ::/0 and the like. */
function holdsIPv4({ words, bits }: Network): boolean {
  const masked = maskWords(everyIPv4.words, bits)
  return bits < everyIPv4.bits && masked.every((word, i) => word === words[i])
}

/** The condition, with IPv4 addresses excluded from its IPv6 networks. */
function within(filter: AddressFilter): Filter {
  const wide = filter.networks.filter(holdsIPv4)
  if (wide.length === 0) return filter
  const narrow = filter.networks.filter((network) => !holdsIPv4(network))
  const others = filter.except.filter((each) => formatNetwork(each) !== everyIPv4Text)
  const ipv6 = { ...filter, networks: wide, except: [...others, everyIPv4] }
  return narrow.length === 0 ? ipv6 : oneOf([{ ...filter, networks: narrow }, ipv6])
}

function networksOf(
  text: string,
  facts: { name: AddressFieldName; context: FilterContext; isQuoted: boolean },
): readonly Network[] {
  const { name, context, isQuoted } = facts
  const written = isQuoted ? null : readNetwork(text)
  if (written) return [written]
  if (name !== 'exporter') return context.networks(text)
  return context.exporters(text).map((each) => parseNetwork(each)!)
}

/** nfdump's net 10.0.0.0 255.0.0.0. */
function readNetmask(reader: TokenReader, { text, isExcluded }: ValueToken): Network | null {
  const { kind, text: next } = reader.peek()
  const mask = kind === 'word' ? parseAddress(next) : null
  if (!mask || isExcluded || text.includes(':') || next.includes(':') || !parseAddress(text))
    return null
  const length = Math.clz32(~mask[3])
  if (mask[3] !== (length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0))
    throw reader.refuse('a netmask such as 255.255.0.0')
  reader.take()
  return parseNetwork(`${text}/${length}`)
}
