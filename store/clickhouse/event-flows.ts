/** The flows for analysing an event, from ClickHouse as binary rows. */
import { createEventFlows, type EventFlows } from '../../flow/incident/flows/flow-table.ts'
import { destinationPort, sourcePort } from '../archive/sql/expressions.ts'
import { eventConditionsSql } from '../archive/sql/event-conditions.ts'
import { tooManyFlows } from '../query-error.ts'
import type { FlowScan } from '../flows.ts'
import type { Connection } from './connection.ts'
import { flowsFrom, toRefusal } from './flow-scan.ts'
import { ClickHouseBindings, clickHouseWords } from './words.ts'

const { first, last, bytes, packets } = clickHouseWords

/** The columns in wire order (RowBinary, little-endian), by their name in EventFlows. */
const columns = [
  ...[first, last, bytes, packets].map((sql) => `toFloat64(${sql})`),
  '"exporterAddressHigh"', '"exporterAddressLow"', '"sourceAddressHigh"', '"sourceAddressLow"',
  '"destinationAddressHigh"', '"destinationAddressLow"',
  ...[sourcePort, destinationPort, '"protocolIdentifier"', '"tcpControlBits"',
    'least("samplingInterval", 2147483647)'].map((sql) => `toInt32(${sql})`),
] // prettier-ignore
const doubles = ['first', 'last', 'bytes', 'packets'] as const
const halves = [
  'exporterHigh', 'exporterLow', 'sourceHigh', 'sourceLow', 'destinationHigh', 'destinationLow',
] as const // prettier-ignore
const integers = ['sourcePort', 'destinationPort', 'protocol', 'tcpFlags', 'sampling'] as const
const rowBytes = 8 * doubles.length + 8 * halves.length + 4 * integers.length

/**
 * Passes the flows that overlap the window to `take` in batches, in no order.
 * @throws QueryTooLarge if there are more than `rowsMax`
 */
export async function scanEventFlows(
  connection: Connection,
  query: FlowScan,
  take: (flows: EventFlows) => void,
): Promise<void> {
  const bindings = new ClickHouseBindings()
  const from = flowsFrom(connection, { ...query, include: 'any' }, bindings)
  const conditions = eventConditionsSql(query, bindings)
  const sql = `SELECT ${columns.join(', ')} ${from}${conditions} LIMIT ${query.rowsMax + 1} FORMAT RowBinary`
  let rows = 0
  let left: Buffer = Buffer.alloc(0)
  try {
    await connection.stream({ sql, values: bindings.values, signal: query.signal }, (chunk) => {
      const data = left.length === 0 ? chunk : Buffer.concat([left, chunk])
      const count = Math.floor(data.length / rowBytes)
      left = data.subarray(count * rowBytes)
      rows += count
      if (rows > query.rowsMax) throw tooManyFlows(query.rowsMax)
      if (count > 0) take(flowsOf(data, count))
    })
  } catch (error) {
    throw toRefusal(error)
  }
}

function flowsOf(data: Buffer, count: number): EventFlows {
  const flows = createEventFlows(count)
  flows.count = count
  const at = (row: number, offset: number) => row * rowBytes + offset
  let offset = 0
  for (const name of doubles) {
    const column = flows[name]
    for (let row = 0; row < count; row++) column[row] = data.readDoubleLE(at(row, offset))
    offset += 8
  }
  for (const name of halves) {
    const column = flows[name]
    for (let row = 0; row < count; row++) {
      column[2 * row] = data.readUInt32LE(at(row, offset))
      column[2 * row + 1] = data.readUInt32LE(at(row, offset + 4))
    }
    offset += 8
  }
  for (const name of integers) {
    const column = flows[name]
    for (let row = 0; row < count; row++) column[row] = data.readInt32LE(at(row, offset))
    offset += 4
  }
  return flows
}
