/** The stored rows of an interval, added up from what each host did. */
import { formatAddress } from '../../flow/address.ts'
import { protocolName } from '../../flow/protocol.ts'
import { portText } from '../../flow/service.ts'
import { measurements, otherKey, type MeasurementName } from '../../store/measurement.ts'
import type { MeasurementRows } from '../../store/series.ts'
import { keptKeys } from './choose.ts'
import { beyondHosts, directions, serviceCodes, serviceOf } from './codes.ts'
import { amountCount, CountTable } from './tables.ts'

/** What an interval holds of an exporter. */
export interface Held {
  /** Four words an address by its number, and whether it is local. */
  words: Uint32Array
  isLocal: Uint8Array
  /** By address and code of service, direction and end. */
  services: CountTable
  /** By interface and way. */
  interfaces: CountTable
  /** By number of the tracker; null where none saw a flow. */
  trackers: CountTable | null
  names: TrackerNames
}

/** The ids of trackers by number; null where one was removed. */
export interface TrackerNames {
  idOf(number: number): string | null
}

/** Sums of one measurement. Its directions are the ways of the table. */
interface Sums {
  measurement: MeasurementName
  table: CountTable
  ways: number
  /** The tags of a key, but for the direction. */
  tagsOf: (a: number, b: number) => Record<string, string>
  /** The hosts of the keys, where only some are kept. */
  hosts?: Held
}

/** The rows of every measurement, hosts cut to the `top`. */
export function rowsOf(held: Held, top: number): MeasurementRows[] {
  const { total, protocol, port, host, hostPort } = sumUp(held)
  const service = (code: number) => {
    const { protocol: number, port: servicePort } = serviceOf(code)
    return { protocol: protocolName(number), port: portText(servicePort) }
  }
  const hostText = (index: number) => {
    const at = index * 4
    const { words } = held
    return formatAddress(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!)
  }
  const all: Sums[] = [
    { measurement: 'total', table: total, ways: 4, tagsOf: () => ({}) },
    {
      measurement: 'interface',
      table: byWay(held.interfaces),
      ways: 2,
      tagsOf: (index) => ({ interface: String(index) }),
    },
    {
      measurement: 'host',
      table: host,
      ways: 2,
      tagsOf: (index) => ({ host: hostText(index) }),
      hosts: held,
    },
    { measurement: 'port', table: port, ways: 4, tagsOf: (_, code) => service(code) },
    {
      measurement: 'protocol',
      table: protocol,
      ways: 4,
      tagsOf: (number) => ({ protocol: protocolName(number) }),
    },
    {
      measurement: 'host_port',
      table: hostPort,
      ways: 2,
      tagsOf: (index, code) => ({ host: hostText(index), ...service(code) }),
      hosts: held,
    },
  ]
  if (held.trackers) all.push(trackerSums(held.trackers, held.names))
  return all.map((sums) => measurementRows(sums, top))
}

/** What trackers saw, but for those that were removed since. */
function trackerSums(trackers: CountTable, names: TrackerNames): Sums {
  const table = new CountTable({ codes: 2, ways: directions.length, expected: trackers.count })
  trackers.forEach((number, _, at) => {
    if (names.idOf(number) === null) return
    const from = { slots: trackers.slots, at }
    const to = table.place(number, 1)
    for (let way = 0; way < directions.length; way++)
      addWay(table, to, way, { ...from, at: at + way * amountCount })
  })
  const tagsOf = (number: number) => ({ tracker: names.idOf(number)! })
  return { measurement: 'tracker', table, ways: directions.length, tagsOf }
}

/** Every measurement of flows from the sums by host, service, direction and end. */
function sumUp({ services, words }: Held) {
  const total = new CountTable({ codes: 2, ways: 4 })
  const protocol = new CountTable({ codes: 2, ways: 4 })
  const port = new CountTable({ codes: serviceCodes, ways: 4 })
  const host = new CountTable({ codes: 2, ways: 2, expected: words.length / 4 })
  const hostPort = new CountTable({ codes: serviceCodes, ways: 2, expected: services.count })
  services.forEach((index, codePlus, at) => {
    const { protocol: number, direction, isSender, code } = serviceOf(codePlus - 1)
    const from = { slots: services.slots, at }
    const way = isSender ? 1 : 0
    addWay(host, host.place(index, 1), way, from)
    addWay(hostPort, hostPort.place(index, code), way, from)
    // Each flow stands once as its receiver's and once as its sender's: it counts as the receiver's.
    if (isSender) return
    addWay(total, total.place(0, 1), direction, from)
    addWay(protocol, protocol.place(number, 1), direction, from)
    addWay(port, port.place(0, code), direction, from)
  })
  return { total, protocol, port, host, hostPort }
}

/** A table keyed by (key, way + 1) as one with that many ways. */
function byWay(table: CountTable): CountTable {
  const folded = new CountTable({ codes: 2, ways: 2 })
  table.forEach((key, way, at) =>
    addWay(folded, folded.place(key, 1), way - 1, { slots: table.slots, at }),
  )
  return folded
}

function addWay(
  table: CountTable,
  place: number,
  way: number,
  { slots, at }: { slots: Float64Array; at: number },
): void {
  const to = place + way * amountCount
  for (let i = 0; i < amountCount; i++) table.slots[to + i] = table.slots[to + i]! + slots[at + i]!
}

function measurementRows(sums: Sums, top: number): MeasurementRows {
  const { measurement, table, ways, tagsOf } = sums
  const tags: Record<string, string[]> = {}
  for (const tag of measurements[measurement].tags) tags[tag] = []
  const columns: number[][] = Array.from({ length: amountCount }, () => [])
  const push = (keys: Record<string, string>, way: number, slots: Float64Array, at: number) => {
    if (isNothing(slots, at)) return
    for (const [tag, value] of Object.entries(keys)) tags[tag]!.push(value)
    tags['direction']!.push(directions[way]!)
    for (let i = 0; i < amountCount; i++) columns[i]!.push(slots[at + i]!)
  }
  const kept = sums.hosts ? keptOf(table, sums.hosts, top) : null
  const others = new Float64Array(ways * amountCount)
  let key = 0
  table.forEach((a, b, at) => {
    if (kept && kept[key++] !== 1) {
      for (let i = 0; i < others.length; i++) others[i] = others[i]! + table.slots[at + i]!
      return
    }
    const keys = tagsOf(a, b)
    for (let way = 0; way < ways; way++) push(keys, way, table.slots, at + way * amountCount)
  })
  const otherKeys = Object.fromEntries(
    Object.keys(tags)
      .filter((tag) => tag !== 'direction')
      .map((tag) => [tag, otherKey]),
  )
  for (let way = 0; way < ways; way++) push(otherKeys, way, others, way * amountCount)
  const [bytes, packets, flows, active] = columns.map((column) => Float64Array.from(column))
  const sum = { bytes: bytes!, packets: packets!, flows: flows!, active: active! }
  return { measurement, count: sum.bytes.length, tags, sum }
}

function isNothing(slots: Float64Array, at: number): boolean {
  for (let i = 0; i < amountCount; i++) if (slots[at + i] !== 0) return false
  return true
}

/** Which keys of hosts are kept; null where all are. Hosts beyond the limit of an interval never are. */
function keptOf(table: CountTable, { words, isLocal }: Held, top: number): Uint8Array | null {
  const hasBeyond = words.length / 4 >= beyondHosts
  if (table.count <= top && !hasBeyond) return null
  const bytes = new Float64Array(table.count)
  const local = new Uint8Array(table.count)
  const hosts = new Uint32Array(table.count)
  const codes = new Uint32Array(table.count)
  let count = 0
  table.forEach((a, b, at) => {
    hosts[count] = a
    codes[count] = b
    bytes[count] = table.slots[at]! + table.slots[at + amountCount]!
    local[count++] = isLocal[a] ?? 0
  })
  const compare = (x: number, y: number) => {
    for (let i = 0; i < 4; i++) {
      const order = words[hosts[x]! * 4 + i]! - words[hosts[y]! * 4 + i]!
      if (order !== 0) return order
    }
    return codes[x]! - codes[y]!
  }
  const kept = keptKeys({ count, bytes, isLocal: local, compare }, top)
  if (hasBeyond) for (let i = 0; i < count; i++) if (hosts[i] === beyondHosts) kept[i] = 0
  return kept
}
