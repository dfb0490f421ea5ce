/**
 * Filters as SQL conditions on the archive's columns, with every value bound. The same rules as
 * flow/filter/predicate.ts.
 */
import { addressHalves, ipv4Marker } from '../../flow/address.ts'
import type {
  BitsFilter,
  Filter,
  NumberFilter,
  AddressFilter,
  Range,
  Side,
} from '../../flow/filter.ts'
import {
  addressFields, bitsFields, numberField, type MeasureName, type NumberField,
} from '../../flow/filter/fields.ts' // prettier-ignore
import { rates } from '../../flow/filter/measures.ts'
import { Bindings } from './bindings.ts'
import { bytes, first, isInSql, last, packets } from './expressions.ts'

type Kind = Filter['kind']

const conditions: {
  [K in Kind]: (filter: Extract<Filter, { kind: K }>, bindings: Bindings) => string
} = {
  any: () => 'true',
  and: ({ terms }, bindings) => join(terms, ' AND ', bindings),
  or: ({ terms }, bindings) => join(terms, ' OR ', bindings),
  not: ({ term }, bindings) => `(NOT ${filterSql(term, bindings)})`,
  family: ({ version }) => familySql(version),
  number: numberSql,
  bits: bitsSql,
  address: addressSql,
}

/** The condition that a filter puts on a flow, in parentheses where it needs them. */
export function filterSql(filter: Filter, bindings: Bindings): string {
  const condition = conditions[filter.kind] as (filter: Filter, bindings: Bindings) => string
  return condition(filter, bindings)
}

function join(terms: readonly Filter[], joint: string, bindings: Bindings): string {
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

function familySql(version: 4 | 6): string {
  const isIPv4 = addressFields.address.columns.map(
    (column) => `("${column}High" = 0 AND ("${column}Low" >> 32) = ${ipv4Marker})`,
  )
  return `(${isIPv4.map((each) => (version === 4 ? each : `NOT ${each}`)).join(' AND ')})`
}

function numberSql({ field, side, ranges }: NumberFilter, bindings: Bindings): string {
  const entry = numberField(field)
  if (entry.measure) return measureSql(entry.measure, ranges, bindings)
  return onSides(entry.columns, side, (column) =>
    rangesSql(partSql(column, entry), ranges, bindings),
  )
}

/** What of a column is the value; the plain column where it can be, so that row groups are passed over. */
function partSql(column: string, { shift = 0, mask }: NumberField): string {
  const shifted = shift === 0 ? `"${column}"` : `("${column}" >> ${shift})`
  return mask === undefined ? shifted : `(${shifted} & ${mask})`
}

function rangesSql(value: string, ranges: readonly Range[], bindings: Bindings): string {
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

const duration = `(${last} - ${first})`
const measures: Record<'bytes' | 'packets' | 'duration', string> = {
  bytes: `(${bytes})`,
  packets: `(${packets})`,
  duration,
}

function measureSql(name: MeasureName, ranges: readonly Range[], bindings: Bindings): string {
  if (name === 'bytes' || name === 'packets' || name === 'duration')
    return rangesSql(measures[name], ranges, bindings)
  const { count, factor, over } = rates[name]
  const product = `${measures[count]}::HUGEINT * ${factor}`
  const by = measures[over]
  const terms = ranges.map(([least, most]) => {
    const isLeast = `${product} >= ${bindings.whole(least)}::HUGEINT * ${by}`
    const isMost =
      most === Number.POSITIVE_INFINITY
        ? ''
        : ` AND ${product} < ${bindings.whole(most + 1)}::HUGEINT * ${by}`
    return `CASE WHEN ${by} = 0 THEN ${least === 0} ELSE ${isLeast}${isMost} END`
  })
  return terms.length === 0 ? 'false' : `(${terms.join(' OR ')})`
}

function bitsSql({ field, test, mask, value }: BitsFilter, bindings: Bindings): string {
  const masked = `("${bitsFields[field].column}" & ${bindings.whole(mask)})`
  return test === 'any' ? `${masked} <> 0` : `${masked} = ${bindings.whole(value)}`
}

function addressSql({ field, side, networks, except }: AddressFilter, bindings: Bindings): string {
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

/** The condition with its values in place, for people to read and to copy into DuckDB; never executed here. */
export function filterSqlText(filter: Filter): string {
  const bindings = new Bindings()
  const sql = filterSql(filter, bindings)
  return sql.replaceAll(/\$(b\d+)/g, (_placeholder, name: string) => String(bindings.values[name]))
}
