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
/** Of a number, what came in stands before what went out. */
const numberWidth = waysOf * amountCount

/** Used again for all; what is not 0 is listed. Number 0 is added up like all others, and then left. */
const sums = new Float64Array(numbersMost * numberWidth)
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
  const { bytes, packets, active } = amounts
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    const from = ingress[row]!
    const to = egress[row]!
    if (from >= numbersMost || to >= numbersMost) {
      addLarge(table, { from, to, i }, amounts)
      continue
    }
    const fromAt = from * numberWidth
    const toAt = to * numberWidth + amountCount
    if (sums[fromAt + 2] === 0) listed[count++] = fromAt
    if (sums[toAt + 2] === 0) listed[count++] = toAt
    sums[fromAt] = sums[fromAt]! + bytes[i]!
    sums[toAt] = sums[toAt]! + bytes[i]!
    sums[fromAt + 1] = sums[fromAt + 1]! + packets[i]!
    sums[toAt + 1] = sums[toAt + 1]! + packets[i]!
    sums[fromAt + 2] = sums[fromAt + 2]! + 1
    sums[toAt + 2] = sums[toAt + 2]! + 1
    sums[fromAt + 3] = sums[fromAt + 3]! + active[i]!
    sums[toAt + 3] = sums[toAt + 3]! + active[i]!
  }
  for (let k = 0; k < count; k++) {
    const at = listed[k]!
    const number = Math.floor(at / numberWidth)
    const way = at % numberWidth === 0 ? interfaceWays.ingress : interfaceWays.egress
    if (number !== 0) table.add(number, way, sums, at)
    sums.fill(0, at, at + amountCount)
  }
}

/** Counts row i where one of its interfaces has a large number. */
function addLarge(
  table: CountTable,
  { from, to, i }: { from: number; to: number; i: number },
  { bytes, packets, active }: RowAmounts,
): void {
  large[0] = bytes[i]!
  large[1] = packets[i]!
  large[2] = 1
  large[3] = active[i]!
  if (from !== 0) table.add(from, interfaceWays.ingress, large)
  if (to !== 0) table.add(to, interfaceWays.egress, large)
}

const large = new Float64Array(amountCount)
