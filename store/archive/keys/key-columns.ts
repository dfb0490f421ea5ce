/**
 * The columns of a key, 64 signed bits for each flow. Each is defined once, and both the SQL
 * expression and the loop over flow columns are derived from that.
 */
import { ipv4Marker, type Network, type NetworkSet } from '../../../flow/address.ts'
import type { ColumnName, FlowColumns } from '../../../flow/columns.ts'
import type { AddressColumn } from '../../../flow/filter/fields.ts'
import { servicePort } from '../../../flow/service.ts'
import type { Binder } from '../sql/binder.ts'
import { directionSql } from '../sql/expressions.ts'

/** Flow columns with one number per row. */
type NumberColumn = Exclude<ColumnName, `${string}High` | `${string}Low`>

export type KeyColumn =
  | { kind: 'number'; column: NumberColumn; shift?: number }
  | { kind: 'half'; column: AddressColumn; half: 'High' | 'Low' }
  /** The low half of the /24 of an IPv4 address, 0 for others. */
  | { kind: 'prefix'; column: AddressColumn }
  | { kind: 'service' }
  /** The index in restDirections, as seen by the local networks. */
  | { kind: 'direction' }
  | { kind: 'constant'; value: number }

/** The columns of a key that is an address. */
export function addressColumns(column: AddressColumn): KeyColumn[] {
  return [
    { kind: 'half', column, half: 'High' },
    { kind: 'half', column, half: 'Low' },
  ]
}

/** The flow columns that a key's column is derived from. */
export function madeOf(column: KeyColumn): ColumnName[] {
  switch (column.kind) {
    case 'number':
      return [column.column]
    case 'half':
      return [`${column.column}${column.half}`]
    case 'prefix':
      return [`${column.column}High`, `${column.column}Low`]
    case 'service':
      return ['protocolIdentifier', 'sourceTransportPort', 'destinationTransportPort']
    case 'direction':
      return [
        'sourceAddressHigh',
        'sourceAddressLow',
        'destinationAddressHigh',
        'destinationAddressLow',
      ]
    case 'constant':
      return []
  }
}

/** The mask that leaves the /24 of an IPv4 address in the low half. */
const ipv4PrefixMask = -256

/** The column as an expression over the archive's columns. */
export function keyColumnSql(
  column: KeyColumn,
  local: readonly Network[],
  bindings: Binder,
): string {
  const { words } = bindings
  switch (column.kind) {
    case 'number':
      return column.shift === undefined
        ? `"${column.column}"`
        : words.shiftRight(`"${column.column}"`, column.shift)
    case 'half':
      return `"${column.column}${column.half}"`
    case 'prefix': {
      const [high, low] = [`"${column.column}High"`, `"${column.column}Low"`]
      const isIPv4 = `${high} = 0 AND ${words.shiftRight(low, 32)} = ${ipv4Marker}`
      return `CASE WHEN ${isIPv4} THEN ${words.and(low, ipv4PrefixMask)} ELSE 0 END`
    }
    case 'service':
      return bindings.servicePort()
    case 'direction':
      return directionSql(local, bindings)
    case 'constant':
      return String(column.value)
  }
}

/** Where the values of a column go: for the nth row, the low word to n × width + at, the high one after it. */
interface KeyWords {
  words: Uint32Array
  width: number
  at: number
}

/** Writes a column's value of each of the rows. */
export function fillKeyColumn(
  column: KeyColumn,
  flows: FlowColumns,
  { rows, local }: { rows: Int32Array; local: NetworkSet },
  out: KeyWords,
): void {
  switch (column.kind) {
    case 'number':
      fillNumbers(flows[column.column], rows, { ...out, shift: column.shift ?? 0 })
      return
    case 'half':
      fillHalves(flows[`${column.column}${column.half}`], rows, out)
      return
    case 'prefix':
      fillPrefixes(flows[`${column.column}High`], flows[`${column.column}Low`], rows, out)
      return
    case 'service':
      fillServices(flows, rows, out)
      return
    case 'direction':
      fillDirections(flows, { rows, local }, out)
      return
    case 'constant':
      for (let n = 0; n < rows.length; n++) put(out, n, column.value)
  }
}

/** The index in restDirections, by locality of source × 2 + of destination. */
const directionOf = [3, 0, 1, 2]

/** Indices in restDirections. */
function fillDirections(
  flows: FlowColumns,
  { rows, local }: { rows: Int32Array; local: NetworkSet },
  out: KeyWords,
): void {
  const [source, destination] = [flows.sourceAddressLow, flows.destinationAddressLow]
  const [sourceHigh, destinationHigh] = [flows.sourceAddressHigh, flows.destinationAddressHigh]
  for (let n = 0; n < rows.length; n++) {
    const at = 2 * rows[n]!
    const isSource = local.has(sourceHigh[at + 1]!, sourceHigh[at]!, source[at + 1]!, source[at]!)
    const isDestination = local.has(
      destinationHigh[at + 1]!,
      destinationHigh[at]!,
      destination[at + 1]!,
      destination[at]!,
    )
    put(out, n, directionOf[(isSource ? 2 : 0) + (isDestination ? 1 : 0)]!)
  }
}

/** Writes an integer ≥ −2^31 as two words. */
function put({ words, width, at }: KeyWords, n: number, value: number): void {
  words[n * width + at] = value
  words[n * width + at + 1] = value < 0 ? -1 : Math.floor(value / 2 ** 32)
}

function fillNumbers(
  values: ArrayLike<number>,
  rows: Int32Array,
  { shift, ...out }: KeyWords & { shift: number },
): void {
  for (let n = 0; n < rows.length; n++) {
    const value = values[rows[n]!]!
    put(out, n, shift === 0 ? value : Math.floor(value / 2 ** shift))
  }
}

function fillHalves(values: Uint32Array, rows: Int32Array, { words, width, at }: KeyWords): void {
  for (let n = 0; n < rows.length; n++) {
    const row = 2 * rows[n]!
    words[n * width + at] = values[row]!
    words[n * width + at + 1] = values[row + 1]!
  }
}

function fillPrefixes(
  high: Uint32Array,
  low: Uint32Array,
  rows: Int32Array,
  { words, width, at }: KeyWords,
): void {
  for (let n = 0; n < rows.length; n++) {
    const row = 2 * rows[n]!
    const isIPv4 = high[row] === 0 && high[row + 1] === 0 && low[row + 1] === ipv4Marker
    words[n * width + at] = isIPv4 ? low[row]! & ipv4PrefixMask : 0
    words[n * width + at + 1] = isIPv4 ? ipv4Marker : 0
  }
}

function fillServices(flows: FlowColumns, rows: Int32Array, out: KeyWords): void {
  const { protocolIdentifier, sourceTransportPort, destinationTransportPort } = flows
  for (let n = 0; n < rows.length; n++) {
    const row = rows[n]!
    const [source, destination] = [sourceTransportPort[row]!, destinationTransportPort[row]!]
    put(out, n, servicePort(protocolIdentifier[row]!, source, destination))
  }
}
