/** Values of an SQL statement, always bound and never part of its text. */
import {
  BIGINT,
  BIT,
  DuckDBBitValue,
  LIST,
  VARCHAR,
  listValue,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'

import type { Binder } from './binder.ts'
import { duckdbWords, servicePortSql } from './expressions.ts'

export class Bindings implements Binder {
  readonly words = duckdbWords
  readonly values: Record<string, DuckDBValue> = {}
  readonly types: Record<string, DuckDBType> = {}
  #count = 0

  /** Binds a signed 64-bit integer and returns its placeholder. */
  whole(value: number | bigint): string {
    return this.#bind(BigInt(value), BIGINT)
  }

  /** Binds a list of integers and returns its placeholder. */
  wholes(values: readonly bigint[]): string {
    return this.#bind(listValue([...values]), LIST(BIGINT))
  }

  /** Binds a list of texts and returns its placeholder. */
  texts(values: readonly string[]): string {
    return this.#bind(listValue(values), LIST(VARCHAR))
  }

  /** Binds a bit string and returns its placeholder. */
  bits(value: DuckDBBitValue): string {
    return this.#bind(value, BIT)
  }

  servicePort(): string {
    return servicePortSql(this)
  }

  /** The bindings used in a statement: DuckDB refuses values without a placeholder. */
  usedIn(sql: string): Pick<Bindings, 'values' | 'types'> {
    const used = new Set(sql.match(/(?<=\$)b\d+/g))
    const pick = <Value>(all: Record<string, Value>) =>
      Object.fromEntries(Object.entries(all).filter(([name]) => used.has(name)))
    return { values: pick(this.values), types: pick(this.types) }
  }

  #bind(value: DuckDBValue, type: DuckDBType): string {
    const name = `b${++this.#count}`
    this.values[name] = value
    this.types[name] = type
    return `$${name}`
  }
}
