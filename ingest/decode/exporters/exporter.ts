/** What is remembered about one exporter, across its streams. */
import type { AddressWords } from '../../../flow/address.ts'
import type { ExporterRules } from '../../../flow/exporter-rules.ts'
import type { ExporterStatus, InterfaceName, Lost, TakenBack } from '../../../flow/status.ts'
import type { DatagramVersion } from '../datagram.ts'
import type { Problem } from '../problem.ts'
import { Sampling, UnknownSamplers } from './sampling.ts'
import { ClockSkew } from './skew.ts'
import type { Stream } from './stream.ts'
import type { TextBudget } from './text-budget.ts'

/** Counters that have the same name in the status. */
export const counterNames = [
  'datagrams',
  'flows',
  'packets',
  'bytes',
  'flowsLeftOut',
  'duplicates',
  'reordered',
  'restarts',
] as const

export class Exporter {
  readonly address: string
  readonly words: AddressWords
  readonly isIPv6: boolean
  /** The administrator's rules. */
  readonly rules: ExporterRules
  readonly streams = new Map<number, Stream>()
  /** Streams with parked sets whose template may have arrived. */
  readonly releasable = new Set<Stream>()
  /** The stream of the last datagram; usually the next one has the same. */
  lastStream: Stream | null = null
  readonly problems = new Map<Problem, number>()
  readonly versions = new Set<DatagramVersion>()
  readonly domains = new Set<number>()
  firstSeenMs: number
  lastSeenMs: number
  datagrams = 0
  /** Rows produced; packets and bytes are scaled by sampling. */
  flows = 0
  packets = 0
  bytes = 0
  /** Data records, including options records. */
  records = 0
  optionsRecords = 0
  /** Rows left out because of the administrator's rules. */
  flowsLeftOut = 0
  parkedSets = 0
  readonly lost: Lost = { datagrams: 0, flows: 0, flowsEstimated: false }
  /** What was counted as lost and arrived late. */
  readonly takenBack: TakenBack = { datagrams: 0, flows: 0, restarts: 0 }
  duplicates = 0
  reordered = 0
  restarts = 0
  readonly skew = new ClockSkew()
  /**
   * Sampling announced in options data of any domain, by version: used if a record's own domain has
   * none, because some exporters announce it under another domain. Two versions from one address
   * are two exporting processes, of which one may sample and the other not.
   */
  readonly samplings = new Map<DatagramVersion, Sampling>()
  /** The rate of the last row. */
  lastRate = 1
  /** Samplers announced without a rate. */
  readonly unknownSamplers = new UnknownSamplers()
  readonly interfaces = new Map<number, InterfaceName>()
  readonly applications = new Map<number, string>()
  readonly vrfs = new Map<number, string>()
  /** Its export statistics by domain: totals by their IPFIX names. */
  readonly statistics = new Map<number, Map<string, number>>()
  /** Total length of its names and descriptions. */
  textLength = 0
  readonly #texts: TextBudget

  constructor(
    address: string,
    words: AddressWords,
    { nowMs, rules, texts }: { nowMs: number; rules: ExporterRules; texts: TextBudget },
  ) {
    this.address = address
    this.words = words
    this.rules = rules
    this.#texts = texts
    this.isIPv6 = words[0] !== 0 || words[1] !== 0
    this.firstSeenMs = nowMs
    this.lastSeenMs = nowMs
  }

  problem(kind: Problem, times = 1): void {
    if (times > 0) this.problems.set(kind, (this.problems.get(kind) ?? 0) + times)
  }

  /** Reserves space for a name that replaces another; false if there is none. */
  takeText(text: string | null, before: string | null | undefined): boolean {
    const characters = (text?.length ?? 0) - (before?.length ?? 0)
    if (!this.#texts.take(characters)) return false
    this.textLength += characters
    return true
  }

  /** Returns the space of all names; call when the exporter is forgotten. */
  releaseTexts(): void {
    this.#texts.take(-this.textLength)
    this.textLength = 0
  }

  /** The sampling announced under any domain of a version. */
  samplingOf(version: DatagramVersion): Sampling {
    let sampling = this.samplings.get(version)
    if (!sampling) this.samplings.set(version, (sampling = new Sampling()))
    return sampling
  }

  /** Counts sampling without a rate, unless the administrator sets one. */
  samplingRateUnknown(sampler: number, times = 1): void {
    if (this.rules.sampling !== null) return
    this.problem('sampling-unknown', times)
    this.unknownSamplers.add(sampler)
  }

  /** 1 of this many packets, or null if it samples at an unknown rate. */
  get samplingRate(): number | null {
    return this.rules.sampling ?? (this.unknownSamplers.ids.size > 0 ? null : this.lastRate)
  }

  /** Entries from options data, which share one limit. */
  get optionEntries(): number {
    let entries = this.interfaces.size + this.applications.size + this.vrfs.size
    for (const sampling of this.samplings.values()) entries += sampling.size
    return entries
  }

  /** Goes on with the counters of before it was forgotten. */
  goOn({ firstSeen, lost, takenBack, problems, parked, ...counted }: ExporterStatus): void {
    this.firstSeenMs = firstSeen * 1000
    this.parkedSets = parked
    for (const name of counterNames) this[name] = counted[name]
    Object.assign(this.lost, lost)
    Object.assign(this.takenBack, takenBack)
    for (const [kind, count] of Object.entries(problems)) this.problems.set(kind as Problem, count)
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
      flowsLeftOut: this.flowsLeftOut,
      parked: this.parkedSets,
      lost: { ...this.lost, flowsEstimated: this.lost.flowsEstimated && this.lost.flows !== 0 },
      takenBack: { ...this.takenBack },
      duplicates: this.duplicates,
      reordered: this.reordered,
      restarts: this.restarts,
      problems: Object.fromEntries(this.problems),
      sampling: this.samplingRate,
      clockSkewSeconds: this.skew.ms === null ? null : Math.round(this.skew.ms) / 1000,
      interfaces: [...this.interfaces.values()].sort((a, b) => a.index - b.index),
      applications: Object.fromEntries(this.applications),
      vrfs: Object.fromEntries(this.vrfs),
      doubled: [],
      statistics: sumOf(this.statistics.values()),
    }
  }
}

/** Totals over all domains. */
function sumOf(domains: Iterable<ReadonlyMap<string, number>>): Record<string, number> {
  const sums = new Map<string, number>()
  for (const domain of domains)
    for (const [name, value] of domain) sums.set(name, (sums.get(name) ?? 0) + value)
  return Object.fromEntries(sums)
}
