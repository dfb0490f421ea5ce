/**
 * What rows come to by interface. A router has a few dozen of them: those of small numbers are first added up side by
 * side, and then each is counted once.
 */
import { amountCount, type CountTable } from './tables.ts'

/** Interfaces below this number are added up side by side. */
const numbersMost = 512
/** As keys have it: by which an interface was come in by, and gone out by. */
export const interfaceWays = { ingress: 1, egress: 2 } as const
const waysOf = 2

/** Used again for all; what is not 0 is listed. */
const sums = new Float64Array(numbersMost * waysOf * amountCount)
const listed = new Int32Array(numbersMost * waysOf)

/** What rows count, side by side. */
export interface RowAmounts {
  bytes: Float64Array
  packets: Float64Array
  active: Float64Array
}

/** Counts rows for the interfaces they came in and went out by; 0 is not said. */
export function countInterfaces(
  table: CountTable,
  { ingress, egress, rows }: { ingress: Uint32Array; egress: Uint32Array; rows: Int32Array },
  amounts: RowAmounts,
): void {
  let count = addWay(
    table,
    { numbers: ingress, rows, way: interfaceWays.ingress, count: 0 },
    amounts,
  )
  count = addWay(table, { numbers: egress, rows, way: interfaceWays.egress, count }, amounts)
  for (let i = 0; i < count; i++) {
    const at = listed[i]!
    const key = at / amountCount
    table.add(Math.floor(key / waysOf), (key % waysOf) + 1, sums, at)
    sums.fill(0, at, at + amountCount)
  }
}

/** Adds up rows by one of both ways; `count` are listed before, and as many as are then is given back. */
function addWay(
  table: CountTable,
  {
    numbers,
    rows,
    way,
    count: before,
  }: { numbers: Uint32Array; rows: Int32Array; way: number; count: number },
  { bytes, packets, active }: RowAmounts,
): number {
  let count = before
  for (let i = 0; i < rows.length; i++) {
    const number = numbers[rows[i]!]!
    if (number === 0) continue
    if (number >= numbersMost) {
      large[0] = bytes[i]!
      large[1] = packets[i]!
      large[2] = 1
      large[3] = active[i]!
      table.add(number, way, large)
      continue
    }
    const at = (number * waysOf + way - 1) * amountCount
    if (sums[at + 2] === 0) listed[count++] = at
    sums[at] = sums[at]! + bytes[i]!
    sums[at + 1] = sums[at + 1]! + packets[i]!
    sums[at + 2] = sums[at + 2]! + 1
    sums[at + 3] = sums[at + 3]! + active[i]!
  }
  return count
}

const large = new Float64Array(amountCount)
