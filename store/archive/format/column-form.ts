/**
 * In which of Parquet's encodings a column of a sorted row group is kept: whichever takes the least room, as far as
 * a sample of its rows tells.
 */
import { deltaPacked, deltaSpanMax, reusePacked } from './delta.ts'
import {
  byteWidth,
  dictionaryOf,
  indexWidth,
  ordered,
  packedIndices,
  type Dictionary,
  type Words,
} from './dictionary.ts'
import { compressed, dictionaryChunk, singleChunk, valuesChunk, type ColumnChunk } from './pages.ts'

/** The level of zstd at which what is packed is made smaller; a higher one takes hardly less. */
const packedLevel = 3
/** The same of indices that are bytes. */
const frequenciesLevel = 1
/** Levels of values as they are: the lowest is the best where they are random, higher ones where they repeat each other. */
const plainLevels = { random: 1, usual: 3, repeating: [5, 9] }
/** They repeat each other where the usual level takes so much of what the lowest takes, or less. */
const repeatingShare = 0.97
/** Values of a dictionary at the most. */
const dictionaryMost = 65_536
/** Where more of a sample's values differ, no dictionary is made. */
const differentMost = 0.6
/** A dictionary is quicker to ask, most of all one whose indices are bytes: it may be so much larger. */
const favour = { dictionary: 1.02, frequencies: 1.03 }
/** Rows of a sample at the most. */
const sampleRows = 131_072
/** Neighbours are packed by their differences in so many: they are sorted, and where they are not few suffer. */
const deltaPartValues = 32
const wordRange = 2 ** 32
/** Upper words may lie so far apart: with the lower ones, numbers then span 2^49 at the most. */
const upperSpanMax = 2 ** 17

/**
 * How a column is kept, and at which level of zstd. With `frequencies`, a dictionary has what is frequent first, and indices
 * are bytes: zstd sees by them which values are frequent, and readers have nothing to unpack.
 */
interface Form {
  kind: 'dictionary' | 'frequencies' | 'delta' | 'plain'
  level: number
}

/** A form is judged anew after so many row groups, or where one has so many times the rows: to judge takes as long as to write. */
const judgedFor = { groups: 16, rowsTimes: 2 }

/** By column, which form was found to be the best, of a row group with so many rows, and for how many it was taken since. */
export type JudgedForms = ReadonlyMap<string, { form: Form; rows: number; groups: number }>

/** The chunks of columns of row groups, which are alike from file to file: what is best is found out of one for those that follow. */
export class ColumnForms {
  readonly #judged: Map<string, { form: Form; rows: number; groups: number }>

  /** Goes on with what was judged before. */
  constructor(judged: JudgedForms = new Map()) {
    this.#judged = new Map(judged)
  }

  get judged(): JudgedForms {
    return this.#judged
  }

  /** The chunk of the column `name` of a row group, from its words. */
  chunk(name: string, column: Words): ColumnChunk {
    const { rows } = column
    const ends = endsOf(column)
    const range = [plainOf(column, [ends.least]), plainOf(column, [ends.most])] as const
    if (compareRows(column, ends.least, ends.most) === 0) return singleChunk(range[0], rows)
    return chunkAs(this.#formOf(name, column, ends), column, ends, range)
  }

  #formOf(name: string, column: Words, ends: Ends): Form {
    const { rows } = column
    const before = this.#judged.get(name)
    const isGood =
      before && before.groups < judgedFor.groups && rows <= judgedFor.rowsTimes * before.rows
    const judged = isGood ? before : { form: formOf(column, ends), rows, groups: 0 }
    judged.groups++
    this.#judged.set(name, judged)
    return judged.form
  }
}

/** A column in a form; as it is where it cannot be kept so. */
function chunkAs(
  { kind, level }: Form,
  column: Words,
  ends: Ends,
  range: readonly [Buffer, Buffer],
): ColumnChunk {
  const { rows } = column
  const numbers = kind === 'delta' ? numbersOf(column, ends) : null
  if (numbers)
    return valuesChunk(packed(numbers, numbers.values), { rows, isDelta: true, level }, range)
  const isDictionary = kind === 'dictionary' || kind === 'frequencies'
  const dictionary = isDictionary ? dictionaryOf(column, dictionaryMost) : null
  if (!dictionary) return valuesChunk(bytesOf(column.words), { rows, isDelta: false, level }, range)
  const sorted = ordered(dictionary, column, { byFrequency: kind === 'frequencies' })
  const values = { values: plainOf(column, sorted.firsts), count: sorted.count }
  return dictionaryChunk(values, indicesOf(sorted, kind), { rows, level, range })
}

function indicesOf(
  { places, count }: Pick<Dictionary, 'places' | 'count'>,
  kind: Form['kind'],
): Buffer {
  return packedIndices(places, kind === 'frequencies' ? byteWidth(count) : indexWidth(count))
}

/** Rows with the least and the greatest value. */
interface Ends {
  least: number
  most: number
}

function endsOf({ words, isWide, rows }: Words): Ends {
  const ends = { least: 0, most: 0 }
  const [step, upperAt] = isWide ? [2, 1] : [1, 0]
  let [leastUpper, mostUpper] = [words[upperAt]!, words[upperAt]!]
  let [leastLower, mostLower] = [words[0]! >>> 0, words[0]! >>> 0]
  for (let row = 1; row < rows; row++) {
    const upper = words[row * step + upperAt]!
    const lower = words[row * step]! >>> 0
    if (upper < leastUpper || (isWide && upper === leastUpper && lower < leastLower)) {
      ends.least = row
      leastUpper = upper
      leastLower = lower
    } else if (upper > mostUpper || (isWide && upper === mostUpper && lower > mostLower)) {
      ends.most = row
      mostUpper = upper
      mostLower = lower
    }
  }
  return ends
}

function compareRows({ words, isWide }: Words, a: number, b: number): number {
  if (!isWide) return words[a]! - words[b]!
  const upper = words[2 * a + 1]! - words[2 * b + 1]!
  return upper === 0 ? (words[2 * a]! >>> 0) - (words[2 * b]! >>> 0) : upper
}

/** Whole numbers, each `base` less than what it stands for. */
interface Numbers {
  values: Float64Array
  base: bigint
}

/** Room for the numbers of a column; made anew for each it would be garbage. */
let numbersRoom = new Float64Array(0)

/** A column as numbers that doubles hold, good until the next are made; or null. */
function numbersOf({ words, isWide, rows }: Words, { least, most }: Ends): Numbers | null {
  const upperLeast = isWide ? words[2 * least + 1]! : 0
  if (isWide && words[2 * most + 1]! - upperLeast >= upperSpanMax) return null
  if (numbersRoom.length < rows) numbersRoom = new Float64Array(rows)
  const values = numbersRoom.subarray(0, rows)
  if (!isWide) values.set(words.subarray(0, rows))
  else
    for (let row = 0; row < rows; row++)
      values[row] = (words[2 * row + 1]! - upperLeast) * wordRange + (words[2 * row]! >>> 0)
  return { values, base: BigInt(upperLeast) << 32n }
}

function packed({ base }: Numbers, values: Float64Array): Buffer {
  reusePacked()
  return deltaPacked(values, values.length, { base, partValues: deltaPartValues })
}

/** The form that takes the least room, judged by a sample. */
function formOf(column: Words, ends: Ends): Form {
  const [from, to] = sampleOf(column.rows)
  const some = rowsOf(column, from, to)
  const { random, usual, repeating } = plainLevels
  const plain = (level: number): [Form, number] => [
    { kind: 'plain', level },
    compressed(bytesOf(some.words), level).length,
  ]
  const sizes = [plain(random), plain(usual)]
  if (sizes[1]![1] < repeatingShare * sizes[0]![1]) sizes.push(...repeating.map(plain))
  const numbers = numbersOf(column, ends)
  if (numbers) {
    const { length } = compressed(packed(numbers, numbers.values.subarray(from, to)), packedLevel)
    sizes.push([{ kind: 'delta', level: packedLevel }, length])
  }
  sizes.push(...dictionarySizes(column, [from, to]))
  return sizes.reduce((best, each) => (each[1] < best[1] ? each : best))[0]
}

/** What a sample's part of a dictionary of either kind would take, with its share of the values; none where too much differs. */
function dictionarySizes(column: Words, [from, to]: Stretch): [Form, number][] {
  const rows = to - from
  const found = dictionaryOf(rowsOf(column, from, to), Math.ceil(differentMost * rows))
  const whole = found && dictionaryOf(column, dictionaryMost)
  if (!whole) return []
  let sorted = whole
  return (
    [
      ['dictionary', packedLevel],
      ['frequencies', frequenciesLevel],
    ] as const
  ).map(([kind, level]) => {
    sorted = ordered(sorted, column, { byFrequency: kind === 'frequencies' })
    const { count, firsts, places } = sorted
    const indices = compressed(indicesOf({ places: places.subarray(from, to), count }, kind), level)
    const values = compressed(plainOf(column, firsts), level)
    return [{ kind, level }, (indices.length + (values.length * rows) / column.rows) / favour[kind]]
  })
}

/** Rows [from, to). */
type Stretch = [from: number, to: number]

/** The rows that are looked at: all where they are few, else those in the middle. */
function sampleOf(rows: number): Stretch {
  const some = Math.min(rows, sampleRows)
  const from = Math.floor((rows - some) / 2)
  return [from, from + some]
}

function rowsOf({ words, isWide }: Words, from: number, to: number): Words {
  const width = isWide ? 2 : 1
  return { words: words.subarray(from * width, to * width), isWide, rows: to - from }
}

/** The values of some rows in plain encoding. */
function plainOf({ words, isWide }: Words, rows: ArrayLike<number>): Buffer {
  const width = isWide ? 2 : 1
  const out = new Int32Array(rows.length * width)
  for (let i = 0; i < rows.length; i++) {
    out[i * width] = words[rows[i]! * width]!
    if (isWide) out[2 * i + 1] = words[2 * rows[i]! + 1]!
  }
  return bytesOf(out)
}

function bytesOf({ buffer, byteOffset, byteLength }: Int32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** What is beyond this could not be packed exactly. */
if (upperSpanMax * wordRange > deltaSpanMax) throw new RangeError('upper words are too far apart')
