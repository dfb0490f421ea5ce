/** Sums of keys by bucket. Several keys share a bucket, so no key exceeds the sum of its bucket. */
import type { NetworkSet } from '../../../flow/address.ts'
import { KeyWords } from '../keys/key-words.ts'
import { Keys, type End } from '../keys/keys.ts'
import type { BucketsQuery, Scan } from './requests.ts'
import { bucketCount, bucketOf } from './key-buckets.ts'
import { amountsOf } from './ranking.ts'
import type { SelectedGroup } from './selected-group.ts'

export class Buckets implements Scan<Float64Array, Float64Array> {
  readonly keys = 0
  readonly #query: BucketsQuery
  readonly #keys: Keys
  readonly #words: KeyWords
  readonly #sums = new Float64Array(bucketCount)

  constructor(query: BucketsQuery, local: NetworkSet) {
    this.#query = query
    this.#keys = new Keys(query.by, local.networks)
    this.#words = new KeyWords(2 * this.#keys.names.length, local)
  }

  take(selected: SelectedGroup): void {
    for (const end of this.#keys.ends) this.#takeEnd(selected, end)
  }

  pack(): Float64Array {
    return this.#sums
  }

  merge(sums: Float64Array): void {
    for (let bucket = 0; bucket < sums.length; bucket++) this.#sums[bucket]! += sums[bucket]!
  }

  found(): Float64Array {
    return this.#sums
  }

  #takeEnd(selected: SelectedGroup, end: End): void {
    const { group, rows } = selected
    const { flows } = group
    const sums = this.#sums
    const amounts = amountsOf(selected, this.#query.order)
    const reportedBy = this.#query.order.of === 'series' ? this.#keys.reportedBy(end) : null
    const reported = reportedBy && flows[reportedBy]
    const width = 2 * this.#keys.names.length
    this.#words.forEach(
      { flows, rows, columns: this.#keys.columnDefinitions(end) },
      (words, block, from) => {
        for (let n = 0; n < block.length; n++) {
          const row = block[n]!
          if (reported !== null && reported[row] === 0) continue
          const amount = amounts === null ? 1 : amounts.values[amounts.isByRow ? row : from + n]!
          sums[bucketOf(words, n * width, width)]! += amount
        }
      },
    )
  }
}
