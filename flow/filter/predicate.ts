/**
 * Filters over the columns of flows, for live use: each condition is a loop over one or two columns,
 * made once, and nothing is created while they run. The same rules as store/archive/sql/filter-sql.ts.
 */
import type { FlowColumns } from '../columns.ts'
import type { Filter } from '../filter.ts'
import { addressTest, familyTest } from './address-test.ts'
import { countSet } from './loops.ts'
import type { AddressColumn } from './fields.ts'
import type { PackedHalves } from './packed-halves.ts'
import { bitsTest, numberTest } from './number-test.ts'

export type AddressHalf = `${AddressColumn}${'High' | 'Low'}`

/** Flows of which may be known which values of a column differ: then these are looked at, and rows only where some pass. */
export type FilteredFlows = FlowColumns & {
  readonly distinct?: (half: AddressHalf) => DistinctHalves | null
}

/** The different values of a column, and by row the place of its value among them. */
export interface DistinctHalves extends PackedHalves {
  readonly places: Uint16Array
  /** The same by some rows (in their order, one at least) where fewer are asked for: in others anything may stand. */
  placesOf(rows: Int32Array): Uint16Array
}

/** Writes 1 or 0 for each of the first `rows` rows. */
export type ColumnTest = (flows: FilteredFlows, rows: number, out: Uint8Array) => void

/** A filter made ready: see `matches`. */
export interface FlowPredicate {
  /**
   * Sets out[i] to 1 where row i of the first `rows` (at most flows.count) passes, else to 0, and
   * gives how many pass. One predicate may be used again and again, not within itself.
   */
  matches(flows: FilteredFlows, rows: number, out: Uint8Array): number
}

/** A predicate of a filter; null (no filter) lets everything pass. Cost: a loop a condition and batch. */
export function compilePredicate(filter: Filter | null): FlowPredicate {
  const test = compile(filter ?? { kind: 'any' }, 0)
  return {
    matches(flows, rows, out) {
      test(flows, rows, out)
      return countSet(out, rows)
    },
  }
}

/** What a node's terms are written to before they are joined, one for each depth; grown, never made again. */
const scratches: Uint8Array[] = []

function scratchAt(depth: number, rows: number): Uint8Array {
  const scratch = scratches[depth]
  if (scratch && scratch.length >= rows) return scratch
  return (scratches[depth] = new Uint8Array(rows))
}

function compile(filter: Filter, depth: number): ColumnTest {
  switch (filter.kind) {
    case 'any':
      return (_flows, rows, out) => void out.fill(1, 0, rows)
    case 'not':
      return negated(compile(filter.term, depth))
    case 'and':
      return joined(filter.terms, depth, { joint: keepBoth, isSettled: isNone })
    case 'or':
      return joined(filter.terms, depth, { joint: keepEither, isSettled: isEvery })
    case 'family':
      return familyTest(filter.version)
    case 'number':
      return numberTest(filter)
    case 'bits':
      return bitsTest(filter)
    case 'address':
      return addressTest(filter)
  }
}

interface Joining {
  joint: (out: Uint8Array, other: Uint8Array, rows: number) => number
  /** Whether the other terms cannot change it any more. */
  isSettled: (count: number, rows: number) => boolean
}

const isNone = (count: number) => count === 0
const isEvery = (count: number, rows: number) => count === rows

function joined(
  terms: readonly Filter[],
  depth: number,
  { joint, isSettled }: Joining,
): ColumnTest {
  const [first, ...others] = terms.map((term, i) => compile(term, i === 0 ? depth : depth + 1))
  return (flows, rows, out) => {
    first!(flows, rows, out)
    if (others.length === 0 || isSettled(countSet(out, rows), rows)) return
    for (const other of others) {
      const scratch = scratchAt(depth, rows)
      other(flows, rows, scratch)
      if (isSettled(joint(out, scratch, rows), rows)) return
    }
  }
}

function keepBoth(out: Uint8Array, other: Uint8Array, rows: number): number {
  let count = 0
  for (let i = 0; i < rows; i++) count += out[i] = out[i]! & other[i]!
  return count
}

function keepEither(out: Uint8Array, other: Uint8Array, rows: number): number {
  let count = 0
  for (let i = 0; i < rows; i++) count += out[i] = out[i]! | other[i]!
  return count
}

function negated(test: ColumnTest): ColumnTest {
  return (flows, rows, out) => {
    test(flows, rows, out)
    for (let i = 0; i < rows; i++) out[i] = out[i]! ^ 1
  }
}
