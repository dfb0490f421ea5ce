/**
 * Fields that exporters send together share one loop, since starting a loop costs as much as reading
 * 30 records. A group stands for its fields where a template has all of them in these lengths; what is
 * left is read field by field. Each loop is written out for its columns: one that is made once and
 * always sees the same arrays runs about twice as fast as one that is given them (V8 then knows them
 * as constants). A second decoder in a process is as right, only slower.
 */
import type { FlowColumns } from '../../../flow/columns.ts'
import type { Place } from './batch.ts'
import { counters4, counters8, counts4Exactly, counts8Exactly, uptimes } from './count-loops.ts'
import {
  directionAndReason,
  interfaces4,
  ipv4Ends,
  ipv4EndsWideFlags,
  ports,
  routing2,
  routing4,
} from './end-loops.ts'
import { counts4, counts8, type GroupLoop, type Offsets } from './group-loops.ts'
import { fixedRecord, router4, router8 } from './whole-loops.ts'

/** Elements and their lengths. */
type Fields = readonly (readonly [id: number, length: number])[]

/** Where the fields lie in a record of v5, v6 or v7: ends, counts and times, way. */
const fixedOffsets = [0, 4, 32, 34, 38, 37, 39, 20, 16, 24, 28, 12, 14, 40, 42, 44, 45, 8]

/** Elements and lengths of a group's fields, and the loop that reads them. */
export interface FieldGroup {
  fields: Fields
  /** Where the fields must lie in a record, where the loop is made for these places alone. */
  offsets?: readonly number[]
  loop: GroupLoop
  /** The loop tells which protocols it saw. */
  tellsProtocols?: true
  /**
   * The loop finishes its rows besides: it writes what all have in common, adds up the counts, and
   * tells whether any is odd, so that all must be read once more by this loop and looked at.
   */
  exactly?: GroupLoop
  /** Which of the fields is the first that `exactly` reads; absent: the first. */
  counts?: number
}

const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u'] as const // prettier-ignore

/** The offsets of fields at their places. */
export function offsetsOf(places: readonly Place[]): Offsets {
  return Object.fromEntries(
    letters.map((letter, i) => [letter, places[i]?.offset ?? 0]),
  ) as unknown as Offsets
}

/**
 * Groups for one set of columns; where two could stand for a field, the first does. To be called once
 * for the columns that must be fast.
 */
export function fieldGroups(flows: FlowColumns): FieldGroup[] {
  const ends: Fields = [
    [8, 4],
    [12, 4],
    [7, 2],
    [11, 2],
    [4, 1],
    [6, 1],
    [5, 1],
  ]
  const endsWide: Fields = [
    [8, 4],
    [12, 4],
    [7, 2],
    [11, 2],
    [4, 1],
    [6, 2],
    [5, 1],
  ]
  const ofUptime: Fields = [
    [1, 4],
    [2, 4],
    [22, 4],
    [21, 4],
  ]
  const ofTime: Fields = [
    [1, 8],
    [2, 8],
    [152, 8],
    [153, 8],
  ]
  const way2: Fields = [
    [10, 2],
    [14, 2],
    [16, 2],
    [17, 2],
    [9, 1],
    [13, 1],
    [15, 4],
  ]
  const way4: Fields = [
    [10, 4],
    [14, 4],
    [16, 4],
    [17, 4],
    [9, 1],
    [13, 1],
    [15, 4],
  ]
  return [
    { fields: [...ends, ...ofUptime, ...way2], offsets: fixedOffsets, loop: fixedRecord(flows), tellsProtocols: true, exactly: counts4Exactly(flows), counts: ends.length },
    { fields: [...ends, ...ofUptime, ...way4, [61, 1]], loop: router4(flows), tellsProtocols: true, exactly: counts4Exactly(flows), counts: ends.length },
    { fields: [...endsWide, ...ofTime, ...way4, [61, 1], [136, 1]], loop: router8(flows), tellsProtocols: true, exactly: counts8Exactly(flows), counts: endsWide.length },
    { fields: ends, loop: ipv4Ends(flows), tellsProtocols: true },
    { fields: endsWide, loop: ipv4EndsWideFlags(flows), tellsProtocols: true },
    { fields: [[7, 2], [11, 2], [4, 1], [6, 1], [5, 1]], loop: ports(flows) },
    { fields: ofUptime, loop: counts4(flows), exactly: counts4Exactly(flows) },
    { fields: ofTime, loop: counts8(flows), exactly: counts8Exactly(flows) },
    { fields: way2, loop: routing2(flows) },
    { fields: way4, loop: routing4(flows) },
    { fields: [[1, 4], [2, 4]], loop: counters4(flows) },
    { fields: [[1, 8], [2, 8]], loop: counters8(flows) },
    { fields: [[22, 4], [21, 4]], loop: uptimes(flows) },
    { fields: [[10, 4], [14, 4]], loop: interfaces4(flows) },
    { fields: [[61, 1], [136, 1]], loop: directionAndReason(flows) },
  ] // prettier-ignore
}
