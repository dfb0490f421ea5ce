/**
 * A flow store over an array: a naive implementation of store/flows.ts, for tests of the layers above.
 */
import assert from 'node:assert/strict'

import type { Filter } from '../../flow/filter.ts'
import type { ExporterBreak } from '../../flow/incident/incident.ts'
import { protocolNumber } from '../../flow/protocol.ts'
import { portText, servicePort } from '../../flow/service.ts'
import { activeWithin, countWithin } from '../../flow/spread.ts'
import {
  restDirections,
  type FlowKey,
  type FlowListQuery,
  type FlowRecord,
  type FlowSeries,
  type FlowSeriesQuery,
  type FlowStore,
  type FlowTop,
  type FlowTopQuery,
  type FlowWindow,
} from '../../store/flows.ts'
import type { FieldName } from '../../store/measurement.ts'
import { holds } from '../flow/filter-reference.ts'

type Sums = Record<FieldName, number>

/** A flow with defaults for what a test does not specify. */
export function flow(given: Partial<FlowRecord> & { first: number; last: number }): FlowRecord {
  return {
    received: given.last,
    exporter: '192.0.2.1',
    source: '203.0.113.80',
    destination: '10.0.0.22',
    sourcePort: 443,
    destinationPort: 50_000,
    protocol: 'tcp',
    bytes: 1000,
    packets: 10,
    sampling: 1,
    inInterface: 1,
    outInterface: 2,
    tcpFlags: '...AP.SF',
    tos: 0,
    sourceAs: 0,
    destinationAs: 0,
    nextHop: null,
    vlan: 0,
    icmpType: null,
    icmpCode: null,
    ...given,
  }
}

const isLocal = (address: string) => address.startsWith('10.')

export class MemoryFlows implements FlowStore {
  readonly flows: FlowRecord[]
  /** The queries received, for tests of what is passed on. */
  readonly asked: FlowWindow[] = []
  /** When exporters were away. */
  readonly away: ExporterBreak[] = []

  constructor(flows: readonly FlowRecord[]) {
    this.flows = [...flows]
  }

  async breaks() {
    return this.away
  }

  async series(query: FlowSeriesQuery): Promise<FlowSeries> {
    this.asked.push(query)
    const rows = new Map<string, { time: number; exporter: string; key: FlowKey; sums: Sums }>()
    for (const record of this.#matching(query))
      for (const key of seriesKeysOf(record, query.by))
        for (let time = stepOf(record.first, query); time < query.to; time += query.stepMs) {
          if (time > Math.max(record.first, record.last)) break
          const sums = sumsWithin(record, time, time + query.stepMs)
          if (time < query.from || Object.values(sums).every((sum) => sum === 0)) continue
          const id = JSON.stringify([time, record.exporter, key])
          const row = rows.get(id)
          if (row) for (const field of fields) row.sums[field] += sums[field]
          else rows.set(id, { time, exporter: record.exporter, key, sums })
        }
    return cutSeries([...rows.values()], query)
  }

  async top(query: FlowTopQuery): Promise<FlowTop> {
    this.asked.push(query)
    const rows = new Map<string, FlowTop['rows'][number] & { ends: Set<string> }>()
    const total = { bytes: 0, packets: 0, flows: 0 }
    const ends = query.by.includes('host') ? 2 : 1
    for (const record of this.#matching(query))
      for (const [key, peer] of topKeysOf(record, query.by)) {
        const { bytes, packets } = sumsWithin(record, query.from, query.to)
        const id = JSON.stringify(key)
        const row = rows.get(id) ?? { ...emptyTop(key, record), ends: new Set<string>() }
        rows.set(id, row)
        for (const sums of [row, total]) {
          sums.bytes += bytes
          sums.packets += packets
          sums.flows++
        }
        row.first = Math.min(row.first, record.first)
        row.last = Math.max(row.last, record.last)
        row.peers = row.ends.add(peer).size
      }
    const order = query.order === 'rate' || query.order === 'duration' ? 'bytes' : query.order
    const sorted = [...rows.values()].sort((a, b) => b[order] - a[order])
    const listed = sorted.slice(0, query.limit).map(withoutEnds)
    const other = { ...total }
    for (const row of listed) {
      other.bytes -= row.bytes
      other.packets -= row.packets
      other.flows -= row.flows
    }
    return { rows: listed, other, total, ends }
  }

  async list(query: FlowListQuery): Promise<{ flows: FlowRecord[]; more: boolean }> {
    this.asked.push(query)
    const flows = [...this.#matching(query)]
    return { flows: flows.slice(0, query.limit), more: flows.length > query.limit }
  }

  async extent(from: number, to: number) {
    const rows = this.flows.filter((each) => each.first < to && each.last >= from).length
    if (this.flows.length === 0) return { rows, first: null, last: null }
    const first = Math.min(...this.flows.map((each) => each.first))
    return { rows, first, last: Math.max(...this.flows.map((each) => each.last)) }
  }

  async close(): Promise<void> {}

  *#matching({ from, to, filter }: FlowWindow): Generator<FlowRecord> {
    for (const record of this.flows)
      if (record.first < to && Math.max(record.first, record.last) >= from)
        if (!filter || matches(filter, record)) yield record
  }
}

const fields = ['bytes', 'packets', 'flows', 'active'] as const

function stepOf(t: number, { from, stepMs }: FlowSeriesQuery): number {
  return from + Math.floor((t - from) / stepMs) * stepMs
}

function sumsWithin(record: FlowRecord, from: number, to: number): Sums {
  const { first, last } = record
  return {
    bytes: countWithin(record.bytes, record, from, to),
    packets: countWithin(record.packets, record, from, to),
    flows: first >= from && first < to ? 1 : 0,
    active: activeWithin(first, last, from, to),
  }
}

function seriesKeysOf(record: FlowRecord, by: FlowSeriesQuery['by']): FlowKey[] {
  const protocol = protocolNumber(record.protocol)!
  const port = portText(servicePort(protocol, record.sourcePort, record.destinationPort))
  const common = { exporter: record.exporter, protocol: record.protocol, port }
  const word = (side: 'source' | 'destination') => (isLocal(record[side]) ? 'local' : 'remote')
  const direction = directions[`${word('source')} ${word('destination')}`]!
  const ends: FlowKey[] = by.includes('host')
    ? [
        { ...common, host: record.source, direction: 'out' },
        { ...common, host: record.destination, direction: 'in' },
      ]
    : by.includes('interface')
      ? [
          { ...common, interface: record.inInterface, direction: 'in' },
          { ...common, interface: record.outInterface, direction: 'out' },
        ]
      : [{ ...common, direction }]
  return ends.map((end) => Object.fromEntries(by.map((name) => [name, end[name]!])))
}

const directions: Record<string, string> = {
  'local local': 'internal',
  'local remote': 'out',
  'remote local': 'in',
  'remote remote': 'transit',
}

function topKeysOf(record: FlowRecord, by: FlowTopQuery['by']): [FlowKey, string][] {
  const { source, destination } = record
  if (by.includes('host'))
    return [[{ host: source }, destination], [{ host: destination }, source]] // prettier-ignore
  if (by.includes('pair')) return [[{ src: source, dst: destination }, '']]
  if (by.includes('dst')) return [[{ dst: destination }, source]]
  return [[{ src: source }, destination]]
}

function withoutEnds<Row extends object>(row: Row & { ends: unknown }): Row {
  const { ends, ...rest } = row
  assert.ok(ends)
  return rest as unknown as Row
}

function emptyTop(key: FlowKey, { first, last }: FlowRecord): FlowTop['rows'][number] {
  return { key, bytes: 0, packets: 0, flows: 0, peers: 0, first, last }
}

function cutSeries(
  rows: { time: number; exporter: string; key: FlowKey; sums: Sums }[],
  { by, order, top }: FlowSeriesQuery,
): FlowSeries {
  const rankOf = (key: FlowKey) => JSON.stringify({ ...key, direction: undefined })
  const ranks = new Map<string, number>()
  for (const { key, sums } of rows)
    ranks.set(rankOf(key), (ranks.get(rankOf(key)) ?? 0) + sums[order])
  const listed = [...ranks].sort((a, b) => b[1] - a[1]).slice(0, top).map(([id]) => id) // prettier-ignore
  const keys: FlowKey[] = []
  for (const id of listed)
    for (const { key } of rows)
      if (rankOf(key) === id && !keys.some((each) => JSON.stringify(each) === JSON.stringify(key)))
        keys.push(key)
  const exporters = [...new Set(rows.map(({ exporter }) => exporter))]
  const place = (key: FlowKey) => {
    const found = keys.findIndex((each) => JSON.stringify(each) === JSON.stringify(key))
    if (found >= 0) return found
    const direction = key['direction'] as (typeof restDirections)[number]
    return keys.length + (by.includes('direction') ? restDirections.indexOf(direction) : 0)
  }
  const column = (field: FieldName) => Float64Array.from(rows, ({ sums }) => sums[field])
  return {
    keys,
    exporters,
    count: rows.length,
    time: Float64Array.from(rows, ({ time }) => time),
    exporter: Uint32Array.from(rows, ({ exporter }) => exporters.indexOf(exporter)),
    key: Int32Array.from(rows, ({ key }) => place(key)),
    sum: {
      bytes: column('bytes'),
      packets: column('packets'),
      flows: column('flows'),
      active: column('active'),
    },
  }
}

function matches(filter: Filter, record: FlowRecord): boolean {
  return holds(filter, {
    numbers: {
      port: [record.sourcePort, record.destinationPort],
      protocol: [protocolNumber(record.protocol)!],
      interface: [record.inInterface, record.outInterface],
    },
    addresses: { address: [record.source, record.destination], exporter: [record.exporter] },
    bits: {},
  })
}
