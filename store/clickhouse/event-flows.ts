/** The flows from which an event is read, asked of ClickHouse as rows of bytes. */
import { addressHalves, parseAddress, parseNetwork } from '../../flow/address.ts'
import type { EventFlows } from '../../flow/incident/flow-table.ts'
import { isInSql } from '../archive/sql/expressions.ts'
import { QueryTooLarge } from '../query-error.ts'
import type { FlowScan } from '../flows.ts'
import type { Connection } from './connection.ts'
import { flowsFrom, toRefusal } from './flow-scan.ts'
import { ClickHouseBindings, clickHouseWords } from './words.ts'

const { first, last, bytes, packets } = clickHouseWords

/** The columns as they come (RowBinary, little-endian), by the name in EventFlows. */
const columns = [
  ...[first, last, bytes, packets].map((sql) => `toFloat64(${sql})`),
  '"exporterAddressHigh"', '"exporterAddressLow"', '"sourceAddressHigh"', '"sourceAddressLow"',
  '"destinationAddressHigh"', '"destinationAddressLow"',
  ...['"sourceTransportPort"', '"destinationTransportPort"', '"protocolIdentifier"', '"tcpControlBits"',
    'least("samplingInterval", 2147483647)'].map((sql) => `toInt32(${sql})`),
] // prettier-ignore
const doubles = ['first', 'last', 'bytes', 'packets'] as const
const halves = [
  'exporterHigh', 'exporterLow', 'sourceHigh', 'sourceLow', 'destinationHigh', 'destinationLow',
] as const // prettier-ignore
const integers = ['sourcePort', 'destinationPort', 'protocol', 'tcpFlags', 'sampling'] as const
const rowBytes = 8 * doubles.length + 8 * halves.length + 4 * integers.length

/**
 * Hands the flows any part of which lies in the window to `take`, a batch at a time, in no order.
 * @throws QueryTooLarge where there are more than `rowsMax`
 */
export async function scanEventFlows(
  connection: Connection,
  query: FlowScan,
  take: (flows: EventFlows) => void,
): Promise<void> {
  const bindings = new ClickHouseBindings()
  const from = flowsFrom(connection, { ...query, include: 'any' }, bindings)
  const exporter = query.exporter === undefined ? '' : exporterSql(query.exporter, bindings)
  const hosts = query.hosts === undefined ? '' : hostsSql(query.hosts, bindings)
  const sql = `SELECT ${columns.join(', ')} ${from}${exporter}${hosts} LIMIT ${query.rowsMax + 1} FORMAT RowBinary`
  let rows = 0
  let left: Buffer = Buffer.alloc(0)
  try {
    await connection.stream({ sql, values: bindings.bound, signal: query.signal }, (chunk) => {
      const data = left.length === 0 ? chunk : Buffer.concat([left, chunk])
      const count = Math.floor(data.length / rowBytes)
      left = data.subarray(count * rowBytes)
      rows += count
      if (rows > query.rowsMax)
        throw new QueryTooLarge(
          `the window holds more than ${query.rowsMax} flows`,
          'ask for a shorter time, or for one exporter',
        )
      if (count > 0) take(flowsOf(data, count))
    })
  } catch (error) {
    throw toRefusal(error)
  }
}

function exporterSql(exporter: string, bindings: ClickHouseBindings): string {
  const words = parseAddress(exporter)
  if (!words) return ' AND false'
  const { high, low } = addressHalves(words)
  return ` AND "exporterAddressHigh" = ${bindings.whole(high)} AND "exporterAddressLow" = ${bindings.whole(low)}`
}

function hostsSql(hosts: readonly string[], bindings: ClickHouseBindings): string {
  const networks = hosts.map((host) => parseNetwork(host)).filter((each) => each !== null)
  const isOne = (column: 'sourceAddress' | 'destinationAddress') =>
    isInSql(networks, column, bindings)
  return ` AND (${isOne('sourceAddress')} OR ${isOne('destinationAddress')})`
}

function flowsOf(data: Buffer, count: number): EventFlows {
  const flows: Record<string, unknown> = { count }
  const at = (row: number, offset: number) => row * rowBytes + offset
  let offset = 0
  for (const name of doubles) {
    const column = new Float64Array(count)
    for (let row = 0; row < count; row++) column[row] = data.readDoubleLE(at(row, offset))
    flows[name] = column
    offset += 8
  }
  for (const name of halves) {
    const column = new Uint32Array(2 * count)
    for (let row = 0; row < count; row++) {
      column[2 * row] = data.readUInt32LE(at(row, offset))
      column[2 * row + 1] = data.readUInt32LE(at(row, offset + 4))
    }
    flows[name] = column
    offset += 8
  }
  for (const name of integers) {
    const column = new Int32Array(count)
    for (let row = 0; row < count; row++) column[row] = data.readInt32LE(at(row, offset))
    flows[name] = column
    offset += 4
  }
  return flows as unknown as EventFlows
}
