/** The share of flows lost, by exporter, from one interval to the next. */
import type { ExporterStatus } from '../../flow/status.ts'

type Counted = Pick<ExporterStatus, 'address' | 'flows' | 'lost'>

export class LostShares {
  #counted = new Map<string, { flows: number; lost: number }>()

  /** The share lost since the last call, in percent; only of exporters that were counted then and sent since. */
  take(exporters: readonly Counted[]): Map<string, number> {
    const shares = new Map<string, number>()
    const counted = new Map<string, { flows: number; lost: number }>()
    for (const { address, flows, lost } of exporters) {
      const before = this.#counted.get(address)
      counted.set(address, { flows, lost: lost.flows })
      if (!before) continue
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
