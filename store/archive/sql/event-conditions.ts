/** Which flows of a window an event is read from, as SQL for DuckDB and ClickHouse alike. */
import { addressHalves, parseAddress, parseNetwork } from '../../../flow/address.ts'
import type { FlowScan } from '../../flows.ts'
import type { Binder } from './binder.ts'
import { isInSql } from './expressions.ts'

/** Conditions to follow others, each after AND: those of one exporter, those with one of some hosts at an end. */
export function eventConditionsSql(
  { exporter, hosts }: Pick<FlowScan, 'exporter' | 'hosts'>,
  binder: Binder,
): string {
  const conditions = []
  if (exporter !== undefined) conditions.push(isExporterSql(exporter, binder))
  if (hosts !== undefined) conditions.push(hasHostSql(hosts, binder))
  return conditions.map((condition) => ` AND ${condition}`).join('')
}

/** Text that is not an address matches no flow. */
function isExporterSql(exporter: string, binder: Binder): string {
  const words = parseAddress(exporter)
  if (!words) return 'false'
  const { high, low } = addressHalves(words)
  return `"exporterAddressHigh" = ${binder.whole(high)} AND "exporterAddressLow" = ${binder.whole(low)}`
}

function hasHostSql(hosts: readonly string[], binder: Binder): string {
  const networks = hosts.map((host) => parseNetwork(host)).filter((each) => each !== null)
  const isOne = (column: 'sourceAddress' | 'destinationAddress') =>
    isInSql(networks, column, binder)
  return `(${isOne('sourceAddress')} OR ${isOne('destinationAddress')})`
}
