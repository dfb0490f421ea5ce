/**
 * How exporters number what they send. The standards say what is counted, and that a datagram carries
 * the number of its own first unit; some exporters count otherwise, in the same way always. softflowd's
 * IPFIX, for one, leaves out options records and gives the number after the datagram. Such a habit is
 * told from loss by its being exact: so many datagrams in a row that fit it and not the standard.
 */
import type { SequenceUnit } from './sequence.ts'
import { distance, type Loss } from './missing.ts'

/** What one datagram held. */
export interface SequencedContents {
  /** Data records, those of options among them. */
  records: number
  optionsRecords: number
  /** Most records that parts which could not be decoded may have held besides. */
  recordsUnsure: number
  /** Rows that it gave. */
  flows: number
}

export interface Numbering {
  counts: 'datagrams' | 'records' | 'flowRecords'
  /** The number is that after the datagram's last unit. */
  isAfter: boolean
}

const numbering = (counts: Numbering['counts'], isAfter = false): Numbering => ({ counts, isAfter })

/** Ways to count, the standard's first. */
const numberings: Readonly<Record<SequenceUnit, readonly Numbering[]>> = {
  flows: [numbering('records'), numbering('records', true), numbering('datagrams')],
  datagrams: [numbering('datagrams'), numbering('records'), numbering('records', true)],
  records: [
    numbering('records'),
    numbering('flowRecords'),
    numbering('records', true),
    numbering('flowRecords', true),
    numbering('datagrams'),
  ],
}

/** Whether a numbering, by its place among those of its unit, gives the number after a datagram's last unit. */
export function isNumberedAfter(unit: SequenceUnit, index: number): boolean {
  return numberings[unit][index]?.isAfter ?? false
}

/** So many datagrams in a row that only another numbering explains are taken for a habit. */
const habitDatagrams = 3
/** As many where the numbering in force has proved itself before: loss can look like a habit. */
const changeDatagrams = 16

/** Units of a datagram by a numbering. */
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
  /** A datagram has come that no other numbering explains. */
  #isProved = false
  /** The datagram before, whatever its order. */
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

  /** The numbering in force. */
  get current(): Numbering {
    return this.#current
  }

  /** Whether there is nothing to learn from a datagram that continues and holds this. */
  isSettledBy(contents: SequencedContents): boolean {
    return !this.#isSuspecting && (this.#isProved || this.#isUseless(contents))
  }

  /** Its place among the numberings of its unit, for a snapshot. */
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

  /** Whether a datagram follows the one before by some other numbering than that in force. */
  fitsOther(number: number, contents: SequencedContents): boolean {
    return this.#suspicions.some(
      ({ way }) => way !== this.#current && this.#fits(way, number, contents),
    )
  }

  /**
   * Takes in a datagram and the loss that the numbering in force found before it. Once another
   * numbering has explained enough of them, it comes into force, and what was wrongly taken for
   * lost is returned.
   */
  learn(number: number, contents: SequencedContents, continues: boolean, loss: Loss): Loss | null {
    const isSure = contents.recordsUnsure === 0 && this.#contents.recordsUnsure === 0
    const isPlain = continues && this.isSettledBy(contents)
    const mistaken = isSure && !isPlain ? this.#weigh(number, contents, continues, loss) : null
    this.remember(number, contents)
    return mistaken
  }

  /** As many records as before fit numbers that are told before and after them alike. */
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

  /** Takes in the first datagram: a number that is just what it holds is nearly proof by itself. */
  begin(number: number, contents: SequencedContents): void {
    for (const suspicion of this.#suspicions) {
      const { way } = suspicion
      if (!way.isAfter || number === 0 || number !== unitsOf(way, contents)) continue
      suspicion.streak = habitDatagrams - 1
      this.#isSuspecting = true
    }
    this.remember(number, contents)
  }

  /** Takes in a datagram that there is nothing to learn from. */
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
