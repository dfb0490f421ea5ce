/**
 * Chooses the Parquet encoding of each column of a sorted row group: the smallest one, as estimated
 * from a sample of its rows.
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

/** The zstd level for packed values; higher ones gain almost nothing. */
const packedLevel = 3
/** The same for byte indices. */
const frequenciesLevel = 1
/** Levels for plain values: the lowest is best if they are random, higher ones if they repeat. */
const plainLevels = { random: 1, usual: 3, repeating: [5, 9] }
/** Values count as repeating if the usual level takes at most this share of the lowest level's size. */
const repeatingShare = 0.97
/** Most values in a dictionary. */
const dictionaryMax = 65_536
/** No dictionary if a larger share of a sample's values is distinct. */
const differentMax = 0.6
/** Dictionaries are faster to query, especially with byte indices, so they may be this much larger. */
const favour = { dictionary: 1.02, frequencies: 1.03 }
/** Most rows in a sample. */
const sampleRows = 131_072
/** Differences are packed in parts this small: values are sorted, and an outlier widens only its part. */
const deltaPartValues = 32
const wordRange = 2 ** 32
/** Upper words may be this far apart: with the lower words, numbers then span at most 2^49. */
const upperSpanMax = 2 ** 17

/**
 * The form of a column and its zstd level. With `frequencies`, the dictionary is ordered by frequency
 * and indices are bytes: they tell zstd which values are frequent, and readers have nothing to unpack.
 */
interface Form {
  kind: 'dictionary' | 'frequencies' | 'delta' | 'plain'
  level: number
}

/** A form is chosen again after this many row groups, or at this many times the rows: it takes as long as writing. */
const judgedFor = { groups: 16, rowsTimes: 2 }

/** By column, the best form, for how many rows it was chosen, and for how many row groups it was used since. */
export type JudgedForms = ReadonlyMap<string, { form: Form; rows: number; groups: number }>

/** Encodes columns of row groups. These are alike from file to file, so one row group decides for the next ones. */
export class ColumnForms {
  readonly #judged: Map<string, { form: Form; rows: number; groups: number }>

  /** Continues with earlier choices. */
  constructor(judged: JudgedForms = new Map()) {
    this.#judged = new Map(judged)
  }

  get judged(): JudgedForms {
    return this.#judged
  }

  /** The chunk of column `name` of a row group, from its words. */
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

/** A column in a form; plain if the form does not apply. */
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
  const dictionary = isDictionary ? dictionaryOf(column, dictionaryMax) : null
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

/** Rows with the smallest and the largest value. */
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

/** Integers, each stored minus `base`. */
interface Numbers {
  values: Float64Array
  base: bigint
}

/** Buffer for the numbers of a column, reused to avoid garbage. */
let numbersRoom = new Float64Array(0)

/** A column as numbers that fit in doubles, valid until the next call; or null. */
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

/** The smallest form, estimated from a sample. */
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

/** The estimated size of either kind of dictionary for a sample; empty if too many values are distinct. */
function dictionarySizes(column: Words, [from, to]: Stretch): [Form, number][] {
  const rows = to - from
  const found = dictionaryOf(rowsOf(column, from, to), Math.ceil(differentMax * rows))
  const whole = found && dictionaryOf(column, dictionaryMax)
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

/** The rows of the sample: all if they are few, otherwise those in the middle. */
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

/** Anything beyond this could not be packed exactly. */
if (upperSpanMax * wordRange > deltaSpanMax) throw new RangeError('upper words are too far apart')
