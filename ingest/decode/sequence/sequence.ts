/**
 * Sequence numbers of one stream: finds loss, late datagrams, duplicates and restarts. Numbers
 * count flows (v5, v6, v7), datagrams (v9, sFlow) or data records (IPFIX), all mod 2^32.
 */
import type { SequenceGap, SequenceVerdict } from '../../../flow/sequence.ts'
import { beginsAnew, hasKeptRunning, hasRestarted, type Clocks } from './boot.ts'
import { reorderWindowDatagrams } from '../limits.ts'
import { distance, gapOf, MissingRanges, type MissingRange } from './missing.ts'
import { NumberingGuess, unitsOf, type SequencedContents } from './numbering.ts'

/** What the numbers of a version count, by its standard. */
export type SequenceUnit = 'flows' | 'datagrams' | 'records'

/** One datagram: its header and a mark of its contents. */
export interface SequencedDatagram extends Clocks {
  sequence: number
  /** Identifies a duplicate, as far as the number distinguishes datagrams. */
  mark: number
  /** Checksum of all bytes; 0 once the stream's numbers are known to change. */
  checksum: number
  /** When it and the stream's previous one were received, unix ms. */
  receivedMs: number
  sinceMs: number
}

export interface SequenceFinding {
  verdict: SequenceVerdict
  lostDatagrams: number
  lostFlows: number
  gaps: readonly SequenceGap[]
}

const noGaps: readonly SequenceGap[] = []

export interface SequenceSnapshot {
  expected: number
  unsure: number
  latest: number
  uptimeMs: number
  exportMs: number
  meanFlows: number
  datagrams: number
  numbering: number
  numbered: number
  checksum: number
  missing: readonly MissingRange[]
  recent: number[]
}

/** A late datagram was exported before the last one, within the precision of a clock in seconds. */
const exportToleranceMs = 1000

const emptyMark = -1

/** No datagram of v5 has more records; those of other versions seldom do. */
const recordsUsualMax = 30

export class Sequence {
  readonly #guess: NumberingGuess
  readonly #missing = new MissingRanges()
  /** The first number of the next datagram if nothing is lost, or -1 before the first. */
  #expected = -1
  /** That number may be higher by this much, because parts of a datagram could not be decoded. */
  #unsure = 0
  /** The number of the latest datagram in order. */
  #latest = 0
  #isNumbered = false
  /** Checksum of the last datagram, until the numbers change. */
  #checksum = 0
  readonly #last: Clocks = { uptimeMs: -1, exportMs: 0 }
  /** Running mean of flows per datagram, for estimates. */
  #meanFlows = 0
  #datagrams = 0
  /** Marks of the last datagrams, as a ring. */
  readonly #recent = new Float64Array(reorderWindowDatagrams).fill(emptyMark)
  /** The expected number before the last restart, and the datagram count at that time. */
  #expectedBefore = -1
  #restartedAt = 0
  /** A single object, reused: callers read a finding at once. */
  readonly #finding: SequenceFinding = {
    verdict: 'first',
    lostDatagrams: 0,
    lostFlows: 0,
    gaps: noGaps,
  }

  constructor(unit: SequenceUnit) {
    this.#guess = new NumberingGuess(unit)
  }

  /**
   * Whether a datagram from another source port belongs to this stream: it continues exactly where
   * this one ended (as far as is known before it is decoded), or the exporter restarted.
   */
  belongsTo(datagram: SequencedDatagram): boolean {
    const ahead = distance(this.#expected, datagram.sequence)
    const isNext = this.#guess.current.isAfter ? ahead > 0 && ahead <= recordsUsualMax : ahead === 0
    return isNext || this.isRestartedBy(datagram)
  }

  /** Whether the exporter restarted before a datagram, by its uptime. */
  isRestartedBy(datagram: SequencedDatagram): boolean {
    return hasRestarted(this.#last, datagram)
  }

  /**
   * Whether a datagram from another source port may continue this stream after a loss: it is ahead,
   * and the exporter has not restarted. IPFIX has no uptime that would tell: there it is ahead by no
   * more than `unitsMax`.
   */
  isAheadIn(datagram: SequencedDatagram, unitsMax: number): boolean {
    const first = datagram.sequence
    const ahead = distance(this.#expected, first)
    if (!this.#isNumbered || ahead <= 0) return false
    if (beginsAnew({ first, ahead }, this.#last, datagram)) return false
    return datagram.uptimeMs < 0 ? ahead <= unitsMax : hasKeptRunning(this.#last, datagram)
  }

  /** The number of the next datagram if nothing is lost, or -1 if that is not known exactly. */
  get next(): number {
    return this.#unsure > 0 || this.#guess.current.isAfter ? -1 : this.#expected
  }

  /** Whether a datagram with this number may be the next, as far as is known. */
  isContinuedBy(number: number): boolean {
    const ahead = distance(this.#expected, number)
    return !this.#guess.current.isAfter && ahead >= 0 && ahead <= this.#unsure
  }

  /** Nothing that is missing can arrive late any more. */
  forgetMissing(): void {
    this.#missing.clear()
  }

  /** Whether the numbers have ever changed: some exporters always send the same one. */
  get isNumbered(): boolean {
    return this.#isNumbered
  }

  /** Whether a datagram duplicates one of the last. Duplicates are not accounted. */
  isDuplicate({ sequence, mark, checksum }: SequencedDatagram): boolean {
    if (distance(this.#latest, sequence) > 0) return false
    return (this.#isNumbered || checksum === this.#checksum) && this.#recent.includes(mark)
  }

  /** Judges a datagram and accounts it. Loss is negative if a late datagram corrects an earlier one. */
  account(datagram: SequencedDatagram, contents: SequencedContents): SequenceFinding {
    const finding = this.#finding
    finding.lostDatagrams = 0
    finding.lostFlows = 0
    finding.gaps = noGaps
    const way = this.#guess.current
    const units = unitsOf(way, contents)
    const first = way.isAfter ? (datagram.sequence - units) >>> 0 : datagram.sequence
    if (this.#expected === -1) {
      finding.verdict = 'first'
      this.#guess.begin(datagram.sequence, contents)
    } else {
      const ahead = distance(this.#expected, first)
      const slack = way.isAfter ? contents.recordsUnsure : this.#unsure
      if (ahead >= 0 && ahead <= slack) finding.verdict = 'continues'
      else if (!this.#isNumbered && datagram.sequence === this.#latest) finding.verdict = 'unknown'
      else
        this.#judge(datagram, contents, { first, units, ahead: ahead > 0 ? ahead - slack : ahead })
      this.#learn(datagram, contents)
    }
    this.#advance(datagram, contents)
    return finding
  }

  #judge(
    datagram: SequencedDatagram,
    contents: SequencedContents,
    { first, units, ahead }: { first: number; units: number; ahead: number },
  ): void {
    const finding = this.#finding
    const isLater = datagram.exportMs - this.#last.exportMs > exportToleranceMs
    if (hasRestarted(this.#last, datagram)) finding.verdict = 'restart'
    else if (ahead > 0 && !isLater && this.#isFromBeforeRestart(datagram, first))
      finding.verdict = 'reordered'
    else if (beginsAnew({ first, ahead }, this.#last, datagram)) finding.verdict = 'restart'
    else if (ahead > 0) this.#lose(datagram, { first, units: ahead })
    else if (!isLater && this.#missing.has(first)) {
      finding.verdict = 'reordered'
      this.#count(this.#missing.found(first, units))
    } else if (this.#guess.fitsOther(datagram.sequence, contents)) finding.verdict = 'reordered'
    else finding.verdict = !isLater && -ahead <= this.#reorderUnits() ? 'reordered' : 'restart'
  }

  /** Whether a number that seems far ahead is that of a late datagram from before a restart. */
  #isFromBeforeRestart(datagram: SequencedDatagram, first: number): boolean {
    return (
      this.#expectedBefore !== -1 &&
      !hasKeptRunning(this.#last, datagram) &&
      this.#datagrams - this.#restartedAt < reorderWindowDatagrams &&
      Math.abs(distance(this.#expectedBefore, first)) <= this.#reorderUnits()
    )
  }

  /** How many units late a datagram may arrive. */
  #reorderUnits(): number {
    const isDatagrams = this.#guess.current.counts === 'datagrams'
    return reorderWindowDatagrams * (isDatagrams ? 1 : Math.max(1, 2 * this.#meanFlows))
  }

  /**
   * Counts a gap of `units` before `first`. What the numbers do not count is estimated from the
   * mean.
   */
  #lose(
    { sinceMs: beforeMs, receivedMs: untilMs }: SequencedDatagram,
    { first, units }: { first: number; units: number },
  ): void {
    const isDatagrams = this.#guess.current.counts === 'datagrams'
    const mean = Math.max(1, this.#meanFlows)
    const datagrams = isDatagrams ? units : Math.max(1, Math.round(units / mean))
    const flows = isDatagrams ? Math.round(units * this.#meanFlows) : units
    const from = (first - units) >>> 0
    // The clock may have been set back.
    const sinceMs = Math.min(beforeMs, untilMs)
    const range = { from, units, datagrams, flows, foundAt: this.#datagrams, sinceMs, untilMs }
    this.#missing.add(range)
    this.#finding.verdict = 'gap'
    this.#count([gapOf(range, 1)])
  }

  /** Counts what is missing, or no longer is. */
  #count(gaps: readonly SequenceGap[]): void {
    const finding = this.#finding
    finding.gaps = gaps
    for (const { datagrams, flows } of gaps) {
      finding.lostDatagrams += datagrams
      finding.lostFlows += flows
    }
  }

  #learn(datagram: SequencedDatagram, contents: SequencedContents): void {
    const finding = this.#finding
    if (finding.verdict === 'continues' && this.#guess.isSettledBy(contents)) {
      this.#guess.remember(datagram.sequence, contents)
      return
    }
    const loss = { datagrams: finding.lostDatagrams, flows: finding.lostFlows }
    const continues = finding.verdict === 'continues'
    const mistaken = this.#guess.learn(datagram.sequence, contents, continues, loss)
    if (mistaken === null) return
    finding.verdict = 'continues'
    finding.lostDatagrams -= mistaken.datagrams
    finding.lostFlows -= mistaken.flows
    finding.gaps = [...finding.gaps, ...this.#missing.mistaken(mistaken)]
  }

  #advance(datagram: SequencedDatagram, contents: SequencedContents): void {
    const { verdict } = this.#finding
    if (!this.#isNumbered) {
      this.#isNumbered = this.#datagrams > 0 && datagram.sequence !== this.#latest
      this.#checksum = datagram.checksum
    }
    this.#recent[this.#datagrams & (reorderWindowDatagrams - 1)] = datagram.mark
    this.#datagrams++
    this.#meanFlows += (contents.flows - this.#meanFlows) * (this.#datagrams === 1 ? 1 : 1 / 16)
    if (verdict === 'reordered' || verdict === 'unknown') return
    if (verdict === 'restart') {
      this.#missing.clear()
      this.#expectedBefore = this.#expected
      this.#restartedAt = this.#datagrams
    }
    const way = this.#guess.current
    this.#latest = datagram.sequence
    this.#expected = way.isAfter
      ? datagram.sequence
      : (datagram.sequence + unitsOf(way, contents)) >>> 0
    this.#unsure = way.counts === 'datagrams' || way.isAfter ? 0 : contents.recordsUnsure
    this.#last.uptimeMs = datagram.uptimeMs
    this.#last.exportMs = datagram.exportMs
    if (this.#missing.ranges.length > 0) this.#missing.forget(this.#datagrams)
  }

  snapshot(): SequenceSnapshot {
    return {
      expected: this.#expected,
      unsure: this.#unsure,
      latest: this.#latest,
      uptimeMs: this.#last.uptimeMs,
      exportMs: this.#last.exportMs,
      meanFlows: this.#meanFlows,
      datagrams: this.#datagrams,
      numbering: this.#guess.index,
      numbered: Number(this.#isNumbered),
      checksum: this.#checksum,
      missing: this.#missing.ranges,
      recent: Array.from(this.#recent),
    }
  }

  restore(state: SequenceSnapshot): void {
    this.#expected = state.expected
    this.#unsure = state.unsure
    this.#latest = state.latest
    this.#last.uptimeMs = state.uptimeMs
    this.#last.exportMs = state.exportMs
    this.#meanFlows = state.meanFlows
    this.#datagrams = state.datagrams
    this.#guess.index = state.numbering
    this.#isNumbered = state.numbered === 1
    this.#checksum = state.checksum
    this.#missing.restore(state.missing)
    this.#recent.set(state.recent.slice(0, this.#recent.length))
  }
}
