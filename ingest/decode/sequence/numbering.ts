/**
 * How exporters number their datagrams. The standards define what is counted, and that a datagram
 * has the number of its own first unit; some exporters count differently, but consistently.
 * softflowd's IPFIX, for one, skips options records and sends the number after the datagram. Such a
 * habit differs from loss in being exact: several datagrams in a row fit it and not the standard.
 */
import type { SequenceUnit } from './sequence.ts'
import { distance, type Loss } from './missing.ts'

/** The contents of one datagram. */
export interface SequencedContents {
  /** Data records, including options records. */
  records: number
  optionsRecords: number
  /** Most further records in parts that could not be decoded. */
  recordsUnsure: number
  /** Rows produced. */
  flows: number
}

interface Numbering {
  counts: 'datagrams' | 'records' | 'flowRecords'
  /** The number is the one after the datagram's last unit. */
  isAfter: boolean
}

/** By the first unit of a datagram, and by the unit after its last. */
const first = (counts: Numbering['counts']): Numbering => ({ counts, isAfter: false })
const after = (counts: Numbering['counts']): Numbering => ({ counts, isAfter: true })

/** Ways to count, standard first. */
const numberings: Readonly<Record<SequenceUnit, readonly Numbering[]>> = {
  flows: [first('records'), after('records'), first('datagrams')],
  datagrams: [first('datagrams'), first('records'), after('records')],
  records: [
    first('records'),
    first('flowRecords'),
    after('records'),
    after('flowRecords'),
    first('datagrams'),
  ],
}

/** Whether a numbering, by its index among those of the unit, sends the number after a datagram's last unit. */
export function isNumberedAfter(unit: SequenceUnit, index: number): boolean {
  return numberings[unit][index]?.isAfter ?? false
}

/** This many datagrams in a row that only another numbering explains make a habit. */
const habitDatagrams = 3
/** The same, once the current numbering has proved itself: loss can look like a habit. */
const changeDatagrams = 16

/** Units of a datagram in a numbering. */
export function unitsOf(way: Numbering, contents: SequencedContents): number {
  if (way.counts === 'datagrams') return 1
  return way.counts === 'records' ? contents.records : contents.records - contents.optionsRecords
}

interface Suspicion {
  way: Numbering
  streak: number
  loss: Loss
}

export class NumberingGuess {
  readonly #suspicions: Suspicion[]
  #current: Numbering
  #isSuspecting = false
  /** Whether a datagram arrived that no other numbering explains. */
  #isProved = false
  /** The previous datagram, in order of arrival. */
  #number = 0
  readonly #contents: SequencedContents = {
    records: 0,
    optionsRecords: 0,
    recordsUnsure: 0,
    flows: 0,
  }

  constructor(unit: SequenceUnit) {
    this.#suspicions = numberings[unit].map((way) => ({
      way,
      streak: 0,
      loss: { datagrams: 0, flows: 0 },
    }))
    this.#current = numberings[unit][0]!
  }

  /** The numbering in use. */
  get current(): Numbering {
    return this.#current
  }

  /** Whether nothing can be learned from a datagram that continues with these contents. */
  isSettledBy(contents: SequencedContents): boolean {
    return !this.#isSuspecting && (this.#isProved || this.#isUseless(contents))
  }

  /** Its index among the numberings of the unit, for a snapshot. */
  get index(): number {
    return this.#suspicions.findIndex(({ way }) => way === this.#current)
  }

  set index(index: number) {
    this.#current = this.#suspicions[index]?.way ?? this.#current
  }

  #fits(way: Numbering, number: number, contents: SequencedContents): boolean {
    const units = unitsOf(way, way.isAfter ? contents : this.#contents)
    return distance(this.#number, number) === units
  }

  /** Whether a datagram follows the previous one in any numbering other than the current. */
  fitsOther(number: number, contents: SequencedContents): boolean {
    return this.#suspicions.some(
      ({ way }) => way !== this.#current && this.#fits(way, number, contents),
    )
  }

  /**
   * Learns from a datagram and the loss that the current numbering found before it. Once another
   * numbering has explained enough datagrams, it replaces the current one, and the loss counted by
   * mistake is returned.
   */
  learn(number: number, contents: SequencedContents, continues: boolean, loss: Loss): Loss | null {
    const isSure = contents.recordsUnsure === 0 && this.#contents.recordsUnsure === 0
    const isPlain = continues && this.isSettledBy(contents)
    const mistaken = isSure && !isPlain ? this.#weigh(number, contents, continues, loss) : null
    this.remember(number, contents)
    return mistaken
  }

  /** With as many records as before, numbers before and after the datagram fit alike. */
  #isUseless({ records, optionsRecords }: SequencedContents): boolean {
    return (
      this.#current.counts !== 'datagrams' &&
      records === this.#contents.records &&
      optionsRecords === this.#contents.optionsRecords
    )
  }

  #weigh(number: number, contents: SequencedContents, continues: boolean, loss: Loss): Loss | null {
    let isSuspecting = false
    let isProof = continues
    let habit: Suspicion | null = null
    for (const suspicion of this.#suspicions) {
      if (suspicion.way === this.#current) continue
      if (!this.#fits(suspicion.way, number, contents)) forgive(suspicion)
      else if (continues) isProof = false
      else {
        suspicion.streak++
        suspicion.loss.datagrams += loss.datagrams
        suspicion.loss.flows += loss.flows
      }
      if (suspicion.streak > 0) isSuspecting = true
      if (suspicion.streak >= (this.#isProved ? changeDatagrams : habitDatagrams))
        habit ??= suspicion
    }
    this.#isProved ||= isProof
    this.#isSuspecting = isSuspecting && habit === null
    if (habit === null) return null
    const mistaken = { ...habit.loss }
    this.#current = habit.way
    this.#isProved = false
    this.#suspicions.forEach(forgive)
    return mistaken
  }

  /** Takes the first datagram: a number equal to its contents is close to proof. */
  begin(number: number, contents: SequencedContents): void {
    for (const suspicion of this.#suspicions) {
      const { way } = suspicion
      if (!way.isAfter || number === 0 || number !== unitsOf(way, contents)) continue
      suspicion.streak = habitDatagrams - 1
      this.#isSuspecting = true
    }
    this.remember(number, contents)
  }

  /** Stores a datagram without learning from it. */
  remember(number: number, contents: SequencedContents): void {
    this.#number = number
    this.#contents.records = contents.records
    this.#contents.optionsRecords = contents.optionsRecords
    this.#contents.recordsUnsure = contents.recordsUnsure
  }
}

function forgive(suspicion: Suspicion): void {
  suspicion.streak = 0
  suspicion.loss.datagrams = 0
  suspicion.loss.flows = 0
}
