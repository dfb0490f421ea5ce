/** The share of flows lost, by exporter, from one interval to the next. */
import type { ExporterStatus } from '../../flow/status.ts'

type Counted = Pick<ExporterStatus, 'address' | 'flows' | 'flowsLeftOut' | 'lost' | 'lastSeen'>

/** An exporter at the last call. */
interface Before {
  /** With those that the administrator's rules leave out, which may be all: they may be lost too. */
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
    for (const { address, lost, lastSeen, ...exporter } of exporters) {
      const before = this.#counted.get(address)
      const flows = exporter.flows + exporter.flowsLeftOut
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
