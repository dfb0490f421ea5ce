/**
 * Sums of a block of flows by second and direction. From one second's edge to the next, a flow's
 * count grows by the same integer, plus one whenever the remainders add up to a whole: exactly what
 * countUpTo gives at each edge (flow/spread.ts). The integer is only noted where it begins and
 * ends; the extra ones are visited per second, in 32-bit arithmetic and without branches, which
 * would be unpredictable.
 */
import type { FlowColumns } from '../../flow/columns.ts'
import { directions } from '../buckets/codes.ts'

const secondMs = 1000
/** Counts up to this, over at most this many rows, have exact sums and differences in doubles. */
const countMax = 2 ** 36
export const blockRowsMax = 32_768
/** Two remainders of durations up to this add up within 32 bits. */
const lifeMsMax = 2 ** 30
/** Per second and direction: bytes, packets, flows, and the change of bytes and packets per second from here on. */
const width = 5
const ways = directions.length
/**
 * Extra ones of bytes are counted in the lower half of a word, those of packets in the upper half.
 */
const [packetsOne, bytesMask] = [1 << 16, 0xffff]

export class SecondSums {
  /** The number of seconds kept, and the start of the first, unix ms. */
  readonly #seconds: number
  #fromMs = 0
  readonly #sums: Float64Array
  readonly #ones: Int32Array
  /** Active flows in a second minus those in the second before. */
  readonly #living: Int32Array
  readonly #long = new Int32Array(blockRowsMax)
  /** The seconds with any counts. */
  #least = 0
  #most = -1

  constructor(seconds: number) {
    this.#seconds = seconds
    this.#sums = new Float64Array((seconds + 1) * ways * width)
    this.#ones = new Int32Array((seconds + 1) * ways)
    this.#living = new Int32Array(seconds + 1)
  }

  /**
   * Counts rows [from, to), at most blockRowsMax, in the seconds from `fromMs` on; none may last
   * beyond the final second. Returns the rows not counted, because their products exceed a double's
   * integers.
   */
  addRows(
    flows: FlowColumns,
    way: Uint8Array,
    { from, to, fromMs }: { from: number; to: number; fromMs: number },
  ): number[] {
    this.#fromMs = fromMs
    this.#least = this.#seconds
    this.#most = -1
    const others: number[] = []
    const long = this.#addShort(flows, way, { from, to, others })
    this.#addLong(flows, way, long)
    return others
  }

  /** Counts flows within one second; lists the others and returns how many there are. */
  #addShort(
    flows: FlowColumns,
    way: Uint8Array,
    { from, to, others }: { from: number; to: number; others: number[] },
  ): number {
    const { flowStartMilliseconds: starts, flowEndMilliseconds: ends, samplingInterval } = flows
    const { octetDeltaCount, packetDeltaCount } = flows
    const long = this.#long
    const sums = this.#sums
    const living = this.#living
    const fromMs = this.#fromMs
    let [least, most, listed] = [this.#least, this.#most, 0]
    for (let i = from; i < to; i++) {
      const startMs = starts[i]! - fromMs
      const endMs = Math.max(startMs, ends[i]! - fromMs)
      const rate = samplingInterval[i]!
      const octets = octetDeltaCount[i]! * rate
      const packets = packetDeltaCount[i]! * rate
      const start = startMs | 0
      const end = endMs | 0
      const isPlain = start === startMs && end === endMs && end - start <= lifeMsMax
      const greatest = Math.max(octets, packets)
      const product = greatest * Math.max(end - start, secondMs)
      if (!isPlain || greatest > countMax || product > Number.MAX_SAFE_INTEGER) {
        others.push(i)
        continue
      }
      const lastMs = Math.max(start, end - 1)
      if (lastMs < 0) continue
      const last = (lastMs / secondMs) | 0
      // A flow that began before the first second spans several, even if only its last is kept.
      const first = start < 0 ? -1 : (start / secondMs) | 0
      if (last > most) most = last
      const isLong = Number(first !== last)
      long[listed] = i
      listed += isLong
      const kept = Math.max(0, first)
      if (kept < least) least = kept
      living[kept] = living[kept]! + 1
      living[last + 1] = living[last + 1]! - 1
      const at = (kept * ways + way[i]!) * width
      const part = 1 - isLong
      sums[at] = sums[at]! + octets * part
      sums[at + 1] = sums[at + 1]! + packets * part
      sums[at + 2] = sums[at + 2]! + Number(first >= 0)
    }
    this.#least = least
    this.#most = most
    return listed
  }

  /** Counts the listed flows. */
  #addLong(flows: FlowColumns, way: Uint8Array, listed: number): void {
    const { flowStartMilliseconds: starts, flowEndMilliseconds: ends, samplingInterval } = flows
    const { octetDeltaCount, packetDeltaCount } = flows
    const long = this.#long
    const sums = this.#sums
    const ones = this.#ones
    const fromMs = this.#fromMs
    for (let k = 0; k < listed; k++) {
      const i = long[k]!
      const start = (starts[i]! - fromMs) | 0
      const end = (ends[i]! - fromMs) | 0
      const rate = samplingInterval[i]!
      const octets = octetDeltaCount[i]! * rate
      const packets = packetDeltaCount[i]! * rate
      const life = (end - start) | 0
      const first = start < 0 ? 0 : (start / secondMs) | 0
      const last = ((end - 1) / secondMs) | 0
      let octetsLeft = octets
      let packetsLeft = packets
      if (start < 0) {
        octetsLeft -= Math.floor((octets * -start) / life)
        packetsLeft -= Math.floor((packets * -start) / life)
      }
      let at = (first * ways + way[i]!) * width
      if (first < last) {
        const part = ((first + 1) * secondMs - start) | 0
        const octetsPart = Math.floor((octets * part) / life)
        const packetsPart = Math.floor((packets * part) / life)
        const octetsShare = octetsPart - (octets - octetsLeft)
        const packetsShare = packetsPart - (packets - packetsLeft)
        // A flow shorter than a second crosses at most one edge, and has no whole second.
        const whole = Math.max(life, secondMs)
        const octetsStep = Math.floor((octets * secondMs) / whole)
        const packetsStep = Math.floor((packets * secondMs) / whole)
        const octetsStepRest = ((octets * secondMs - octetsStep * whole) | 0) - life
        const packetsStepRest = ((packets * secondMs - packetsStep * whole) | 0) - life
        let octetsRest = (octets * part - octetsPart * life) | 0
        let packetsRest = (packets * part - packetsPart * life) | 0
        let more = 0
        const until = (last * ways + way[i]!) | 0
        for (let one = ((first + 1) * ways + way[i]!) | 0; one < until; one += ways) {
          octetsRest = (octetsRest + octetsStepRest) | 0
          packetsRest = (packetsRest + packetsStepRest) | 0
          const octetsNone = octetsRest >> 31
          const packetsNone = packetsRest >> 31
          octetsRest = (octetsRest + (life & octetsNone)) | 0
          packetsRest = (packetsRest + (life & packetsNone)) | 0
          const both = (1 + octetsNone + (1 + packetsNone) * packetsOne) | 0
          ones[one] = ones[one]! + both
          more = (more + both) | 0
        }
        const wholes = last - first - 1
        sums[at] = sums[at]! + octetsShare
        sums[at + 1] = sums[at + 1]! + packetsShare
        octetsLeft -= octetsShare + wholes * octetsStep + (more & bytesMask)
        packetsLeft -= packetsShare + wholes * packetsStep + (more >>> 16)
        sums[at + 3 + ways * width] = sums[at + 3 + ways * width]! + octetsStep
        sums[at + 4 + ways * width] = sums[at + 4 + ways * width]! + packetsStep
        at = until * width
        sums[at + 3] = sums[at + 3]! - octetsStep
        sums[at + 4] = sums[at + 4]! - packetsStep
      }
      sums[at] = sums[at]! + octetsLeft
      sums[at + 1] = sums[at + 1]! + packetsLeft
    }
  }

  /**
   * Calls `sumsOf` with the index of each second in which a flow was active, and adds to the sums
   * it returns: bytes, packets and flows by direction. Resets everything to 0.
   */
  take(sumsOf: (second: number) => Float64Array): void {
    const sums = this.#sums
    const ones = this.#ones
    const steps = new Float64Array(ways * 2)
    let living = 0
    for (let second = this.#least; second <= this.#most + 1; second++) {
      living += this.#living[second]!
      const target = living > 0 ? sumsOf(second) : null
      for (let way = 0; way < ways; way++) {
        const from = (second * ways + way) * width
        const more = ones[second * ways + way]!
        const octetsStep = (steps[2 * way] = steps[2 * way]! + sums[from + 3]!)
        const packetsStep = (steps[2 * way + 1] = steps[2 * way + 1]! + sums[from + 4]!)
        if (!target) continue
        const at = 3 * way
        target[at] = target[at]! + sums[from]! + octetsStep + (more & bytesMask)
        target[at + 1] = target[at + 1]! + sums[from + 1]! + packetsStep + (more >>> 16)
        target[at + 2] = target[at + 2]! + sums[from + 2]!
      }
    }
    const to = this.#most + 2
    sums.fill(0, this.#least * ways * width, to * ways * width)
    ones.fill(0, this.#least * ways, to * ways)
    this.#living.fill(0, this.#least, to)
  }
}
