/** Numbers keys from 0 on, in the order in which they first occur. */
export class Numbering<Key> {
  readonly #numbers = new Map<Key, number>()

  /** The number of a key; the next free one if it is new. */
  of(key: Key): number {
    let number = this.#numbers.get(key)
    if (number === undefined) this.#numbers.set(key, (number = this.#numbers.size))
    return number
  }

  /** All keys, each at the place of its number. */
  keys(): Key[] {
    return [...this.#numbers.keys()]
  }
}
