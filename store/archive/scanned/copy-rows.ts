/** Copies the values of some rows in a column to consecutive places. */

/** One number each. */
export function copyNumbers(
  from: ArrayLike<number>,
  rows: Int32Array,
  to: Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array,
): void {
  for (let n = 0; n < rows.length; n++) to[n] = from[rows[n]!]!
}

/** Two words each. */
export function copyPairs(from: Uint32Array, rows: Int32Array, to: Uint32Array): void {
  for (let n = 0; n < rows.length; n++) {
    const at = 2 * rows[n]!
    to[2 * n] = from[at]!
    to[2 * n + 1] = from[at + 1]!
  }
}
