/**
 * Fields that exporters send together share one loop, since starting a loop costs as much as reading
 * 30 records. A group stands for its fields where a template has all of them in these lengths; what is
 * left is read field by field. Each loop is written out for its columns: one that is made once and
 * always sees the same arrays runs about twice as fast as one that is given them (V8 then knows them
 * as constants). A second decoder in a process is as right, only slower.
 */
import type { FlowColumns } from '../../flow/columns.ts'
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
import { counts4, counts8 } from './group-loops.ts'
import type { GroupLoop, Offsets } from './group-loops.ts'

/** Elements and lengths of a group's fields, and the loop that reads them. */
export interface FieldGroup {
  fields: readonly (readonly [id: number, length: number])[]
  loop: GroupLoop
  /** The loop tells which protocols it saw. */
  tellsProtocols?: true
  /**
   * The loop finishes its rows besides: it writes what all have in common, adds up the counts, and
   * tells whether any is odd, so that all must be read once more by this loop and looked at.
   */
  exactly?: GroupLoop
}

/** The offsets of fields at their places. */
export function offsetsOf(places: readonly Place[]): Offsets {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0] = places.map((place) => place.offset)
  return { a, b, c, d, e, f, g }
}

/**
 * Groups for one set of columns; where two could stand for a field, the first does. To be called once
 * for the columns that must be fast.
 */
export function fieldGroups(flows: FlowColumns): FieldGroup[] {
  return [
    { fields: [[8, 4], [12, 4], [7, 2], [11, 2], [4, 1], [6, 1], [5, 1]], loop: ipv4Ends(flows), tellsProtocols: true },
    { fields: [[8, 4], [12, 4], [7, 2], [11, 2], [4, 1], [6, 2], [5, 1]], loop: ipv4EndsWideFlags(flows), tellsProtocols: true },
    { fields: [[7, 2], [11, 2], [4, 1], [6, 1], [5, 1]], loop: ports(flows) },
    { fields: [[1, 4], [2, 4], [22, 4], [21, 4]], loop: counts4(flows), exactly: counts4Exactly(flows) },
    { fields: [[1, 8], [2, 8], [152, 8], [153, 8]], loop: counts8(flows), exactly: counts8Exactly(flows) },
    { fields: [[10, 2], [14, 2], [16, 2], [17, 2], [9, 1], [13, 1], [15, 4]], loop: routing2(flows) },
    { fields: [[10, 4], [14, 4], [16, 4], [17, 4], [9, 1], [13, 1], [15, 4]], loop: routing4(flows) },
    { fields: [[1, 4], [2, 4]], loop: counters4(flows) },
    { fields: [[1, 8], [2, 8]], loop: counters8(flows) },
    { fields: [[22, 4], [21, 4]], loop: uptimes(flows) },
    { fields: [[10, 4], [14, 4]], loop: interfaces4(flows) },
    { fields: [[61, 1], [136, 1]], loop: directionAndReason(flows) },
  ] // prettier-ignore
}
