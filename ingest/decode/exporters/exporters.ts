/**
 * Exporters by address, with their streams. Bounded: exporters that never sent a flow or have long
 * been silent are forgotten.
 */
import { parseAddress, type AddressWords } from '../../../flow/address.ts'
import type { ExporterRules } from '../../../flow/exporter-rules.ts'
import type { ExporterStatus } from '../../../flow/status.ts'
import type { DatagramVersion, Receipt } from '../datagram.ts'
import { evictionOrder } from './eviction.ts'
import { Exporter } from './exporter.ts'
import type { DecoderLimits } from '../limits.ts'
import type { Parking } from '../templates/parking.ts'
import type { SequencedDatagram } from '../sequence/sequence.ts'
import { Stream, type StreamIds } from './stream.ts'
import type { TemplateStore } from '../templates/store.ts'
import { TextBudget } from './text-budget.ts'

const versionNumbers: Readonly<Record<DatagramVersion, number>> = {
  v1: 1,
  v5: 5,
  v6: 6,
  v7: 7,
  v9: 9,
  ipfix: 10,
  sflow: 11,
}

/** Below 2^53: version, domain (32 bits), port (16 bits), and over both the hash of an agent. */
const keyOf = (version: DatagramVersion, { domain, sourcePort, agent }: StreamIds) =>
  (versionNumbers[version] * 2 ** 32 + domain) * 2 ** 16 + sourcePort + agent

/** What a datagram says about its stream. */
interface SoughtStream {
  version: DatagramVersion
  domain: number
  agent: number
  datagram: Receipt
  sequenced: SequencedDatagram
}

interface ExportersParts {
  limits: DecoderLimits
  parking: Parking
  templates: () => TemplateStore
  /** The administrator's rules for an exporter. */
  rulesOf: (address: string) => ExporterRules
}

/**
 * Most forgotten exporters of which the counters are kept; beyond, those forgotten first start at 0
 * when they come back.
 */
const countersMax = 4096

const noAddress: AddressWords = [0, 0, 0, 0]

export class Exporters {
  readonly byAddress = new Map<string, Exporter>()
  readonly #parts: ExportersParts
  readonly #limits: DecoderLimits
  readonly #texts: TextBudget
  #last: Exporter | null = null
  /** As given: the same text object, mostly, which is compared at once. */
  #lastAddress = ''
  /** Streams of all exporters. */
  #streams = 0
  /** Exporters forgotten because there were too many. */
  evicted = 0
  /** Their counters, which go on when they come back. */
  readonly forgotten = new Map<string, ExporterStatus>()

  constructor(parts: ExportersParts) {
    this.#parts = parts
    this.#limits = parts.limits
    this.#texts = new TextBudget(parts.limits.optionTextMax)
  }

  /** The exporter with an address; a new one if unknown. */
  of(address: string, nowMs: number): Exporter {
    if (this.#last !== null && address === this.#lastAddress) return this.#last
    this.#lastAddress = address
    return (this.#last = this.byAddress.get(address) ?? this.#add(address, nowMs))
  }

  #add(address: string, nowMs: number): Exporter {
    const words = parseAddress(address) ?? noAddress
    const rules = this.#parts.rulesOf(address)
    const exporter = new Exporter(address, words, { nowMs, rules, texts: this.#texts })
    if (this.byAddress.size >= this.#limits.exportersMax) this.#evict()
    this.byAddress.set(exporter.address, exporter)
    const before = this.forgotten.get(exporter.address)
    if (before) exporter.goOn(before)
    this.forgotten.delete(exporter.address)
    return exporter
  }

  #evict(): void {
    const silent = [...this.byAddress.values()].sort(bySilence)
    for (const exporter of silent.slice(0, Math.ceil(silent.length / 8))) {
      for (const stream of exporter.streams.values()) this.#forget(stream)
      exporter.releaseTexts()
      this.byAddress.delete(exporter.address)
      this.evicted++
      const names = { interfaces: [], applications: {}, vrfs: {}, statistics: {} }
      this.forgotten.set(exporter.address, { ...exporter.status(), ...names })
      if (this.forgotten.size > countersMax)
        this.forgotten.delete(this.forgotten.keys().next().value!)
    }
    this.#last = null
  }

  #forget(stream: Stream): void {
    this.#streams--
    this.#parts.templates().forget(stream)
    while (stream.parked.length > 0) this.#parts.parking.remove(stream, 0)
  }

  /**
   * The stream of a datagram. A new source port continues another stream if the sequence numbers
   * say so (the exporter or NAT has changed the port), even after a loss if there can be no other;
   * otherwise it is a new stream, which may use the other's templates (see templates/ports.ts).
   */
  streamOf(exporter: Exporter, sought: SoughtStream): Stream {
    const { version, domain, agent, datagram } = sought
    const key = keyOf(version, { domain, agent, sourcePort: datagram.sourcePort })
    const stream = exporter.streams.get(key) ?? this.#newStream(exporter, sought)
    exporter.lastStream = stream
    return stream
  }

  #newStream(exporter: Exporter, sought: SoughtStream): Stream {
    const { version, domain, agent, datagram, sequenced } = sought
    const { sourcePort, receivedMs } = datagram
    exporter.versions.add(version)
    const sibling = this.#siblingOf(exporter, sought)
    const isMoved =
      sibling !== null &&
      (sibling.sequence.belongsTo(sequenced) ||
        isMovedInLoss(exporter, sibling, { datagram, sequenced }))
    if (isMoved) {
      if (sibling.sequence.isRestartedBy(sequenced)) sibling.replacesMs = receivedMs
      exporter.streams.delete(keyOf(version, sibling))
      sibling.sourcePort = sourcePort
      exporter.streams.set(keyOf(version, sibling), sibling)
      return sibling
    }
    const stream = new Stream(version, { domain, sourcePort, agent }, receivedMs)
    this.addStream(exporter, stream)
    if (sibling) {
      if (receivedMs - sibling.seenMs >= silenceMsMin) stream.replacesMs = receivedMs
      stream.countedBefore = sibling.countedBefore
      stream.bootMs = sibling.bootMs
      stream.bootGuessed = sibling.bootGuessed
    }
    return stream
  }

  /**
   * Adds a stream; if there are too many, forgets the exporter's stream that has been silent
   * longest.
   */
  addStream(exporter: Exporter, stream: Stream): void {
    const { version, domain, sourcePort, agent } = stream
    if (exporter.streams.size >= this.#limits.streamsPerExporterMax) this.#evictStream(exporter)
    if (++this.#streams > this.#limits.streamsMax) this.#evictStreams()
    stream.exporterSampling = exporter.samplingOf(version)
    exporter.streams.forEach((other) => {
      if (other.version === version && other.sourcePort === sourcePort && other.agent === agent)
        stream.session = other.session
    })
    exporter.streams.set(keyOf(version, stream), stream)
    if (exporter.domains.size < this.#limits.streamsPerExporterMax) exporter.domains.add(domain)
  }

  /** The most recent stream that differs in its port at most. */
  #siblingOf(exporter: Exporter, sought: SoughtStream): Stream | null {
    // forEach, because iterators allocate an object per step, and this runs for each new stream.
    const found: { stream: Stream | null } = { stream: null }
    exporter.streams.forEach((stream) => {
      if (!isAlike(stream, sought)) return
      if (found.stream === null || stream.seenMs > found.stream.seenMs) found.stream = stream
    })
    return found.stream
  }

  #evictStream(exporter: Exporter): void {
    const found: { stream: Stream | null } = { stream: null }
    exporter.streams.forEach((stream) => {
      if (found.stream === null || stream.seenMs < found.stream.seenMs) found.stream = stream
    })
    const oldest = found.stream
    if (oldest === null) return
    this.#forget(oldest)
    exporter.releasable.delete(oldest)
    exporter.streams.delete(keyOf(oldest.version, oldest))
    exporter.lastStream = null
    exporter.problem('stream-evicted')
  }

  /** Forgets an eighth of all streams: the longest silent ones of the exporters with most. */
  #evictStreams(): void {
    const all = [...this.byAddress.values()].flatMap((exporter) =>
      [...exporter.streams].map(([key, stream]) => ({ exporter, key, stream })),
    )
    const order = evictionOrder(all, {
      isIdle: () => false,
      usedMs: ({ stream }) => stream.seenMs,
    })
    for (const { exporter, key, stream } of order.slice(0, Math.ceil(all.length / 8))) {
      this.#forget(stream)
      exporter.releasable.delete(stream)
      exporter.streams.delete(key)
      if (exporter.lastStream === stream) exporter.lastStream = null
      exporter.problem('stream-evicted')
    }
  }
}

/** Within this time every process of an exporter has sent something. */
const allSeenMs = 300_000
/** A port that sent a moment ago has not been replaced. */
const silenceMsMin = 1000
/**
 * An exporter may send this many times its mean while datagrams are lost: what was lost is often
 * what came in a burst.
 */
const burst = 4

/**
 * Whether an exporter's only stream of a version and domain changed its port while datagrams were
 * lost: those of the time in which the collector did not run, for one.
 */
function isMovedInLoss(
  exporter: Exporter,
  sibling: Stream,
  { datagram, sequenced }: Pick<SoughtStream, 'datagram' | 'sequenced'>,
): boolean {
  const { receivedMs } = datagram
  if (receivedMs - sibling.seenMs < silenceMsMin) return false
  if (receivedMs - exporter.firstSeenMs < allSeenMs) return false
  const recordsPerMs = exporter.records / (receivedMs - exporter.firstSeenMs)
  const recordsMax = burst * recordsPerMs * (receivedMs - sibling.seenMs)
  if (!sibling.sequence.isAheadIn(sequenced, recordsMax)) return false
  const alike = [...exporter.streams.values()].filter((stream) => isAlike(stream, sibling))
  return alike.length === 1
}

/** Whether streams of one exporter differ in their ports at most. */
function isAlike(
  one: Stream,
  { version, domain, agent }: Pick<Stream, 'version' | 'domain' | 'agent'>,
): boolean {
  return one.version === version && one.domain === domain && one.agent === agent
}

/** Exporters that never sent a flow come first, then by silence, longest first. */
function bySilence(a: Exporter, b: Exporter): number {
  return Number(a.flows > 0) - Number(b.flows > 0) || a.lastSeenMs - b.lastSeenMs
}
