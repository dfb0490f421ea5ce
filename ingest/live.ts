/**
 * The last minutes, second by second: what the wall shows. Flows are spread over the seconds they
 * lived in, as everywhere; a second changes for as long as flows of it come in late.
 */
import type { ServerResponse, IncomingMessage } from 'node:http'

import type { NetworkSet } from '../flow/address.ts'
import type { FlowColumns } from '../flow/columns.ts'
import { countWithin } from '../flow/spread.ts'
import { directions } from './buckets/codes.ts'
import { directionOf } from './buckets/totals.ts'

/** Seconds that are kept. */
export const liveSeconds = 900
const secondMs = 1000
/** Bytes, packets and flows of each direction. */
const amounts = 3
const width = directions.length * amounts

/** What changed since a version: seconds as [unix seconds, then bytes, packets, flows by direction]. */
export interface LiveChanges {
  version: number
  /** Unix ms: when the newest flows were received; null before the first. */
  receivedMs: number | null
  seconds: number[][]
}

export class LiveRing {
  receivedMs: number | null = null
  /** The first second that is kept, and the last that has a slot. */
  #oldest = 0
  #newest = -1
  /** A second of slot 0, at most so long before the oldest: seconds less this are small whole numbers. */
  #firstSlotSecond = 0
  readonly #local: NetworkSet
  readonly #sums = new Float64Array(liveSeconds * width)
  /** The second (unix) that a slot holds. */
  readonly #second = new Float64Array(liveSeconds).fill(-1)
  /** The version in which a slot last changed. */
  readonly #changed = new Float64Array(liveSeconds)
  #version = 0

  constructor(local: NetworkSet) {
    this.#local = local
  }

  /** Counts every row of the columns. */
  add(flows: FlowColumns): void {
    if (flows.count === 0) return
    this.#version++
    const { collectionTimeMilliseconds: received, count } = flows
    for (let i = 0; i < count; i++) {
      const receivedMs = received[i]!
      if (this.receivedMs === null || receivedMs > this.receivedMs) {
        this.receivedMs = receivedMs
        this.#oldest = Math.floor(receivedMs / secondMs) - liveSeconds + 1
        this.#firstSlotSecond = Math.floor(this.#oldest / liveSeconds) * liveSeconds
        this.#open(Math.floor(receivedMs / secondMs))
      }
      this.#add(flows, i)
    }
  }

  /** The seconds that changed after a version, oldest first; 0 gives all. */
  changes(after: number): LiveChanges {
    const seconds: number[][] = []
    const oldest = this.#oldest
    for (let slot = 0; slot < liveSeconds; slot++) {
      if (this.#second[slot]! < oldest || this.#changed[slot]! <= after) continue
      const sums = this.#sums.subarray(slot * width, slot * width + width)
      seconds.push([this.#second[slot]!, ...sums])
    }
    seconds.sort((a, b) => a[0]! - b[0]!)
    return { version: this.#version, receivedMs: this.receivedMs, seconds }
  }

  /**
   * Counts a flow second by second. From one edge of a second to the next a count grows by the same whole number, and by one
   * more where what remained of the divisions adds up to another: so it is what countUpTo gives at each edge.
   */
  #add(flows: FlowColumns, i: number): void {
    const first = flows.flowStartMilliseconds[i]!
    const last = Math.max(first, flows.flowEndMilliseconds[i]!)
    const begin = Math.floor(first / secondMs)
    const end = Math.max(begin, Math.floor((last - 1) / secondMs))
    if (end > this.#newest) this.#open(end)
    const from = Math.max(this.#oldest, this.#newest - liveSeconds + 1, begin)
    if (from > end) return
    const rate = flows.samplingInterval[i]!
    const octets = flows.octetDeltaCount[i]! * rate
    const packets = flows.packetDeltaCount[i]! * rate
    const direction = this.#direction(flows, i) * amounts
    const life = last - first
    if (Math.max(octets, packets) * Math.max(life, secondMs) > Number.MAX_SAFE_INTEGER) {
      this.#addLarge({ first, last, octets, packets }, direction, from)
      return
    }
    const sums = this.#sums
    const changed = this.#changed
    const version = this.#version
    const skipped = Math.max(0, from * secondMs - first)
    let octetsLeft = skipped > 0 ? octets - Math.floor((octets * skipped) / life) : octets
    let packetsLeft = skipped > 0 ? packets - Math.floor((packets * skipped) / life) : packets
    let slot = this.#slotOf(from)
    let at = slot * width + direction
    if (from === begin) sums[at + 2] = sums[at + 2]! + 1
    if (from < end) {
      const part = (from + 1) * secondMs - first
      let octetsShare = Math.floor((octets * part) / life)
      let packetsShare = Math.floor((packets * part) / life)
      let octetsRest = octets * part - octetsShare * life
      let packetsRest = packets * part - packetsShare * life
      octetsShare -= octets - octetsLeft
      packetsShare -= packets - packetsLeft
      const octetsStep = Math.floor((octets * secondMs) / life)
      const packetsStep = Math.floor((packets * secondMs) / life)
      const octetsStepRest = octets * secondMs - octetsStep * life
      const packetsStepRest = packets * secondMs - packetsStep * life
      for (let second = from; second < end; second++) {
        sums[at] = sums[at]! + octetsShare
        sums[at + 1] = sums[at + 1]! + packetsShare
        changed[slot] = version
        octetsLeft -= octetsShare
        packetsLeft -= packetsShare
        octetsRest += octetsStepRest
        packetsRest += packetsStepRest
        // Numbers and no branches: which way they went, no processor could foresee.
        const octetsCarry = Number(octetsRest >= life)
        const packetsCarry = Number(packetsRest >= life)
        octetsRest -= octetsCarry * life
        packetsRest -= packetsCarry * life
        octetsShare = octetsStep + octetsCarry
        packetsShare = packetsStep + packetsCarry
        at += width
        if (++slot === liveSeconds) {
          slot = 0
          at = direction
        }
      }
    }
    sums[at] = sums[at]! + octetsLeft
    sums[at + 1] = sums[at + 1]! + packetsLeft
    changed[slot] = version
  }

  /** The same where counts are so large that no double holds their products. */
  #addLarge(
    { first, last, octets, packets }: Record<'first' | 'last' | 'octets' | 'packets', number>,
    direction: number,
    from: number,
  ): void {
    const sums = this.#sums
    const begin = Math.floor(first / secondMs)
    const end = Math.max(begin, Math.floor((last - 1) / secondMs))
    for (let second = from; second <= end; second++) {
      const slot = this.#slotOf(second)
      const at = slot * width + direction
      this.#changed[slot] = this.#version
      const [edge, next] = [second * secondMs, (second + 1) * secondMs]
      sums[at] = sums[at]! + countWithin(octets, { first, last }, edge, next)
      sums[at + 1] = sums[at + 1]! + countWithin(packets, { first, last }, edge, next)
      if (second === begin) sums[at + 2] = sums[at + 2]! + 1
    }
  }

  /** Gives seconds up to this one a slot each; what these held of a time long past is forgotten. */
  #open(second: number): void {
    for (let each = Math.max(this.#newest + 1, second - liveSeconds + 1); each <= second; each++) {
      const slot = this.#slotOf(each)
      this.#second[slot] = each
      this.#changed[slot] = 0
      this.#sums.fill(0, slot * width, slot * width + width)
    }
    this.#newest = Math.max(this.#newest, second)
  }

  /** The slot of a second that is kept. The remainder of a large number would take as long as all else. */
  #slotOf(second: number): number {
    return ((second - this.#firstSlotSecond) >>> 0) % liveSeconds
  }

  #direction(flows: FlowColumns, i: number): number {
    const isLocal = (high: Uint32Array, low: Uint32Array) =>
      Number(this.#local.has(high[2 * i + 1]!, high[2 * i]!, low[2 * i + 1]!, low[2 * i]!))
    const source = isLocal(flows.sourceAddressHigh, flows.sourceAddressLow)
    const destination = isLocal(flows.destinationAddressHigh, flows.destinationAddressLow)
    return directionOf[source * 2 + destination]!
  }
}

/** Answers GET /live?after=VERSION on ingest's socket; false where the request is another's. */
export function answerLive(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  ring: LiveRing,
): boolean {
  const match = /^\/live\?after=(\d{1,15})$/.exec(url)
  if (method !== 'GET' || !match) return false
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(ring.changes(Number(match[1]))))
  return true
}
