/**
 * Sums of rows by interface. A router has a few dozen interfaces: those with small numbers are
 * summed in arrays first, then each is counted once.
 */
import { amountCount, type CountTable } from './tables.ts'

/** Interfaces below this number are summed in arrays. */
const numbersMax = 512
/** The way of a key: traffic that entered or left by the interface. */
const interfaceWays = { ingress: 1, egress: 2 } as const
const waysOf = 2
/**
 * Most interfaces and ways kept separately per interval and exporter; traffic of further ones
 * counts in the row `other`.
 */
export const interfaceKeysMax = 131_072
/** The number of interfaces not kept separately: no ifIndex is as large. */
export const beyondInterfaces = 2 ** 32
/** Per interface, ingress amounts come before egress amounts. */
const numberWidth = waysOf * amountCount

/** Reused by all callers; `listed` has the entries in use. Interface 0 is summed like the others, then ignored. */
const sums = new Float64Array(numbersMax * numberWidth)
const listed = new Int32Array(numbersMax * waysOf)
const isListed = new Uint8Array(numbersMax * waysOf)

/** What each row counts, as columns. */
interface RowAmounts {
  /** The number of flows that each row counts as. */
  flows: 0 | 1
  bytes: Float64Array
  packets: Float64Array
  active: Float64Array
}

/** Counts rows for their ingress and egress interfaces; 0 means unknown and is not counted. */
export function countInterfaces(
  table: CountTable,
  { ingress, egress, rows }: { ingress: Uint32Array; egress: Uint32Array; rows: Int32Array },
  amounts: RowAmounts,
): void {
  const { bytes, packets, active, flows } = amounts
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    const from = ingress[row]!
    const to = egress[row]!
    if (from >= numbersMax || to >= numbersMax) {
      addLarge(table, { from, to, i }, amounts)
      continue
    }
    const fromAt = from * numberWidth
    const toAt = to * numberWidth + amountCount
    const fromNumber = from * waysOf
    const toNumber = to * waysOf + 1
    if (isListed[fromNumber] === 0) {
      isListed[fromNumber] = 1
      listed[count++] = fromNumber
    }
    if (isListed[toNumber] === 0) {
      isListed[toNumber] = 1
      listed[count++] = toNumber
    }
    sums[fromAt] = sums[fromAt]! + bytes[i]!
    sums[toAt] = sums[toAt]! + bytes[i]!
    sums[fromAt + 1] = sums[fromAt + 1]! + packets[i]!
    sums[toAt + 1] = sums[toAt + 1]! + packets[i]!
    sums[fromAt + 2] = sums[fromAt + 2]! + flows
    sums[toAt + 2] = sums[toAt + 2]! + flows
    sums[fromAt + 3] = sums[fromAt + 3]! + active[i]!
    sums[toAt + 3] = sums[toAt + 3]! + active[i]!
  }
  for (let k = 0; k < count; k++) {
    const place = listed[k]!
    const at = place * amountCount
    const number = Math.floor(place / waysOf)
    const way = place % waysOf === 0 ? interfaceWays.ingress : interfaceWays.egress
    if (number !== 0) add(table, number, way, { amounts: sums, at })
    sums.fill(0, at, at + amountCount)
    isListed[place] = 0
  }
}

/** Counts row i if one of its interfaces has a large number. */
function addLarge(
  table: CountTable,
  { from, to, i }: { from: number; to: number; i: number },
  { bytes, packets, active, flows }: RowAmounts,
): void {
  large[0] = bytes[i]!
  large[1] = packets[i]!
  large[2] = flows
  large[3] = active[i]!
  if (from !== 0) add(table, from, interfaceWays.ingress, { amounts: large, at: 0 })
  if (to !== 0) add(table, to, interfaceWays.egress, { amounts: large, at: 0 })
}

/** Adds amounts to an interface, or to those not kept separately. */
function add(
  table: CountTable,
  number: number,
  way: number,
  { amounts, at }: { amounts: Float64Array; at: number },
): void {
  const isKept = table.count < interfaceKeysMax || table.has(number, way)
  table.add(isKept ? number : beyondInterfaces, way, amounts, at)
}

const large = new Float64Array(amountCount)
