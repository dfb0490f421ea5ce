/**
 * The innermost loops, once per kind of array: a loop over several kinds is three times slower,
 * because V8 then checks the kind at each row.
 */
import type { Range } from '../filter.ts'

type Test<Held> = (values: Held, rows: number, out: Uint8Array) => void

interface Loops<Held> {
  equal: (wanted: number) => Test<Held>
  within: (range: Range) => Test<Held>
  table: (table: Uint8Array) => Test<Held>
}

/** For a bound greater than any value of the column. */
function nothing(_values: unknown, rows: number, out: Uint8Array): void {
  out.fill(0, 0, rows)
}

const bytes: Loops<Uint8Array> = {
  equal: (wanted) => {
    const bits = wanted | 0
    return (values, rows, out) => {
      for (let i = 0; i < rows; i++) out[i] = (values[i]! ^ bits) === 0 ? 1 : 0
    }
  },
  within: ([least, most]) => {
    const [start, span] = [least | 0, (Math.min(most, 255) - least) >>> 0]
    if (least > 255) return nothing
    return (values, rows, out) => {
      for (let i = 0; i < rows; i++) out[i] = (values[i]! - start) >>> 0 <= span ? 1 : 0
    }
  },
  table: (table) => (values, rows, out) => {
    for (let i = 0; i < rows; i++) out[i] = table[values[i]!]!
  },
}

const shorts: Loops<Uint16Array> = {
  equal: (wanted) => {
    const bits = wanted | 0
    return (values, rows, out) => {
      for (let i = 0; i < rows; i++) out[i] = (values[i]! ^ bits) === 0 ? 1 : 0
    }
  },
  within: ([least, most]) => {
    const [start, span] = [least | 0, (Math.min(most, 65_535) - least) >>> 0]
    if (least > 65_535) return nothing
    return (values, rows, out) => {
      for (let i = 0; i < rows; i++) out[i] = (values[i]! - start) >>> 0 <= span ? 1 : 0
    }
  },
  table: (table) => (values, rows, out) => {
    for (let i = 0; i < rows; i++) out[i] = table[values[i]!]!
  },
}

const words: Loops<Uint32Array> = {
  equal: (wanted) => {
    if (wanted > 0xffffffff) return nothing
    const bits = wanted | 0
    return (values, rows, out) => {
      for (let i = 0; i < rows; i++) out[i] = (values[i]! ^ bits) === 0 ? 1 : 0
    }
  },
  within: ([least, most]) => {
    const [start, span] = [least | 0, (Math.min(most, 0xffffffff) - least) >>> 0]
    if (least > 0xffffffff) return nothing
    return (values, rows, out) => {
      for (let i = 0; i < rows; i++) out[i] = (values[i]! - start) >>> 0 <= span ? 1 : 0
    }
  },
  table: (table) => (values, rows, out) => {
    for (let i = 0; i < rows; i++) out[i] = table[values[i]!] ?? 0
  },
}

const doubles: Loops<Float64Array> = {
  equal: (wanted) => (values, rows, out) => {
    for (let i = 0; i < rows; i++) out[i] = values[i] === wanted ? 1 : 0
  },
  within:
    ([least, most]) =>
    (values, rows, out) => {
      for (let i = 0; i < rows; i++) {
        const value = values[i]!
        out[i] = value >= least && value <= most ? 1 : 0
      }
    },
  table: (table) => (values, rows, out) => {
    for (let i = 0; i < rows; i++) out[i] = table[values[i]!] ?? 0
  },
}

type Values = Uint8Array | Uint16Array | Uint32Array | Float64Array
export const loops = { u8: bytes, u16: shorts, u32: words, f64: doubles }
export type LoopKind = keyof typeof loops
export type ValuesTest = Test<Values>

/** Counts the rows that are set. */
export function countSet(out: Uint8Array, rows: number): number {
  let count = 0
  for (let i = 0; i < rows; i++) count += out[i]!
  return count
}
