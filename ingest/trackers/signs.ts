/** Lookup tables for a flow's values: each gives the rules to be tested on the flow. */
import { flowColumns, type ColumnName, type FlowColumns } from '../../flow/columns.ts'
import { wordMask, type AddressWords } from '../../flow/address.ts'
import type { AddressColumn } from '../../flow/filter/fields.ts'
import type { Sign } from './cover.ts'

/** A table for one column, or for one column's networks of one prefix length. */
export interface SignTable<Rule> {
  /** Calls back with every row whose value is in a rule, ascending, and these rules. */
  find(flows: FlowColumns, found: (rules: readonly Rule[], i: number) => void): void
}

/** The tables for the rules' signs: one lookup per flow in each, however many rules there are. */
export function signTables<Rule>(
  rules: Iterable<{ rule: Rule; signs: readonly Sign[] }>,
): SignTable<Rule>[] {
  const numbers = new Map<ColumnName, NumberTable<Rule>>()
  const networks = new Map<string, NetworkTable<Rule>>()
  for (const { rule, signs } of rules)
    for (const sign of signs) {
      if ('value' in sign) {
        const table = kept(numbers, sign.column, () => new NumberTable<Rule>(sign.column))
        table.add(sign.value, rule)
      } else {
        const { address, words, bits } = sign
        const make = () => new NetworkTable<Rule>(address, bits)
        kept(networks, `${address} ${bits}`, make).add(words, rule)
      }
    }
  return [...numbers.values(), ...networks.values()]
}

function kept<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}

/** Values below this are array indices. */
const placesMax = 65_536

class NumberTable<Rule> implements SignTable<Rule> {
  readonly #column: ColumnName
  readonly #places: (Rule[] | undefined)[]
  readonly #others = new Map<number, Rule[]>()

  constructor(column: ColumnName) {
    this.#column = column
    const places = { u8: 256, u16: placesMax, u32: 0, f64: 0, u64: 0 }[flowColumns[column].kind]
    this.#places = Array.from({ length: places })
  }

  add(value: number, rule: Rule): void {
    if (value < this.#places.length) (this.#places[value] ??= []).push(rule)
    else kept(this.#others, value, () => []).push(rule)
  }

  find(flows: FlowColumns, found: (rules: readonly Rule[], i: number) => void): void {
    const [values, places, others] = [flows[this.#column], this.#places, this.#others]
    const hasPlaces = places.length > 0
    for (let i = 0; i < flows.count; i++) {
      const rules = hasPlaces ? places[values[i]!] : others.get(values[i]!)
      if (rules !== undefined) found(rules, i)
    }
  }
}

interface NetworkEntry<Rule> {
  words: AddressWords
  rules: Rule[]
}

/** Networks of one prefix length, by a hash of their words. */
class NetworkTable<Rule> implements SignTable<Rule> {
  readonly #high: `${AddressColumn}High`
  readonly #low: `${AddressColumn}Low`
  readonly #masks: AddressWords
  readonly #entries = new Map<number, NetworkEntry<Rule>[]>()

  constructor(column: AddressColumn, bits: number) {
    this.#high = `${column}High`
    this.#low = `${column}Low`
    this.#masks = [0, 1, 2, 3].map((at) => wordMask(bits, at)) as unknown as AddressWords
  }

  add(words: AddressWords, rule: Rule): void {
    const [a, b, c, d] = words
    const bucket = kept(this.#entries, hash(a, b, c, d), () => [])
    const isSame = (entry: NetworkEntry<Rule>) => entry.words.every((word, i) => word === words[i])
    const found = bucket.find(isSame)
    if (found) found.rules.push(rule)
    else bucket.push({ words, rules: [rule] })
  }

  find(flows: FlowColumns, found: (rules: readonly Rule[], i: number) => void): void {
    const [high, low] = [flows[this.#high], flows[this.#low]]
    const [m0, m1, m2, m3] = this.#masks
    for (let i = 0; i < flows.count; i++) {
      const a = (high[2 * i + 1]! & m0) >>> 0
      const b = (high[2 * i]! & m1) >>> 0
      const c = (low[2 * i + 1]! & m2) >>> 0
      const d = (low[2 * i]! & m3) >>> 0
      const bucket = this.#entries.get(hash(a, b, c, d))
      if (!bucket) continue
      for (const { words, rules } of bucket)
        if (words[3] === d && words[2] === c && words[1] === b && words[0] === a) found(rules, i)
    }
  }
}

/** A small hash of four words, with collisions. */
function hash(a: number, b: number, c: number, d: number): number {
  const mixed = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35) ^ d
  return (mixed ^ (mixed >>> 15)) & 0x3fffffff
}
