/** Conditions on numbers: comparisons, lists and ranges. */
import {
  allOf,
  exporterFilter,
  noneOf,
  numberFilter,
  oneOf,
  type Filter,
  type Range,
  type Side,
} from '../filter.ts'
import { readMaskedTos } from './bits.ts'
import type { FilterContext } from './context.ts'
import { numberField, type NumberFieldName, type ValueForm } from './fields.ts'
import type { TokenReader } from './token-reader.ts'
import { readValues, type Expected, type ValueToken } from './value-list.ts'
import { joinRanges, readRanges, withoutRanges } from './values.ts'

interface FieldEnd {
  name: NumberFieldName
  side: Side
}

const comparators = ['=', '!=', '>', '>=', '<', '<='] as const
type Comparator = (typeof comparators)[number]

/** Parses the condition after the word of a number field. @throws FilterError */
export function readNumbers(reader: TokenReader, context: FilterContext, field: FieldEnd): Filter {
  const comparator = (reader.takeIf(...comparators) ?? '=') as Comparator
  const isList = comparator === '=' && reader.takeIf('in') !== null
  const expected = expectedOf(field.name, isList)
  if (field.name === 'tos' && comparator === '=') {
    const masked = readMaskedTos(reader)
    if (masked) return masked
  }
  if (comparator !== '=' && comparator !== '!=')
    return readCompared(reader, field, { comparator, expected })
  const values = readValues(reader, expected)
  const filter = valuesFilter(values, { reader, context, field, expected })
  return comparator === '=' ? filter : noneOf(filter)
}

function readCompared(
  reader: TokenReader,
  { name, side }: FieldEnd,
  { comparator, expected }: { comparator: Comparator; expected: Expected },
): Filter {
  const token = reader.peek()
  const [range, more] =
    token.kind === 'word' ? (readRanges(token.text, numberField(name)) ?? []) : []
  if (!range || more || range[0] !== range[1])
    throw reader.refuse(expected.text, expected.wanted, token)
  reader.take()
  const [value] = range
  const ranges: Partial<Record<Comparator, Range>> = {
    '>': [value + 1, Number.POSITIVE_INFINITY],
    '>=': [value, Number.POSITIVE_INFINITY],
    '<': [0, value - 1],
    '<=': [0, value],
  }
  const [least, greatest] = ranges[comparator]!
  // Nothing is below 0: a condition that never matches but still belongs to that field.
  return { kind: 'number', field: name, side, ranges: least <= greatest ? [[least, greatest]] : [] }
}

interface ValuesReading {
  reader: TokenReader
  context: FilterContext
  field: FieldEnd
  expected: Expected
}

function valuesFilter(values: readonly ValueToken[], reading: ValuesReading): Filter {
  const { name, side } = reading.field
  const read = (isExcluded: boolean) =>
    values
      .filter((value) => value.isExcluded === isExcluded)
      .map((value) => readItem(value, reading))
  const [wanted, unwanted] = [read(false), read(true)]
  const rangesOf = (items: readonly Item[]) => items.flatMap(({ ranges }) => ranges)
  const named = (items: readonly Item[]) => items.flatMap(({ named: each }) => each)
  const numbers = (ranges: readonly Range[]): Filter[] =>
    ranges.length === 0 ? [] : [{ kind: 'number', field: name, side, ranges: joinRanges(ranges) }]
  const excluded = [...numbers(rangesOf(unwanted)), ...named(unwanted)]
  if (wanted.length === 0) return noneOf(oneOf(excluded))
  const kept = withoutRanges(rangesOf(wanted), rangesOf(unwanted))
  const isEmpty = kept.length === 0 && named(wanted).length === 0
  const included: Filter = isEmpty
    ? { kind: 'number', field: name, side, ranges: [] }
    : oneOf([...numbers(kept), ...named(wanted)])
  return allOf([included, ...named(unwanted).map((each) => noneOf(each))])
}

interface Item {
  ranges: Range[]
  /** For interface names: the interface on that exporter. */
  named: Filter[]
}

function readItem({ token, text }: ValueToken, reading: ValuesReading): Item {
  const { reader, context, expected } = reading
  const { name, side } = reading.field
  const field = numberField(name)
  const ranges = token.kind === 'quoted' ? null : readRanges(text, field)
  if (ranges) return { ranges, named: [] }
  const ports = field.form === 'port' ? context.services(text.toLowerCase()) : []
  if (ports.length > 0) return { ranges: ports.map((port): Range => [port, port]), named: [] }
  const interfaces = field.form === 'interface' ? context.interfaces(text) : []
  if (interfaces.length === 0) throw reader.refuse(expected.text, expected.wanted, token)
  const named = interfaces.map(({ exporter, index }) =>
    allOf([exporterFilter(exporter), numberFilter(name, [index], side)]),
  )
  return { ranges: [], named }
}

const expectations: Record<ValueForm, (most: number) => Expected> = {
  plain: (most) => ({ text: `a number, 0 to ${most}`, wanted: {} }),
  scaled: () => ({ text: 'a number such as 1000 or 10k, 10m, 1g', wanted: {} }),
  port: () => ({ text: 'a port, 0 to 65535, or a service', wanted: { values: 'service' } }),
  protocol: () => ({
    text: 'a protocol such as tcp, or its number',
    wanted: { values: 'protocol' },
  }),
  interface: () => ({
    text: 'an interface index or a known name',
    wanted: { values: 'interface' },
  }),
  application: () => ({ text: 'an application as ENGINE:SELECTOR', wanted: {} }),
  mac: () => ({ text: 'a MAC address', wanted: {} }),
  direction: () => ({ text: 'ingress or egress', wanted: { words: ['ingress', 'egress'] } }),
}

function expectedOf(name: NumberFieldName, isList: boolean): Expected {
  const { form, most } = numberField(name)
  const expected = expectations[form](most)
  return isList ? { ...expected, text: `${expected.text}, or a list in [ ]` } : expected
}
