/** The other collectors of a cluster; there are none if series are stored in files. */
import type { Settings } from '../../flow/settings/settings.ts'
import type { IngestStatus, Warning } from '../../flow/status.ts'
import type { Archive } from '../../store/archive/archive.ts'
import type { Exchange } from '../../store/clickhouse/exchange.ts'
import { openExchange } from '../../store/open.ts'
import type { CoverageTracker } from './coverage.ts'
import type { Decoder } from '../decode/decoder.ts'
import { Handover, type HandoverSnapshot } from './handover.ts'

export class Neighbours {
  readonly handover: Handover
  readonly #exchange: Exchange
  readonly #writer: string

  private constructor(handover: Handover, exchange: Exchange, writer: string) {
    this.handover = handover
    this.#exchange = exchange
    this.#writer = writer
  }

  /** Null if the settings have no store that collectors share. */
  static async open(
    settings: Settings,
    { archive, coverage }: { archive: Archive; coverage: CoverageTracker },
  ): Promise<Neighbours | null> {
    const exchange = await openExchange(settings)
    if (!exchange) return null
    const handover = new Handover(coverage)
    const snapshot = archive.value<HandoverSnapshot>('handover')
    if (snapshot) handover.restore(snapshot)
    return new Neighbours(handover, exchange, settings.clickhouse.writer)
  }

  /** Notes what was received so far, and corrects losses by what the others last shared. */
  settle(decoder: Decoder): void {
    this.handover.follow(decoder.streams())
    this.handover.settle(this.#exchange.others)
  }

  /** To be published together with the flows it was made from. */
  snapshot(): { handover: HandoverSnapshot } {
    return { handover: this.handover.snapshot() }
  }

  /** Shares with the others what was received and this collector's status; returns at once. */
  share(status: () => Promise<IngestStatus>): void {
    void this.#exchange.report(this.handover.spans(), status)
  }

  /** Warnings about the collectors of the cluster. */
  warnings(): Warning[] {
    if (!this.#exchange.isNameTaken) return []
    return [
      {
        what: `another collector is named ${this.#writer} too: each overwrites what the other writes`,
        remedy: 'give each collector its own WEIR_WRITER, and restart both',
      },
    ]
  }

  /** Shares a last time, if that does not take long. */
  async close(status: () => Promise<IngestStatus>): Promise<void> {
    const last = async () => ({ ...(await status()), running: false })
    await this.#exchange.close(this.handover.spans(), last)
  }
}
