/** The largest keys, from flows added one row group at a time. */
import type { NetworkSet } from '../../../flow/address.ts'
import { lengthCounted, rateCounted } from '../../../flow/spread.ts'
import { greatest } from '../held/numbered.ts'
import { Keys } from '../keys/keys.ts'
import type { RankingQuery, RankingFound, Scan } from './requests.ts'
import { KeyNumbers } from './key-numbers.ts'
import type { Counts, SelectedGroup } from './selected-group.ts'

const placesAtFirst = 4096

interface PackedRanking {
  words: Uint32Array
  count: number
  sums: Float64Array
  first: Float64Array
  last: Float64Array
}

export class Ranking implements Scan<PackedRanking, RankingFound> {
  readonly #query: RankingQuery
  readonly #keys: Keys
  readonly #numbers: KeyNumbers
  /** By key: the sum; if times count, the first and last ms. */
  readonly #sums = new Growing(0)
  readonly #first = new Growing(Number.POSITIVE_INFINITY)
  readonly #last = new Growing(Number.NEGATIVE_INFINITY)
  readonly #isSpanned: boolean

  constructor(query: RankingQuery, local: NetworkSet) {
    this.#query = query
    this.#keys = new Keys(query.by, local.networks)
    this.#numbers = new KeyNumbers(this.#keys, {
      local,
      onlyReported: query.order.of === 'series',
      among: query.among,
    })
    this.#isSpanned = query.order.by === 'rate' || query.order.by === 'duration'
  }

  get keys(): number {
    return this.#numbers.table.count
  }

  take(selected: SelectedGroup): void {
    const amounts = amountsOf(selected, this.#query.order)
    for (const end of this.#keys.ends) {
      const numbers = this.#numbers.of(selected, end)
      const sums = this.#sums.reach(this.keys)
      if (amounts === null) countOnes(numbers, sums)
      else addAmounts(numbers, amounts, { rows: selected.rows, sums })
      if (this.#isSpanned) this.#widen(selected, numbers)
    }
  }

  pack(): PackedRanking {
    const { keys: count } = this
    const words = this.#numbers.table.words()
    const [sums, first, last] = [
      this.#sums.reach(count),
      this.#first.reach(count),
      this.#last.reach(count),
    ]
    return { words, count, sums, first, last }
  }

  merge({ words, count, sums, first, last }: PackedRanking): void {
    const { table } = this.#numbers
    for (let other = 0; other < count; other++) {
      const number = table.numberOf(words, other * table.width)
      this.#sums.reach(table.count)[number]! += sums[other]!
      if (!this.#isSpanned) continue
      const firsts = this.#first.reach(table.count)
      const lasts = this.#last.reach(table.count)
      firsts[number] = Math.min(firsts[number]!, first[other]!)
      lasts[number] = Math.max(lasts[number]!, last[other]!)
    }
  }

  found(): RankingFound {
    const { table } = this.#numbers
    const { count } = this.#query
    const ranks = this.#ranks()
    const listed = greatest(table, (a, b) => ranks[a]! - ranks[b]!, count + 1)
    const values = listed.slice(0, count).map((number) => table.valuesOf(number))
    return {
      keys: this.#keys.names.map((_, column) => values.map((each) => each[column]!)),
      ranked: listed.slice(0, count).map((number) => ranks[number]!),
      next: listed.length > count ? ranks[listed[count]!]! : 0,
    }
  }

  #ranks(): Float64Array {
    const { order, window } = this.#query
    const sums = this.#sums.reach(this.keys)
    if (!this.#isSpanned) return sums
    const [first, last] = [this.#first.reach(this.keys), this.#last.reach(this.keys)]
    return sums.map((sum, number) => {
      const times = { first: first[number]!, last: last[number]! }
      return order.by === 'duration'
        ? lengthCounted(times, window)
        : rateCounted(sum, times, window)
    })
  }

  #widen({ group, rows }: SelectedGroup, numbers: Int32Array): void {
    const [firsts, lasts] = [this.#first.reach(this.keys), this.#last.reach(this.keys)]
    const { first, last } = group
    for (let n = 0; n < numbers.length; n++) {
      const number = numbers[n]!
      const row = rows[n]!
      if (number < 0) continue
      if (first[row]! < firsts[number]!) firsts[number] = first[row]!
      if (last[row]! > lasts[number]!) lasts[number] = last[row]!
    }
  }
}

function countOnes(numbers: Int32Array, sums: Float64Array): void {
  for (const number of numbers) if (number >= 0) sums[number]! += 1
}

function addAmounts(
  numbers: Int32Array,
  { values, isByRow }: Counts,
  { rows, sums }: { rows: Int32Array; sums: Float64Array },
): void {
  for (let n = 0; n < numbers.length; n++) {
    const number = numbers[n]!
    if (number >= 0) sums[number]! += values[isByRow ? rows[n]! : n]!
  }
}

/** The amount of the nth flow that is added to its key; null if each counts as one. */
export function amountsOf(selected: SelectedGroup, order: RankingQuery['order']): Counts | null {
  if (order.of === 'series') return selected.shares(order.by)
  return order.by === 'flows' ? null : selected.counts(order.by === 'packets' ? 'packets' : 'bytes')
}

/** Numbers by index, in an array that grows as needed. */
class Growing {
  readonly #initial: number
  #values: Float64Array

  /** Every value starts as `initial`. */
  constructor(initial: number) {
    this.#initial = initial
    this.#values = new Float64Array(placesAtFirst).fill(initial)
  }

  /** The values, at least this many; valid until more are requested. */
  reach(places: number): Float64Array {
    const { length } = this.#values
    if (places <= length) return this.#values
    const grown = new Float64Array(Math.max(places, 2 * length))
    grown.set(this.#values)
    this.#values = grown.fill(this.#initial, length)
    return grown
  }
}
