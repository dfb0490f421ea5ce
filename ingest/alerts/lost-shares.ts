/** The share of flows lost, by exporter, from one interval to the next. */
import type { ExporterStatus } from '../../flow/status.ts'

type Counted = Pick<ExporterStatus, 'address' | 'flows' | 'lost' | 'lastSeen'>

/** An exporter at the last call. */
interface Before {
  flows: number
  lost: number
  seenMs: number
}

export class LostShares {
  #counted = new Map<string, Before>()

  /**
   * The share lost since the last call, in percent; only of exporters that were counted then and sent since, and of
   * which nothing is missing that they sent before `watchedFrom` (unix ms), when nobody listened.
   */
  take(exporters: readonly Counted[], watchedFrom: number): Map<string, number> {
    const shares = new Map<string, number>()
    const counted = new Map<string, Before>()
    for (const { address, flows, lost, lastSeen } of exporters) {
      const before = this.#counted.get(address)
      counted.set(address, { flows, lost: lost.flows, seenMs: lastSeen * 1000 })
      if (!before || before.seenMs < watchedFrom) continue
      const missing = Math.max(0, lost.flows - before.lost)
      const all = missing + Math.max(0, flows - before.flows)
      if (all > 0) shares.set(address, (100 * missing) / all)
    }
    this.#counted = counted
    return shares
  }

  forget(): void {
    this.#counted.clear()
  }
}
