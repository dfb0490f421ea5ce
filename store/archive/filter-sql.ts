/** Filters as SQL conditions on the archive's columns, with every value bound. */
import { addressHalves, parseAddress } from '../../flow/address.ts'
import type { Filter } from '../../flow/filter.ts'
import { protocolNumber } from '../../flow/protocol.ts'
import type { Bindings } from './bindings.ts'

type Kind = Filter['kind']
type Side = 'source' | 'destination' | 'either'

const conditions: {
  [K in Kind]: (filter: Extract<Filter, { kind: K }>, bindings: Bindings) => string
} = {
  and: ({ terms }, bindings) =>
    terms.length === 0
      ? 'true'
      : `(${terms.map((term) => filterSql(term, bindings)).join(' AND ')})`,
  host: ({ side, address }, bindings) =>
    sides(side, (end) => addressSql(`${end}Address`, address, bindings)),
  port: ({ side, port }, bindings) =>
    sides(side, (end) => `"${end}TransportPort" = ${bindings.whole(port)}`),
  protocol: ({ protocol }, bindings) => {
    const number = protocolNumber(protocol)
    return number === null ? 'false' : `"protocolIdentifier" = ${bindings.whole(number)}`
  },
  exporter: ({ exporter }, bindings) => addressSql('exporterAddress', exporter, bindings),
  interface: ({ side, index }, bindings) => {
    const columns = { in: ['ingress'], out: ['egress'], either: ['ingress', 'egress'] }[side]
    const value = bindings.whole(index)
    return `(${columns.map((column) => `"${column}Interface" = ${value}`).join(' OR ')})`
  },
}

/** The condition that a filter puts on a flow. What names nothing that can be (a host that is no address) is false. */
export function filterSql(filter: Filter, bindings: Bindings): string {
  const condition = conditions[filter.kind] as (filter: Filter, bindings: Bindings) => string
  return condition(filter, bindings)
}

function sides(side: Side, sql: (end: 'source' | 'destination') => string): string {
  return side === 'either' ? `(${sql('source')} OR ${sql('destination')})` : sql(side)
}

function addressSql(column: string, address: string, bindings: Bindings): string {
  const words = parseAddress(address)
  if (!words) return 'false'
  const { high, low } = addressHalves(words)
  return `("${column}High" = ${bindings.whole(high)} AND "${column}Low" = ${bindings.whole(low)})`
}
