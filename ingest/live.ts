/**
 * The last minutes, second by second: what the wall shows. Flows are spread over the seconds they
 * lived in, as everywhere; a second changes for as long as flows of it come in late.
 */
import type { ServerResponse, IncomingMessage } from 'node:http'

import type { NetworkSet } from '../flow/address.ts'
import type { FlowColumns } from '../flow/columns.ts'
import { countUpTo } from '../flow/spread.ts'
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
  /** The first second that is kept. */
  #oldest = 0
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
    const { collectionTimeMilliseconds: received } = flows
    for (let i = 0; i < flows.count; i++) {
      const receivedMs = received[i]!
      if (this.receivedMs === null || receivedMs > this.receivedMs) {
        this.receivedMs = receivedMs
        this.#oldest = Math.floor(receivedMs / secondMs) - liveSeconds + 1
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

  #add(flows: FlowColumns, i: number): void {
    const first = flows.flowStartMilliseconds[i]!
    const last = Math.max(first, flows.flowEndMilliseconds[i]!)
    const begin = Math.floor(first / secondMs)
    const to = Math.max(begin, Math.floor((last - 1) / secondMs))
    const from = Math.max(this.#oldest, begin)
    if (from > to) return
    const rate = flows.samplingInterval[i]!
    const octets = flows.octetDeltaCount[i]! * rate
    const packets = flows.packetDeltaCount[i]! * rate
    const direction = this.#direction(flows, i) * amounts
    const sums = this.#sums
    const life = last - first
    // Within the flow's life, and with exact products, countUpTo is this quotient.
    const isPlain = Math.max(octets, packets) * life <= Number.MAX_SAFE_INTEGER
    // What came before an edge is what the second before it ends with: each edge is reckoned once.
    let octetsBefore = countUpTo(octets, first, last, from * secondMs)
    let packetsBefore = countUpTo(packets, first, last, from * secondMs)
    let slot = from % liveSeconds
    for (let second = from; second <= to; second++) {
      let octetsUntil = octets
      let packetsUntil = packets
      if (second < to) {
        const end = (second + 1) * secondMs
        const part = end - first
        octetsUntil = isPlain ? Math.floor((octets * part) / life) : countUpTo(octets, first, last, end) // prettier-ignore
        packetsUntil = isPlain ? Math.floor((packets * part) / life) : countUpTo(packets, first, last, end) // prettier-ignore
      }
      if (this.#take(slot, second)) {
        const at = slot * width + direction
        sums[at] = sums[at]! + octetsUntil - octetsBefore
        sums[at + 1] = sums[at + 1]! + packetsUntil - packetsBefore
        if (second === begin) sums[at + 2] = sums[at + 2]! + 1
      }
      octetsBefore = octetsUntil
      packetsBefore = packetsUntil
      if (++slot === liveSeconds) slot = 0
    }
  }

  /** Makes a slot that of a second; what it held of a time long past is forgotten. False: a later one has it. */
  #take(slot: number, second: number): boolean {
    const held = this.#second[slot]!
    if (held > second) return false
    if (held < second) {
      this.#second[slot] = second
      this.#sums.fill(0, slot * width, slot * width + width)
    }
    this.#changed[slot] = this.#version
    return true
  }

  #direction(flows: FlowColumns, i: number): number {
    const isLocal = (high: Uint32Array, low: Uint32Array) =>
      this.#local.has(high[2 * i + 1]!, high[2 * i]!, low[2 * i + 1]!, low[2 * i]!) ? 1 : 0
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
