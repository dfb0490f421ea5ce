/** Values of an SQL statement, always bound and never written into its text. */
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

  /** Binds a whole number within 64 signed bits and gives its placeholder. */
  whole(value: number | bigint): string {
    return this.#bind(BigInt(value), BIGINT)
  }

  /** Binds a list of whole numbers and gives its placeholder. */
  wholes(values: readonly bigint[]): string {
    return this.#bind(listValue([...values]), LIST(BIGINT))
  }

  /** Binds a list of texts and gives its placeholder. */
  texts(values: readonly string[]): string {
    return this.#bind(listValue(values), LIST(VARCHAR))
  }

  /** Binds a string of bits and gives its placeholder. */
  bits(value: DuckDBBitValue): string {
    return this.#bind(value, BIT)
  }

  servicePort(): string {
    return servicePortSql(this)
  }

  /** What of it stands in a statement: DuckDB refuses values for which there is no place. */
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
