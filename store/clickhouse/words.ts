/** Flow queries in ClickHouse's dialect: typed parameters, and the archive's expressions. */
import type { Binder, FlowWords } from '../archive/sql/binder.ts'

const first = 'toUnixTimestamp64Milli("flowStartMilliseconds")'

function scaled(column: string): string {
  const most = `toInt128(${Number.MAX_SAFE_INTEGER})`
  return (
    `if("samplingInterval" = 1, "${column}", ` +
    `toInt64(least(toInt128("${column}") * "samplingInterval", ${most})))`
  )
}

export const clickHouseWords: FlowWords = {
  first,
  last: `${first} + greatest("flowDurationMilliseconds", 0)`,
  bytes: scaled('octetDeltaCount'),
  packets: scaled('packetDeltaCount'),
  asStart: (ms) => `fromUnixTimestamp64Milli(${ms}, 'UTC')`,
  shiftRight: (value, bits) => `bitShiftRight(${value}, ${bits})`,
  and: (value, mask) => `bitAnd(${value}, ${mask})`,
  wide: (value) => `toInt128(${value})`,
  narrow: (value) => `toInt64(${value})`,
  // A branch that is not taken may be evaluated all the same.
  divide: (value, by) => `intDivOrZero(${value}, ${by})`,
}

/** ClickHouse takes values of up to 128 KiB. */
const valueCharactersMax = 100_000

/** Binds values: each call returns the value's placeholder. */
export class ClickHouseBindings implements Binder {
  readonly words = clickHouseWords
  readonly values: Record<string, unknown> = {}
  #count = 0

  whole(value: number | bigint): string {
    return this.#bind(String(value), 'Int64')
  }

  /** A list of keys, each with this many integers. */
  keys(keys: readonly (readonly bigint[])[]): string {
    const width = keys[0]!.length
    const texts = keys.map((key) => (width === 1 ? String(key[0]!) : `(${key.join(',')})`))
    const one = width === 1 ? 'Int64' : `Tuple(${Array(width).fill('Int64').join(', ')})`
    const parts: string[] = []
    for (let from = 0; from < texts.length;) {
      let length = 0
      let to = from
      while (to < texts.length && length < valueCharactersMax) length += texts[to++]!.length + 1
      parts.push(this.#bind(`[${texts.slice(from, to).join(',')}]`, `Array(${one})`))
      from = to
    }
    return parts.length === 1 ? parts[0]! : `arrayConcat(${parts.join(', ')})`
  }

  /** A column, computed when the flow was inserted. */
  servicePort(): string {
    return '"servicePort"'
  }

  #bind(value: string, type: string): string {
    const name = `b${++this.#count}`
    this.values[name] = value
    return `{${name}:${type}}`
  }
}
