/** What is remembered of one exporter, whatever the streams that it sends. */
import type { AddressWords } from '../../flow/address.ts'
import type { ExporterStatus, InterfaceName, Lost } from '../../flow/status.ts'
import type { DatagramVersion } from './datagram.ts'
import { clockToleranceMs } from './limits.ts'
import type { Problem } from './problem.ts'
import { Sampling } from './sampling.ts'
import type { Stream } from './stream.ts'

/** A jump of the exporter's clock beyond this is taken over at once. */
const skewJumpMs = 60_000
/** Delay makes an export seem earlier: the greatest difference of this long is the clock's own. */
const skewWindowMs = 600_000

export class Exporter {
  readonly address: string
  readonly words: AddressWords
  readonly isIPv6: boolean
  readonly streams = new Map<number, Stream>()
  /** The stream of the last datagram, which most often is that of the next. */
  lastStream: Stream | null = null
  readonly problems = new Map<Problem, number>()
  readonly versions = new Set<DatagramVersion>()
  readonly domains = new Set<number>()
  firstSeenMs: number
  lastSeenMs: number
  datagrams = 0
  /** Rows given; packets and bytes scaled by sampling. */
  flows = 0
  packets = 0
  bytes = 0
  /** Data records, options records among them. */
  records = 0
  optionsRecords = 0
  parkedSets = 0
  readonly lost: Lost = { datagrams: 0, flows: 0, flowsEstimated: false }
  duplicates = 0
  reordered = 0
  restarts = 0
  /** Export time minus receipt in ms; null before anything was measured. */
  skewMs: number | null = null
  /** Greatest differences of the last window and of the one that is open until #skewWindowEnd. */
  #skewBefore = 0
  #skewWindow = 0
  #skewWindowEnd = 0
  /**
   * What options data told of sampling under any domain: counts where a record's own domain was told
   * nothing, because some exporters tell it under another.
   */
  readonly sampling = new Sampling()
  /** The rate given to the last row. */
  lastRate = 1
  /** Records that name a sampler not told came, and none since that could be resolved. */
  samplingUnknown = false
  readonly interfaces = new Map<number, InterfaceName>()
  readonly applications = new Map<number, string>()
  readonly vrfs = new Map<number, string>()

  constructor(address: string, words: AddressWords, nowMs: number) {
    this.address = address
    this.words = words
    this.isIPv6 = words[0] !== 0 || words[1] !== 0
    this.firstSeenMs = nowMs
    this.lastSeenMs = nowMs
  }

  problem(kind: Problem, times = 1): void {
    if (times > 0) this.problems.set(kind, (this.problems.get(kind) ?? 0) + times)
  }

  /** Takes in how far the exporter's clock is off; gives what times must be corrected by, in ms. */
  measureSkew(exportMs: number, receivedMs: number): number {
    const now = exportMs - receivedMs
    const held = this.skewMs
    if (held === null || Math.abs(now - held) > skewJumpMs) {
      this.skewMs = now
      this.#skewBefore = now
      this.#skewWindow = now
      this.#skewWindowEnd = receivedMs + skewWindowMs
    } else {
      if (receivedMs > this.#skewWindowEnd) {
        this.#skewBefore = this.#skewWindow
        this.#skewWindow = now
        this.#skewWindowEnd = receivedMs + skewWindowMs
      } else if (now > this.#skewWindow) this.#skewWindow = now
      this.skewMs = Math.max(this.#skewBefore, this.#skewWindow)
    }
    return Math.abs(this.skewMs) > clockToleranceMs ? Math.round(this.skewMs) : 0
  }

  /** Entries made from options data, which are bounded together. */
  get optionEntries(): number {
    const { interfaces, applications, vrfs, sampling } = this
    return interfaces.size + applications.size + vrfs.size + sampling.size
  }

  status(): ExporterStatus {
    return {
      address: this.address,
      name: null,
      versions: [...this.versions],
      domains: [...this.domains].sort((a, b) => a - b),
      firstSeen: this.firstSeenMs / 1000,
      lastSeen: this.lastSeenMs / 1000,
      datagrams: this.datagrams,
      flows: this.flows,
      packets: this.packets,
      bytes: this.bytes,
      lost: { ...this.lost },
      duplicates: this.duplicates,
      reordered: this.reordered,
      restarts: this.restarts,
      problems: Object.fromEntries(this.problems),
      sampling: this.samplingUnknown ? null : this.lastRate,
      clockSkewSeconds: this.skewMs === null ? null : Math.round(this.skewMs) / 1000,
      interfaces: [...this.interfaces.values()].sort((a, b) => a.index - b.index),
    }
  }
}
