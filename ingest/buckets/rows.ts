/** The stored rows of an interval, summed from the counts of each host. */
import { formatAddress } from '../../flow/address.ts'
import { protocolName } from '../../flow/protocol.ts'
import { portText } from '../../flow/service.ts'
import { measurements, otherKey, type MeasurementName } from '../../store/measurement.ts'
import type { MeasurementRows } from '../../store/series.ts'
import { hostAmounts, type KeptKeys } from './choose.ts'
import { directions, isSenderOf, serviceCodes, serviceOf } from './codes.ts'
import { sumHosts } from './host-sums.ts'
import type { HostsListed } from './hosts-listed.ts'
import { beyondInterfaces } from './interface-sums.ts'
import { amountCount, CountTable } from './tables.ts'

/** Largest amount of a row: stores can still hold the sum of a thousand, as tiers add them up. */
const amountMax = Number.MAX_SAFE_INTEGER

/** The counts of an exporter in an interval. */
interface Held {
  /** By host and code of service, direction and end. */
  hosts: HostsListed
  /** By interface and way. */
  interfaces: CountTable
  /** By tracker number; null if none matched a flow. */
  trackers: CountTable | null
  names: TrackerNames
}

/** The ids of trackers by number; null if removed. */
export interface TrackerNames {
  idOf(number: number): string | null
}

/** Sums of one measurement. Its directions are the table's ways. */
interface Sums {
  measurement: MeasurementName
  table: CountTable
  ways: number
  /** The tags of a key, except the direction. */
  tagsOf: (a: number, b: number) => Record<string, string>
}

/** The rows of every measurement, with the `top` hosts. */
export function rowsOf(held: Held, top: number): MeasurementRows[] {
  const { total, protocol, port } = sumUp(held)
  const service = (code: number) => {
    const { protocol: number, port: servicePort } = serviceOf(code)
    return { protocol: protocolName(number), port: portText(servicePort) }
  }
  const hostText = (index: number) => {
    const at = index * 4
    const { words } = held.hosts
    return formatAddress(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!)
  }
  const rows: Sums[] = [
    { measurement: 'total', table: total, ways: 4, tagsOf: () => ({}) },
    {
      measurement: 'interface',
      table: byWay(held.interfaces),
      ways: 2,
      tagsOf: (index) => ({ interface: index === beyondInterfaces ? otherKey : String(index) }),
    },
    { measurement: 'port', table: port, ways: 4, tagsOf: (_, code) => service(code) },
    {
      measurement: 'protocol',
      table: protocol,
      ways: 4,
      tagsOf: (number) => ({ protocol: protocolName(number) }),
    },
  ]
  if (held.trackers) rows.push(trackerSums(held.trackers, held.names))
  const { host, hostPort } = sumHosts(held.hosts, top)
  return [
    ...rows.map((sums) => tableRows(sums)),
    hostRows('host', host, (index) => ({ host: hostText(index) })),
    hostRows('host_port', hostPort, (index, code) => ({
      host: hostText(index),
      ...service(code),
    })),
  ]
}

/** The sums of trackers, except those removed since. */
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

/** All measurements except those of hosts, from the sums by host, service, direction and end. */
function sumUp({ hosts }: Held) {
  const total = new CountTable({ codes: 2, ways: 4 })
  const protocol = new CountTable({ codes: 2, ways: 4 })
  const port = new CountTable({ codes: serviceCodes, ways: 4 })
  const slots = new Float64Array(amountCount)
  const from = { slots, at: 0 }
  hosts.forEach((_, codePlus, at) => {
    // Each flow is counted once for its receiver and once for its sender; take the receiver's.
    if (isSenderOf(codePlus - 1)) return
    const { protocol: number, direction, code } = serviceOf(codePlus - 1)
    slots.fill(0)
    hosts.addTo(slots, 0, at)
    addWay(total, total.place(0, 1), direction, from)
    addWay(protocol, protocol.place(number, 1), direction, from)
    addWay(port, port.place(0, code), direction, from)
  })
  return { total, protocol, port }
}

/** Turns a table keyed by (key, way + 1) into one with that many ways. */
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

/** Rows for all keys of a table. */
function tableRows({ measurement, table, ways, tagsOf }: Sums): MeasurementRows {
  const rows = new RowsMade(measurement)
  table.forEach((a, b, at) => {
    rows.add(tagsOf(a, b), { ways, slots: table.slots, at })
  })
  return rows.made()
}

/** Rows for the kept hosts, followed by the sums of all others. */
function hostRows(
  measurement: MeasurementName,
  { count, hosts, codes, amounts, others }: KeptKeys,
  tagsOf: Sums['tagsOf'],
): MeasurementRows {
  const rows = new RowsMade(measurement)
  for (let i = 0; i < count; i++)
    rows.add(tagsOf(hosts[i]!, codes[i]!), { ways: 2, slots: amounts, at: i * hostAmounts })
  const otherKeys: Record<string, string> = {}
  for (const tag of measurements[measurement].tags)
    if (tag !== 'direction') otherKeys[tag] = otherKey
  rows.add(otherKeys, { ways: 2, slots: others, at: 0 })
  return rows.made()
}

/** Builds the rows of a measurement, one for each direction that has any traffic. */
class RowsMade {
  readonly #measurement: MeasurementName
  readonly #tags: Record<string, string[]> = {}
  readonly #columns: number[][] = Array.from({ length: amountCount }, () => [])

  constructor(measurement: MeasurementName) {
    this.#measurement = measurement
    for (const tag of measurements[measurement].tags) this.#tags[tag] = []
  }

  /** Adds a key whose amounts begin at a place, way after way. */
  add(
    keys: Record<string, string>,
    { ways, slots, at: begin }: { ways: number; slots: Float64Array; at: number },
  ): void {
    for (let way = 0; way < ways; way++) {
      const at = begin + way * amountCount
      if (isNothing(slots, at)) continue
      for (const [tag, value] of Object.entries(keys)) this.#tags[tag]!.push(value)
      this.#tags['direction']!.push(directions[way]!)
      for (let i = 0; i < amountCount; i++)
        this.#columns[i]!.push(Math.min(slots[at + i]!, amountMax))
    }
  }

  made(): MeasurementRows {
    const [bytes, packets, flows, active] = this.#columns.map((each) => Float64Array.from(each))
    const sum = { bytes: bytes!, packets: packets!, flows: flows!, active: active! }
    return { measurement: this.#measurement, count: sum.bytes.length, tags: this.#tags, sum }
  }
}

function isNothing(slots: Float64Array, at: number): boolean {
  for (let i = 0; i < amountCount; i++) if (slots[at + i] !== 0) return false
  return true
}
