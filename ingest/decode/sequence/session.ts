/**
 * Who counts. By the standards every domain does (RFC 3954, 5.1; RFC 7011, 3.1), but some exporters
 * have one counter for all that they send from a port: Open vSwitch, whose statistics are of domain
 * 0. Read by the standard, each of their domains loses whatever the others sent.
 */
import type { SequenceGap } from '../../../flow/sequence.ts'
import { missingRangesMax } from '../limits.ts'
import type { Sequence, SequenceFinding } from './sequence.ts'

/** This many datagrams in a row that only one of the two explains decide. */
const habitDatagrams = 3

/** The streams of one version from one port of an exporter. */
export class Session {
  /** The one counter of all domains; null as long as each has its own. */
  shared: Sequence | null = null
  /** When its last datagram was received, unix ms. */
  seenMs = 0
  #isDecided = false
  /** Of the last datagram. */
  #last: Sequence | null = null
  /** Datagrams in a row that speak for one counter or, negative, for one of each domain. */
  #evidence = 0
  /** The loss that datagrams since then showed, and that is none if there is one counter. */
  #mistaken: SequenceGap[] = []

  /** For a snapshot. */
  get evidence(): number {
    return this.#evidence
  }

  /**
   * Learns from a datagram of a domain and its finding: `own` is the number that would have
   * continued the domain, or -1 if that is not known. Returns true once all domains turn out to
   * have one counter, with the loss counted by mistake taken back in the finding.
   */
  learn(sequence: Sequence, number: number, own: number, finding: SequenceFinding): boolean {
    if (this.#isDecided) return false
    const before = this.#last
    this.#last = sequence
    // The first number of a domain says nothing: all may begin with the same one.
    if (before === null || before === sequence || finding.verdict === 'first') return false
    const joint = before.next
    if (joint !== -1 && number === own && joint !== own) this.#weigh(-1)
    else if (number !== own && before.isContinuedBy(number)) {
      if (joint !== -1) this.#weigh(1)
      this.#mistaken = [...this.#mistaken, ...finding.gaps].slice(-missingRangesMax)
    }
    this.#isDecided = Math.abs(this.#evidence) >= habitDatagrams
    if (!this.#isDecided || this.#evidence < 0) return false
    this.shared = sequence
    sequence.forgetMissing()
    this.#takeBack(finding)
    return true
  }

  /** Restores what was known: `evidence`, and the counter of one of its domains. */
  restore(evidence: number, sequence: Sequence): void {
    this.#evidence = evidence
    this.#isDecided = Math.abs(evidence) >= habitDatagrams
    if (evidence >= habitDatagrams) this.shared = sequence
  }

  #weigh(sign: 1 | -1): void {
    if (this.#evidence * sign < 0) {
      this.#evidence = 0
      this.#mistaken = []
    }
    this.#evidence += sign
  }

  #takeBack(finding: SequenceFinding): void {
    finding.verdict = 'continues'
    finding.gaps = [
      ...finding.gaps,
      ...this.#mistaken.map((gap) => ({
        ...gap,
        units: -gap.units,
        datagrams: -gap.datagrams,
        flows: -gap.flows,
      })),
    ]
    for (const { datagrams, flows } of this.#mistaken) {
      finding.lostDatagrams -= datagrams
      finding.lostFlows -= flows
    }
    this.#mistaken = []
  }
}
