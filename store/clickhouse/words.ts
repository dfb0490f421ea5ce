/** Flow queries in ClickHouse's dialect: typed parameters, and the archive's expressions. */
import { countUpToSql } from '../../flow/spread.ts'
import type { Binder, FlowWords } from '../archive/sql/binder.ts'
import type { Values } from './connection.ts'

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

/** The units of a count that fall into a window; all arguments are expressions. */
export function shareSql(
  count: string,
  flow: { first: string; last: string },
  { from, to }: { from: string; to: string },
): string {
  const upTo = (t: string) => countUpToSql(count, flow, t, clickHouseWords)
  return (
    `if(${flow.first} >= ${from} AND ${flow.last} <= ${to}, ${count}, ` +
    `${upTo(to)} - ${upTo(from)})`
  )
}

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
    return this.#bind(`[${texts.join(',')}]`, `Array(${one})`)
  }

  /** A column, computed when the flow was inserted. */
  servicePort(): string {
    return '"servicePort"'
  }

  get bound(): Values {
    return this.values
  }

  #bind(value: string, type: string): string {
    const name = `b${++this.#count}`
    this.values[name] = value
    return `{${name}:${type}}`
  }
}
