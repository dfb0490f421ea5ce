/**
 * Filters as SQL conditions on the archive's columns, with all values bound. The same rules as
 * flow/filter/predicate.ts.
 */
import { addressHalves, ipv4Marker } from '../../../flow/address.ts'
import type {
  BitsFilter,
  Filter,
  NumberFilter,
  AddressFilter,
  Range,
  Side,
} from '../../../flow/filter.ts'
import {
  addressFields,
  bitsFields,
  numberField,
  type MeasureName,
  type NumberField,
} from '../../../flow/filter/fields.ts'
import { rates } from '../../../flow/filter/measures.ts'
import type { Binder, FlowWords } from './binder.ts'
import { Bindings } from './bindings.ts'
import { isInSql } from './expressions.ts'

type Kind = Filter['kind']

const conditions: {
  [K in Kind]: (filter: Extract<Filter, { kind: K }>, bindings: Binder) => string
} = {
  any: () => 'true',
  and: ({ terms }, bindings) => join(terms, ' AND ', bindings),
  or: ({ terms }, bindings) => join(terms, ' OR ', bindings),
  not: ({ term }, bindings) => `(NOT ${filterSql(term, bindings)})`,
  family: ({ version }, { words }) => familySql(version, words),
  number: numberSql,
  bits: bitsSql,
  address: addressSql,
}

/** A filter as an SQL condition, in parentheses if needed. */
export function filterSql(filter: Filter, bindings: Binder): string {
  const condition = conditions[filter.kind] as (filter: Filter, bindings: Binder) => string
  return condition(filter, bindings)
}

function join(terms: readonly Filter[], joint: string, bindings: Binder): string {
  return `(${terms.map((term) => filterSql(term, bindings)).join(joint)})`
}

function onSides<Column>(
  columns: readonly Column[],
  side: Side,
  sql: (column: Column) => string,
): string {
  const [source, destination] = columns
  if (destination === undefined || side === 'source') return sql(source!)
  if (side === 'destination') return sql(destination)
  return `(${sql(source!)} ${side === 'both' ? 'AND' : 'OR'} ${sql(destination)})`
}

function familySql(version: 4 | 6, { shiftRight }: FlowWords): string {
  const isIPv4 = addressFields.address.columns.map(
    (column) => `("${column}High" = 0 AND ${shiftRight(`"${column}Low"`, 32)} = ${ipv4Marker})`,
  )
  return `(${isIPv4.map((each) => (version === 4 ? each : `NOT ${each}`)).join(' AND ')})`
}

function numberSql({ field, side, ranges }: NumberFilter, bindings: Binder): string {
  const entry = numberField(field)
  if (entry.measure) return measureSql(entry.measure, ranges, bindings)
  return onSides(entry.columns, side, (column) =>
    rangesSql(partSql(column, entry, bindings.words), ranges, bindings),
  )
}

/** The value within a column; the plain column where possible, so that row groups can be skipped. */
function partSql(
  column: string,
  { shift = 0, mask }: NumberField,
  { shiftRight, and }: FlowWords,
): string {
  const shifted = shift === 0 ? `"${column}"` : shiftRight(`"${column}"`, shift)
  return mask === undefined ? shifted : and(shifted, mask)
}

function rangesSql(value: string, ranges: readonly Range[], bindings: Binder): string {
  const singles = ranges.filter(([least, most]) => least === most).map(([least]) => least)
  const wides = ranges.filter(([least, most]) => least !== most)
  const terms = wides.map(([least, most]) =>
    most === Number.POSITIVE_INFINITY
      ? `${value} >= ${bindings.whole(least)}`
      : `${value} BETWEEN ${bindings.whole(least)} AND ${bindings.whole(most)}`,
  )
  if (singles.length === 1) terms.push(`${value} = ${bindings.whole(singles[0]!)}`)
  else if (singles.length > 1)
    terms.push(`${value} IN (${singles.map((each) => bindings.whole(each)).join(', ')})`)
  return terms.length === 0 ? 'false' : `(${terms.join(' OR ')})`
}

function measuresOf({ bytes, packets, first, last }: FlowWords) {
  return { bytes: `(${bytes})`, packets: `(${packets})`, duration: `(${last} - ${first})` }
}

function measureSql(name: MeasureName, ranges: readonly Range[], bindings: Binder): string {
  const { wide } = bindings.words
  const measures = measuresOf(bindings.words)
  if (name === 'bytes' || name === 'packets' || name === 'duration')
    return rangesSql(measures[name], ranges, bindings)
  const { count, factor, over } = rates[name]
  const product = `${wide(measures[count])} * ${factor}`
  const by = measures[over]
  const terms = ranges.map(([least, most]) => {
    const isLeast = `${product} >= ${wide(bindings.whole(least))} * ${by}`
    const isMost =
      most === Number.POSITIVE_INFINITY
        ? ''
        : ` AND ${product} < ${wide(bindings.whole(most + 1))} * ${by}`
    return `CASE WHEN ${by} = 0 THEN ${least === 0} ELSE ${isLeast}${isMost} END`
  })
  return terms.length === 0 ? 'false' : `(${terms.join(' OR ')})`
}

function bitsSql({ field, test, mask, value }: BitsFilter, bindings: Binder): string {
  const masked = bindings.words.and(`"${bitsFields[field].column}"`, bindings.whole(mask))
  return test === 'any' ? `${masked} <> 0` : `${masked} = ${bindings.whole(value)}`
}

function addressSql({ field, side, networks, except }: AddressFilter, bindings: Binder): string {
  return onSides(addressFields[field].columns, side, (column) => {
    const hosts = networks.filter(({ bits }) => bits === 128)
    const wide = networks.filter(({ bits }) => bits < 128)
    const terms = hosts.map(({ words }) => {
      const { high, low } = addressHalves(words)
      return `("${column}High" = ${bindings.whole(high)} AND "${column}Low" = ${bindings.whole(low)})`
    })
    if (wide.length > 0) terms.push(isInSql(wide, column, bindings))
    const isInside = terms.length === 0 ? 'false' : `(${terms.join(' OR ')})`
    if (except.length === 0) return isInside
    return `(${isInside} AND NOT ${isInSql(except, column, bindings)})`
  })
}

/** The condition with its values inlined, for people to read and copy into DuckDB; never executed here. */
export function filterSqlText(filter: Filter): string {
  const bindings = new Bindings()
  const sql = filterSql(filter, bindings)
  return sql.replaceAll(/\$(b\d+)/g, (_placeholder, name: string) => String(bindings.values[name]))
}
