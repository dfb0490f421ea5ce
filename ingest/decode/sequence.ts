/**
 * Sequence numbers of one stream: what is lost, late, double, or begun anew. Numbers count flows
 * (v5, v6, v7), datagrams (v9, sFlow) or data records (IPFIX), all mod 2^32; each datagram carries
 * the number of its own first unit.
 */
import type { SequenceVerdict } from '../../flow/sequence.ts'
import { missingRangesMax, reorderWindowDatagrams } from './limits.ts'

/** Numbers [from, from + units) that were not seen, and what they are worth. */
interface MissingRange {
  from: number
  units: number
  datagrams: number
  flows: number
  /** Count of the stream's datagrams when it was found missing. */
  foundAt: number
}

/** One datagram, as far as sequence numbers go. */
export interface SequencedDatagram {
  sequence: number
  /** Uptime in ms mod 2^32, or -1 where the version has none. */
  uptimeMs: number
  /** unix ms, the exporter's clock */
  exportMs: number
  /** A mark of the contents, by which a second copy is known. */
  mark: number
}

/** What one datagram held, once it is decoded. */
export interface SequencedContents {
  /** Units by which the next datagram's number is greater. */
  units: number
  /** Most units that parts which could not be decoded may have held besides. */
  unitsUnsure: number
  flows: number
}

export interface SequenceFinding {
  verdict: SequenceVerdict
  lostDatagrams: number
  lostFlows: number
}

/** Uptime may seem to fall this far without a restart: export times are whole seconds. */
const restartToleranceMs = 2500

/** A late datagram was exported before the last one, but for a clock of whole seconds. */
const exportToleranceMs = 1000

const wordSize = 2 ** 32
const emptyMark = -1

/** The distance from a to b, mod 2^32, between -2^31 and 2^31. */
const distance = (a: number, b: number) => (b - a) | 0

export interface SequenceSnapshot {
  expected: number
  unsure: number
  uptimeMs: number
  exportMs: number
  meanFlows: number
  datagrams: number
  missing: MissingRange[]
  recent: number[]
}

/** What a missing unit is worth: of which kind the units are decides which of the two is estimated. */
export type SequenceUnit = 'flows' | 'datagrams' | 'records'

export class Sequence {
  readonly #unit: SequenceUnit
  /** The next datagram's number if nothing is lost, or -1 before the first. */
  #expected = -1
  /** That number may be higher by so much, because parts of a datagram could not be decoded. */
  #unsure = 0
  #uptimeMs = -1
  #exportMs = 0
  /** Running mean of flows a datagram, for estimates. */
  #meanFlows = 0
  #datagrams = 0
  #missing: MissingRange[] = []
  /** Marks of the last datagrams, a ring. */
  readonly #recent = new Float64Array(reorderWindowDatagrams).fill(emptyMark)
  /** One object, used again: a verdict is read at once. */
  readonly #finding: SequenceFinding = { verdict: 'first', lostDatagrams: 0, lostFlows: 0 }
  #pending: MissingRange | null = null
  /** What was expected before the last restart, and when that was in datagrams. */
  #expectedBefore = -1
  #restartedAt = 0

  constructor(unit: SequenceUnit) {
    this.#unit = unit
  }

  /**
   * Whether a datagram from another source port is of this stream all the same: it goes on exactly
   * where this one ended, or its exporter was started anew.
   */
  belongsTo(datagram: SequencedDatagram): boolean {
    if (this.#expected === -1) return false
    return datagram.sequence === this.#expected || this.#hasRestarted(datagram)
  }

  /**
   * Judges a datagram before it is decoded. Every datagram that is not a duplicate must then be
   * told to `advance`.
   */
  judge(datagram: SequencedDatagram): SequenceFinding {
    const finding = this.#finding
    finding.lostDatagrams = 0
    finding.lostFlows = 0
    this.#pending = null
    if (this.#expected === -1) finding.verdict = 'first'
    else {
      const ahead = distance(this.#expected, datagram.sequence)
      if (ahead >= 0 && ahead <= this.#unsure) finding.verdict = 'continues'
      else this.#judgeBroken(datagram, ahead, finding)
    }
    return finding
  }

  #judgeBroken(datagram: SequencedDatagram, ahead: number, finding: SequenceFinding): void {
    if (this.#hasRestarted(datagram)) finding.verdict = 'restart'
    else if (ahead > 0 && this.#isFromBeforeRestart(datagram)) finding.verdict = 'reordered'
    else if (ahead > 0) {
      finding.verdict = 'gap'
      this.#lose(datagram, ahead - this.#unsure, finding)
    } else if (this.#recent.includes(datagram.mark)) finding.verdict = 'duplicate'
    else if (datagram.exportMs - this.#exportMs > exportToleranceMs) finding.verdict = 'restart'
    else if (this.#findMissing(datagram.sequence)) finding.verdict = 'reordered'
    else finding.verdict = -ahead <= this.#reorderUnits() ? 'reordered' : 'restart'
  }

  /** A late datagram of the time before a restart seems to be far ahead. */
  #isFromBeforeRestart({ sequence }: SequencedDatagram): boolean {
    return (
      this.#expectedBefore !== -1 &&
      this.#datagrams - this.#restartedAt < reorderWindowDatagrams &&
      Math.abs(distance(this.#expectedBefore, sequence)) <= this.#reorderUnits()
    )
  }

  /**
   * Uptime fell, and not because the datagram is an old one (then its export time fell as well), nor
   * because it wrapped (then the time of boot stays the same mod 2^32).
   */
  #hasRestarted(datagram: SequencedDatagram): boolean {
    if (datagram.uptimeMs < 0 || this.#uptimeMs < 0) return false
    const uptime = distance(this.#uptimeMs, datagram.uptimeMs)
    const elapsed = datagram.exportMs - this.#exportMs
    const bootMoved = ((elapsed - uptime) % wordSize) | 0
    return uptime < 0 && bootMoved > restartToleranceMs
  }

  /** How many units back a datagram may come late. */
  #reorderUnits(): number {
    const perDatagram = this.#unit === 'datagrams' ? 1 : Math.max(1, 2 * this.#meanFlows)
    return reorderWindowDatagrams * perDatagram
  }

  #lose({ sequence }: SequencedDatagram, units: number, finding: SequenceFinding): void {
    const perDatagram = Math.max(1, this.#meanFlows)
    const isDatagrams = this.#unit === 'datagrams'
    const datagrams = isDatagrams ? units : Math.max(1, Math.round(units / perDatagram))
    const flows = isDatagrams ? Math.round(units * this.#meanFlows) : units
    finding.lostDatagrams = datagrams
    finding.lostFlows = flows
    if (this.#missing.length >= missingRangesMax) this.#missing.shift()
    const from = (sequence - units) >>> 0
    this.#missing.push({ from, units, datagrams, flows, foundAt: this.#datagrams })
  }

  #findMissing(sequence: number): boolean {
    for (const range of this.#missing) {
      const into = distance(range.from, sequence)
      if (into < 0 || into >= range.units) continue
      this.#pending = range
      return true
    }
    return false
  }

  /**
   * Takes in what a judged datagram held; gives back, in the finding, what a late one had been
   * counted as lost for. Duplicates are not told.
   */
  advance(
    datagram: SequencedDatagram,
    contents: SequencedContents,
    finding: SequenceFinding,
  ): void {
    const { verdict } = finding
    this.#recent[this.#datagrams % this.#recent.length] = datagram.mark
    this.#datagrams++
    const weight = this.#meanFlows === 0 ? 1 : 1 / 16
    this.#meanFlows += (contents.flows - this.#meanFlows) * weight
    if (verdict === 'reordered') {
      if (this.#pending) this.#takeBack(this.#pending, datagram.sequence, contents, finding)
      return
    }
    if (verdict === 'restart') {
      this.#missing = []
      this.#expectedBefore = this.#expected
      this.#restartedAt = this.#datagrams
    }
    this.#expected = (datagram.sequence + contents.units) >>> 0
    this.#unsure = contents.unitsUnsure
    this.#uptimeMs = datagram.uptimeMs
    this.#exportMs = datagram.exportMs
    if (this.#missing.length > 0) this.#forgetMissing()
  }

  /** Splits the late datagram's units out of the range that they were missing from. */
  #takeBack(
    range: MissingRange,
    sequence: number,
    contents: SequencedContents,
    finding: SequenceFinding,
  ): void {
    const before = distance(range.from, sequence)
    const found = Math.min(Math.max(contents.units, 1), range.units - before)
    const after = range.units - before - found
    const share = (whole: number, units: number) => Math.round((whole * units) / range.units)
    const parts = [
      { from: range.from, units: before },
      { from: (sequence + found) >>> 0, units: after },
    ].filter((part) => part.units > 0)
    const rest = parts.map((part) => ({
      ...part,
      datagrams: Math.max(1, share(range.datagrams - 1, part.units)),
      flows: this.#unit === 'datagrams' ? share(range.flows, part.units) : part.units,
      foundAt: range.foundAt,
    }))
    const sum = (name: 'datagrams' | 'flows') => rest.reduce((total, part) => total + part[name], 0)
    finding.lostDatagrams = sum('datagrams') - range.datagrams
    finding.lostFlows = sum('flows') - range.flows
    this.#missing.splice(this.#missing.indexOf(range), 1, ...rest)
  }

  /** What is missing for longer than datagrams come late is lost for good. */
  #forgetMissing(): void {
    const oldest = this.#datagrams - 2 * reorderWindowDatagrams
    while (this.#missing.length > 0 && this.#missing[0]!.foundAt < oldest) this.#missing.shift()
  }

  snapshot(): SequenceSnapshot {
    return {
      expected: this.#expected,
      unsure: this.#unsure,
      uptimeMs: this.#uptimeMs,
      exportMs: this.#exportMs,
      meanFlows: this.#meanFlows,
      datagrams: this.#datagrams,
      missing: this.#missing,
      recent: Array.from(this.#recent),
    }
  }

  restore(state: SequenceSnapshot): void {
    this.#expected = state.expected
    this.#unsure = state.unsure
    this.#uptimeMs = state.uptimeMs
    this.#exportMs = state.exportMs
    this.#meanFlows = state.meanFlows
    this.#datagrams = state.datagrams
    this.#missing = state.missing
    this.#recent.set(state.recent.slice(0, this.#recent.length))
  }
}
