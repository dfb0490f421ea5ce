/**
 * Detects flows reported twice: by one exporter on ingress and egress, or by two exporters on one
 * path. Compares a sample of recent flows, chosen by their ends so that it has both reports of a
 * flow or neither. Memory is bounded, and flows that are evicted are not detected.
 */
import { addressAt } from '../../flow/address.ts'
import type { FlowColumns } from '../../flow/columns.ts'
import type { DoubledExport } from '../../flow/status.ts'

/** Flows held; a later one with the same slot replaces the earlier. */
const slots = 16_384
/**
 * A slot, in doubles: the flow's start and end, its octets, and two words: its mark, and its
 * exporter and direction. They are adjacent, so that a lookup takes a single memory access.
 */
const slotDoubles = 4
const [endAt, octetsAt, wordsAt] = [1, 2, 3]
/** The direction is above the exporter's number. */
const directionShift = 16
/** Most exporters compared: the first ones seen. */
const exportersMax = 256
/**
 * At least this many flows must have been compared, and this share be doubled, before anything is
 * reported.
 */
const comparedMin = 50
const shareMin = 0.1
/** Counts are halved this often, so that they reflect the present. */
const halfLifeMs = 3_600_000
/** Starts of two reports of a flow of no length may differ by this much, since clocks differ. */
const nearMs = 2000

export class DoubleExportSketch {
  readonly #held = new Float64Array(slots * slotDoubles)
  readonly #words = new Uint32Array(this.#held.buffer)
  readonly #indexes = new Map<string, number>()
  readonly #addresses: string[] = []
  readonly #compared = new Float64Array(exportersMax)
  /** Flows of exporter i that exporter k also reported, at i × exportersMax + k. */
  readonly #doubled = new Map<number, number>()
  #halvedMs = 0
  /** The sampled rows, listed first, because the choice is unpredictable for branches. */
  #looked = new Int32Array(0)
  /** An exporter's flows are adjacent. */
  readonly #last = { words: new Float64Array(4).fill(-1), index: -1 }

  /** Processes incoming flows; their columns are not modified. */
  take(flows: FlowColumns): void {
    const { sourceAddressLow: sources, destinationAddressLow: destinations, count } = flows
    const { sourceTransportPort: sourcePorts, destinationTransportPort: destinationPorts } = flows
    if (this.#looked.length < count) this.#looked = new Int32Array(count)
    const looked = this.#looked
    let listed = 0
    for (let row = 0; row < count; row++) {
      const ports = (sourcePorts[row]! << 16) | destinationPorts[row]!
      looked[listed] = row
      listed += Number(isLookedAt(sources[2 * row]! | 0, destinations[2 * row]! | 0, ports))
    }
    for (let k = 0; k < listed; k++) this.#compare(flows, looked[k]!, hashOf(flows, looked[k]!))
  }

  /** The exporters that report the same flows as this one, largest share first. */
  of(address: string): DoubledExport[] {
    const index = this.#indexes.get(address)
    if (index === undefined || this.#compared[index]! < comparedMin) return []
    return this.#addresses
      .map((other, k) => {
        const doubled = this.#doubled.get(index * exportersMax + k) ?? 0
        return { with: other, share: Math.round((100 * doubled) / this.#compared[index]!) / 100 }
      })
      .filter(({ share }) => share >= shareMin)
      .map((each) => ({ ...each, share: Math.min(1, each.share) }))
      .sort((a, b) => b.share - a.share)
  }

  #compare(flows: FlowColumns, row: number, hash: number): void {
    const index = this.#exporterOf(flows, row)
    if (index < 0) return
    this.#age(flows.collectionTimeMilliseconds[row]!)
    const slot = (hash % slots) * slotDoubles
    const word = 2 * (slot + wordsAt)
    const mark = markOf(flows, row)
    this.#compared[index]!++
    const held = this.#held
    const words = this.#words
    const own = index | (flows.flowDirection[row]! << directionShift)
    if (words[word] === mark && this.#isSameFlow(flows, row, { slot, own })) {
      const other = words[word + 1]! % 2 ** directionShift
      if (other !== index) this.#count(other, index)
      this.#count(index, other)
      return
    }
    words[word] = mark
    words[word + 1] = own
    held[slot] = flows.flowStartMilliseconds[row]!
    held[slot + endAt] = flows.flowEndMilliseconds[row]!
    held[slot + octetsAt] = flows.octetDeltaCount[row]! * flows.samplingInterval[row]!
  }

  /** Whether a row reports the same flow as a slot again, and not its continuation. */
  #isSameFlow(
    flows: FlowColumns,
    row: number,
    { slot, own }: { slot: number; own: number },
  ): boolean {
    const start = flows.flowStartMilliseconds[row]!
    const end = flows.flowEndMilliseconds[row]!
    const heldStart = this.#held[slot]!
    const heldEnd = this.#held[slot + endAt]!
    if (this.#words[2 * (slot + wordsAt) + 1] === own) {
      // A sample has the time of its receipt: another like it is another packet.
      if (start === flows.collectionTimeMilliseconds[row]) return false
      const octets = flows.octetDeltaCount[row]! * flows.samplingInterval[row]!
      return start === heldStart && end === heldEnd && octets === this.#held[slot + octetsAt]
    }
    const shorter = Math.min(end - start, heldEnd - heldStart)
    if (shorter < nearMs) return Math.abs(start - heldStart) <= nearMs
    return Math.min(end, heldEnd) - Math.max(start, heldStart) >= shorter / 2
  }

  /** Counts a flow of one exporter as also reported by another (or, by itself, for both reports). */
  #count(of: number, by: number): void {
    const key = of * exportersMax + by
    this.#doubled.set(key, (this.#doubled.get(key) ?? 0) + (of === by ? 2 : 1))
  }

  #exporterOf(flows: FlowColumns, row: number): number {
    const [high, low] = [flows.exporterAddressHigh, flows.exporterAddressLow]
    const { words, index: lastIndex } = this.#last
    const at = 2 * row
    const isLast =
      words[0] === low[at] &&
      words[1] === low[at + 1] &&
      words[2] === high[at] &&
      words[3] === high[at + 1]
    if (isLast) return lastIndex
    const address = addressAt(high, low, row)
    let index = this.#indexes.get(address) ?? -1
    if (index < 0 && this.#addresses.length < exportersMax) {
      index = this.#addresses.push(address) - 1
      this.#indexes.set(address, index)
    }
    words.set([low[at]!, low[at + 1]!, high[at]!, high[at + 1]!])
    this.#last.index = index
    return index
  }

  #age(nowMs: number): void {
    if (this.#halvedMs === 0) this.#halvedMs = nowMs
    if (nowMs - this.#halvedMs < halfLifeMs) return
    this.#halvedMs = nowMs
    for (const [key, count] of this.#doubled) this.#doubled.set(key, count / 2)
    for (let i = 0; i < exportersMax; i++) this.#compared[i] = this.#compared[i]! / 2
  }
}

/** Knuth's multiplicative constant, and another for the mark. */
const hashPrime = 0x9e3779b1
const markPrime = 0x85ebca6b

/** Whether a flow is in the sample, 1 in 16: by its ends alone, in its direction. */
function isLookedAt(source: number, destination: number, ports: number): boolean {
  const ends = Math.imul(source, markPrime) ^ destination
  return Math.imul(ends ^ ports ^ (ends >>> 15), hashPrime) >>> 28 === 0
}

function mixed(flows: FlowColumns, row: number, prime: number): number {
  const { sourceAddressHigh, sourceAddressLow, destinationAddressHigh, destinationAddressLow } =
    flows
  const at = 2 * row
  let hash = Math.imul(sourceAddressLow[at]! ^ flows.protocolIdentifier[row]!, prime)
  hash = Math.imul(hash ^ (hash >>> 15) ^ sourceAddressLow[at + 1]! ^ sourceAddressHigh[at]!, prime)
  hash = Math.imul(hash ^ (hash >>> 15) ^ destinationAddressLow[at]!, prime)
  hash = Math.imul(
    hash ^ (hash >>> 13) ^ destinationAddressLow[at + 1]! ^ destinationAddressHigh[at]!,
    prime,
  )
  const ports = (flows.sourceTransportPort[row]! << 16) | flows.destinationTransportPort[row]!
  hash = Math.imul(hash ^ (hash >>> 15) ^ ports, prime)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A hash of a flow's ends, in its direction. */
const hashOf = (flows: FlowColumns, row: number) => mixed(flows, row, hashPrime)

/** Identifies a flow in its slot; 0 means none. */
const markOf = (flows: FlowColumns, row: number) => mixed(flows, row, markPrime) || 1
