/**
 * Evaluates filters over flow columns in live use: each condition is a loop over one or two columns,
 * compiled once; running it allocates nothing. Same rules as store/archive/sql/filter-sql.ts.
 */
import type { FlowColumns } from '../columns.ts'
import type { Filter } from '../filter.ts'
import { addressTest, familyTest } from './address-test.ts'
import { countSet } from './loops.ts'
import type { AddressColumn } from './fields.ts'
import type { PackedHalves } from './packed-halves.ts'
import { bitsTest, numberTest } from './number-test.ts'

export type AddressHalf = `${AddressColumn}${'High' | 'Low'}`

/** Flows for which the distinct values of a column may be known: these are tested first, rows only if any match. */
export type FilteredFlows = FlowColumns & {
  readonly distinct?: (half: AddressHalf) => DistinctHalves | null
}

/** The distinct values of a column, and for each row the index of its value. */
export interface DistinctHalves extends PackedHalves {
  readonly places: Uint16Array
  /** The same for some rows only (ascending, at least one); the entries of other rows are undefined. */
  placesOf(rows: Int32Array): Uint16Array
}

/** The same for both halves of an address column. */
export interface DistinctAddresses {
  readonly high: DistinctHalves
  readonly low: DistinctHalves
}

/** Writes 1 or 0 for each of the first `rows` rows. */
export type ColumnTest = (flows: FilteredFlows, rows: number, out: Uint8Array) => void

/** A compiled filter, reusable but not reentrant. */
export interface FlowPredicate {
  /** Sets out[i] to 1 if row i of the first `rows` (at most flows.count) matches, else to 0. */
  test: ColumnTest
  /** The same; returns the number of matches. */
  matches(flows: FilteredFlows, rows: number, out: Uint8Array): number
}

/** Compiles a filter; null (no filter) matches everything. Cost: one loop per condition and batch. */
export function compilePredicate(filter: Filter | null): FlowPredicate {
  const test = compile(filter ?? { kind: 'any' }, 0)
  return {
    test,
    matches(flows, rows, out) {
      test(flows, rows, out)
      return countSet(out, rows)
    },
  }
}

/** Scratch results of a node's terms before they are combined, one per depth; kept and grown. */
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
  /** Whether the remaining terms can no longer change the result. */
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
