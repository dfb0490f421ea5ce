/** The flows that may be reported again, with what counted of each. */
import { countsPerRecord } from './record.ts'
import { CountedBefore, isRepeated, type CountedBeforeState } from './stream.ts'

/** A flow of a stream, with what counted of it, in the order of countsPerRecord. */
export interface CountedFlow {
  of: CountedBefore
  startMs: number
  endMs: number
  counts: number[]
}

/** A flow in a snapshot: key, start, end, counts. */
const wordsPerFlow = 3 + countsPerRecord
/** Flows of this many streams are distinguished, so that a key stays below 2^53. */
const streamNumberMax = 2 ** 20

export class CountedFlows {
  readonly flowsMax: number
  /** By stream and flow; the last used longest ago first. */
  readonly #byKey = new Map<number, CountedFlow>()
  readonly #restored = new Map<number, CountedBefore>()
  #streams = 0

  constructor(flowsMax: number) {
    this.flowsMax = flowsMax
  }

  /** The next number of a stream, which its flows' keys are made with. */
  nextNumber(): number {
    return (this.#streams++ % streamNumberMax) + 1
  }

  get(key: number): CountedFlow | undefined {
    return this.#byKey.get(key)
  }

  delete(key: number): void {
    this.#byKey.delete(key)
  }

  /** Keeps a flow. Returns how many that may be reported again had to be forgotten for it. */
  keep(key: number, flow: CountedFlow): number {
    this.#byKey.delete(key)
    this.#byKey.set(key, flow)
    return this.#byKey.size > this.flowsMax ? this.#forget() : 0
  }

  /** Forgets an eighth of all flows: one at a time, each would step over all that are deleted. */
  #forget(): number {
    const left = this.#byKey.size - Math.ceil(this.#byKey.size / 8)
    let forgotten = 0
    for (const [key, { of, endMs }] of this.#byKey) {
      if (this.#byKey.size === left) break
      this.#byKey.delete(key)
      of.forgottenMs = Math.max(of.forgottenMs, endMs)
      if (isRepeated(of)) forgotten++
    }
    return forgotten
  }

  /** What is remembered about each stream. */
  snapshot(): Map<CountedBefore, CountedBeforeState> {
    const states = new Map<CountedBefore, CountedBeforeState>()
    for (const [key, { of, startMs, endMs, counts }] of this.#byKey) {
      const state = states.get(of) ?? Object.assign({}, of, { flows: [] as number[] })
      states.set(of, state)
      state.flows.push(key, startMs, endMs, ...counts)
    }
    return states
  }

  /** Restores what is remembered about one stream, for all streams that shared it. */
  restore({ flows, ...held }: CountedBeforeState): CountedBefore {
    const of = this.#restored.get(held.number) ?? Object.assign(new CountedBefore(), held)
    this.#restored.set(held.number, of)
    this.#streams = Math.max(this.#streams, of.number)
    for (
      let at = 0;
      at + wordsPerFlow <= flows.length && this.#byKey.size < this.flowsMax;
      at += wordsPerFlow
    ) {
      const [key, startMs, endMs, ...counts] = flows.slice(at, at + wordsPerFlow)
      this.#byKey.set(key!, { of, startMs: startMs!, endMs: endMs!, counts })
    }
    return of
  }
}
