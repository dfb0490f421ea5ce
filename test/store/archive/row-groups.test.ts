/** What the threads read from row groups, and what they leave to SQL. */
import assert from 'node:assert/strict'
import { closeSync, fstatSync, openSync, truncateSync } from 'node:fs'
import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'

import { columnNames } from '../../../flow/columns.ts'
import { compilePredicate } from '../../../flow/filter/predicate.ts'
import { packHalves, unpackHalves } from '../../../flow/filter/packed-halves.ts'
import { parseFilter } from '../../../flow/filter/parse.ts'
import { intervalMs } from '../../../flow/interval.ts'
import { deltaPacked } from '../../../store/archive/format/delta.ts'
import { byteWidth, indexWidth, packedIndices } from '../../../store/archive/format/dictionary.ts'
import { flowsOf } from '../../../store/archive/held/held-files.ts'
import { QueryTooLarge } from '../../../store/query-error.ts'
import { QueryEngine } from '../../../store/archive/sql/query-engine.ts'
import type {
  RankingQuery,
  RankingFound,
  ScanQuery,
} from '../../../store/archive/scanned/requests.ts'
import { Dictionaries } from '../../../store/archive/scanned/dictionaries.ts'
import { GroupReader } from '../../../store/archive/scanned/group-reader.ts'
import { readFooter } from '../../../store/archive/format/footer.ts'
import { ReadColumns } from '../../../store/archive/scanned/read-columns.ts'
import { queriedColumns } from '../../../store/archive/scanned/rows.ts'
import { Scanner } from '../../../store/archive/scanned/scanner.ts'
import { beyondBytes } from '../../../store/archive/format/packed-bytes.ts'
import { unpackDelta } from '../../../store/archive/format/unpack-delta.ts'
import { unpackIndices } from '../../../store/archive/format/unpack-indices.ts'
import { seed } from '../../drawn.ts'
import { t0 } from './archived.ts'
import { rows, twoFiles } from './flows-of-kinds.ts'

test('every column of sorted and unsorted files is read the same as by SQL', async (t) => {
  const { folder, paths } = await twoFiles()
  const engine = await QueryEngine.open(folder, { threads: 1, memoryBytes: 2 ** 28, queryMs: 50_000 }) // prettier-ignore
  t.after(() => engine.close())
  for (const path of paths) {
    const read = new GroupReader().flowsOf(path)!
    const expected = await engine.query(undefined, (session) => flowsOf(session, path))
    assert.equal(read.count, rows)
    const { flowStartMilliseconds: starts, flowEndMilliseconds: ends } = expected
    // No flow read this way ends before it begins.
    ends.forEach((end, row) => (ends[row] = Math.max(end, starts[row]!)))
    for (const name of columnNames) assert.deepEqual(read[name], expected[name], name)
  }
})

test('for a few rows, and for adjacent ones, each column reads the same as for all', async (t) => {
  const { paths } = await twoFiles()
  const [reader, columns] = [new GroupReader(), new ReadColumns(new Dictionaries(0))]
  for (const path of paths) {
    const whole = reader.flowsOf(path)!
    const file = openSync(path, 'r')
    t.after(() => closeSync(file))
    const { groups } = readFooter(file, fstatSync(file).size)!
    const together = Int32Array.from({ length: 66 }, (_, n) => 1234 + n)
    for (const asked of [together, Int32Array.of(1234, 1250, 1299)])
      for (const [place, name] of columnNames.entries()) {
        columns.turnTo(file, groups[0]!)
        columns.narrowTo(asked)
        const read = columns.at(place)
        const words = whole[name].length > rows ? 2 : 1
        const of = (values: ArrayLike<number>) =>
          Array.from(asked, (row) => [values[words * row], values[words * row + words - 1]])
        assert.deepEqual(of(read), of(whole[name]), name)
      }
  }
})

test('packed halves of addresses come back unchanged', () => {
  const high = fc.constantFrom(0xffff, 0, 0xffff_ffff, 0x2001_0db8)
  const words = fc.array(fc.tuple(fc.nat(2 ** 32 - 1), high), { maxLength: 50 })
  const property = fc.property(words, (drawn) => {
    const all = Uint32Array.from(drawn.flat())
    assert.deepEqual(unpackHalves(packHalves(all), new Uint32Array(all.length)), all)
  })
  fc.assert(property, { numRuns: 200, seed })
})

test('the distinct halves of addresses of a few rows, and then of others, are the same as of all', async (t) => {
  const { paths } = await twoFiles()
  const whole = new GroupReader().flowsOf(paths[0])!
  const file = openSync(paths[0], 'r')
  t.after(() => closeSync(file))
  const { groups } = readFooter(file, fstatSync(file).size)!
  const dictionaries = new Dictionaries(1 << 20)
  const columns = new ReadColumns(dictionaries)
  const [some, others] = [Int32Array.of(3, 1234, 11_999), Int32Array.of(14, 5000)]
  for (let times = 0; times < 2; times++) {
    columns.turnTo(file, groups[0]!)
    for (const name of ['sourceAddressHigh', 'sourceAddressLow'] as const) {
      const distinct = columns.distinct(name)!
      const words = unpackHalves(distinct, new Uint32Array(2 * distinct.lows.length))
      const of = (rowsOf: Int32Array, places: Uint16Array) =>
        Array.from(rowsOf, (row) => [...words.subarray(2 * places[row]!, 2 * places[row]! + 2)])
      const expected = (rowsOf: Int32Array) =>
        Array.from(rowsOf, (row) => [...whole[name].subarray(2 * row, 2 * row + 2)])
      assert.deepEqual(of(some, distinct.placesOf(some)), expected(some))
      columns.narrowTo(others)
      assert.deepEqual(of(others, distinct.places), expected(others))
      assert.deepEqual(columns.at(columnNames.indexOf(name)).slice(28, 30), whole[name].slice(28, 30)) // prettier-ignore
      columns.turnTo(file, groups[0]!)
    }
  }
  assert.ok(dictionaries.bytes > 0)
})

test('dictionaries are kept as far as there is space, and old ones make room for new ones', () => {
  const place = { offset: 0, length: 0, dictionaryLength: 0, isZstd: false, range: null }
  const columns = Array.from({ length: 4 }, () => ({ ...place }))
  const words = Uint32Array.of(1, 0xffff, 2, 0xffff, 3, 0xffff)
  const readOf = (dictionaries: Dictionaries) => {
    const read: number[] = []
    for (const n of [0, 1, 2, 0, 1, 2, 3]) {
      const { lows } = dictionaries.of(columns[n]!, () => {
        read.push(n)
        return words
      })
      assert.deepEqual([...lows], [1, 2, 3])
      dictionaries.freePassing()
      assert.ok(dictionaries.bytes <= 24)
    }
    return read
  }
  // There is space for two of them.
  assert.deepEqual(readOf(new Dictionaries(24)), [0, 1, 2, 2, 3])
  assert.deepEqual(readOf(new Dictionaries(24, 0)), [0, 1, 2, 0, 1, 2, 3])
  assert.deepEqual(readOf(new Dictionaries(0)), [0, 1, 2, 0, 1, 2, 3])
})

/** Bytes followed by others, like a page in a file. */
function withOthers(bytes: Buffer): Buffer {
  const room = Buffer.alloc(bytes.length + beyondBytes, 0xa5)
  room.set(bytes)
  return room.subarray(0, bytes.length)
}

test('packed numbers of every width are unpacked, even beyond what doubles hold exactly', () => {
  const numbers = fc.tuple(fc.nat({ max: 49 }), fc.integer({ min: 1, max: 700 })).chain(([bits, length]) => {
    const value = fc.maxSafeInteger().map((each) => Math.abs(each) % 2 ** bits)
    return fc.array(value, { minLength: length, maxLength: length })
  }) // prettier-ignore
  const bases = fc.constantFrom(0n, 0xffffn << 32n, -1n << 32n, 0x2001_0db8n << 32n)
  const property = fc.property(numbers, bases, fc.constantFrom(32, 128), (values, base, partValues) => {
    const count = values.length
    const packed = withOthers(deltaPacked(Float64Array.from(values), count, { base, partValues }))
    const out = new Float64Array(count)
    const first = unpackDelta(packed, { count, to: count, base: 0 }, out)
    assert.deepEqual([...out].map((more) => first + BigInt(more)), values.map((each) => base + BigInt(each)))
    if (base !== 0n) return
    const to = Math.ceil(count / 2)
    unpackDelta(packed, { count, to, base: null }, out.fill(-1))
    assert.deepEqual([...out], values.map((value, i) => (i < to ? value : -1)))
    const few = Int32Array.from(values.keys()).filter((i) => i % 97 === (count - 1) % 97)
    unpackDelta(packed, { count, to: few.at(-1)! + 1, few, base: null }, out.fill(-1))
    assert.deepEqual(Array.from(few, (i) => out[i]), Array.from(few, (i) => values[i]))
  }) // prettier-ignore
  fc.assert(property, { numRuns: 100, seed })
})

test('packed indices and runs of one value are unpacked', () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 65_536 }),
    fc.array(fc.nat(), { minLength: 1, maxLength: 100 }),
    (count, drawn) => {
      const places = Int32Array.from(drawn, (each) => each % count)
      for (const width of [indexWidth(count), byteWidth(count)]) {
        const out = new Uint16Array(places.length).fill(7)
        // Also of runs that start on a byte boundary.
        const [from, to] = [places.length & 0x18, places.length - (places.length >> 3)]
        const packed = withOthers(packedIndices(places, width))
        unpackIndices(packed, { from, to, few: null }, out)
        const asked = Array.from(places, (place, i) => (i >= from && i < to ? place : 7))
        assert.deepEqual([...out], asked)
        const few = Int32Array.from([...places.keys()].filter((i) => i % 3 === 1))
        if (few.length === 0) continue
        unpackIndices(packed, { from: few[0]!, to: few.at(-1)! + 1, few }, out)
        for (const row of few) assert.equal(out[row], places[row])
      }
    },
  )
  fc.assert(property, { numRuns: 100, seed })
  const run = new Uint16Array(1000)
  const runOfOne = withOthers(Buffer.from([9, 0xd0, 0x0f, 0x2c, 0x01]))
  unpackIndices(runOfOne, { from: 10, to: 990, few: null }, run)
  assert.ok(run.every((place, i) => place === (i >= 10 && i < 990 ? 300 : 0)))
  unpackIndices(runOfOne, { from: 3, to: 996, few: Int32Array.of(3, 995) }, run)
  assert.deepEqual([run[2], run[3], run[995], run[996]], [0, 300, 300, 0])
  // Two runs: three times 1, then eight packed 1-bit values.
  const runs = withOthers(Buffer.from([1, 6, 1, 3, 0b10110010]))
  const few = Int32Array.of(1, 4, 5, 8)
  const picked = new Uint16Array(11).fill(7)
  unpackIndices(runs, { from: 1, to: 9, few }, picked)
  assert.deepEqual([...picked], [7, 1, 7, 7, 1, 0, 7, 7, 1, 7, 7])
})

test('pages whose contents contradict their header are refused', () => {
  const packed = withOthers(
    deltaPacked(
      Float64Array.from({ length: 300 }, (_, i) => i * i),
      300,
    ),
  )
  const out = new Float64Array(300)
  assert.throws(
    () => unpackDelta(packed, { count: 299, to: 299, base: null }, out),
    /300 values are packed and not 299/,
  )
  assert.throws(
    () => unpackDelta(packed.subarray(0, 200), { count: 300, to: 300, base: null }, out),
    /end too early/,
  )
  const cut = withOthers(packedIndices(new Int32Array(300), 9)).subarray(0, 100)
  assert.throws(
    () => unpackIndices(cut, { from: 0, to: 300, few: null }, new Uint16Array(300)),
    /end too early/,
  )
})

const window = { from: t0 - intervalMs, to: t0 + 2 * intervalMs, include: 'any', filter: undefined } as const // prettier-ignore
const ranking: RankingQuery = {
  kind: 'ranking',
  window,
  by: ['host'],
  order: { of: 'top', by: 'flows' },
  count: 3,
}
const during = { session: { goesOn: () => undefined } }

test('files of another writer, and more keys than can be counted, are left to SQL', async (t) => {
  const { paths } = await twoFiles()
  const scanner = new Scanner(2, { local: [] }, 1000)
  t.after(() => scanner.close())
  const groups = await scanner.groups({ inside: [], edge: paths, most: 0 }, window)
  assert.equal(groups?.length, 2)
  assert.equal(await scanner.scan(ranking, groups, during), null)
  const found = await scanner.scan({ ...ranking, by: ['protocol'] }, groups, during)
  assert.deepEqual(found?.ranked, [16_000, 8000])

  const other = join(paths[0], '../other.parquet')
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(`COPY (FROM read_parquet('${paths[0]}')) TO '${other}' (FORMAT parquet)`)
  connection.closeSync()
  instance.closeSync()
  assert.equal(await scanner.groups({ inside: [], edge: [...paths, other], most: 0 }, window), null)
  assert.equal(await scanner.flows(other), null)
})

test('scans that share a pass find the same as each one alone, even if one of them fails', async (t) => {
  const { paths } = await twoFiles()
  const scanner = new Scanner(2, { local: [] })
  t.after(() => scanner.close())
  const found = async (asked: ScanQuery) => {
    const groups = await scanner.groups({ inside: [], edge: paths, most: 0 }, asked.window)
    return scanner.scan(asked, groups!, during)
  }
  const filter = parseFilter('dst port 443')!
  const windows = [{}, { from: t0 - 50_000 }, { to: t0 - 50_000 }, { from: t0 - 50_000 }]
  const asked = windows.map((some) => ({ ...ranking, window: { ...window, filter, ...some } }))
  const alone = []
  for (const each of asked) alone.push(await found(each))
  const steps = { ...window, filter, stepMs: 1, only: undefined }
  const { keys } = (await found({ ...asked[0]!, count: 300 })) as RankingFound
  const tooMany = found({ kind: 'steps', window: steps, by: ['host'], keys, hasDirection: false })
  const together = Promise.all(asked.map((each) => found(each)))
  await assert.rejects(tooMany, QueryTooLarge)
  assert.deepEqual(await together, alone)
  assert.equal(new Set(alone.map((each) => String((each as RankingFound).keys))).size, 3)
})

test('matching flows are gathered with all of their columns', async (t) => {
  const { paths } = await twoFiles()
  const scanner = new Scanner(2, { local: [] })
  t.after(() => scanner.close())
  const reader = new GroupReader()
  for (const [path, text] of [
    [paths[0], 'dst port 443'],
    [paths[1], 'host 10.0.0.0/8 or bytes > 0'],
  ] as const) {
    const filter = parseFilter(text)!
    const groups = (await scanner.groups({ inside: [], edge: [path], most: 0 }, window))!
    const asked = { ...window, filter }
    const gathered = (await scanner.scan({ kind: 'rows', window: asked }, groups, during))!
    const all = reader.flowsOf(path)!
    const passes = new Uint8Array(rows)
    const passing = compilePredicate(filter).matches(all, rows, passes)
    assert.deepEqual(
      gathered.map(({ count }) => count),
      [passing],
    )
    assert.equal(await scanner.scan({ kind: 'count', window: asked }, groups, during), passing)
    for (const name of queriedColumns) {
      const width = all[name].length / rows
      const expected = Array.from(all[name]).filter((_, i) => passes[Math.floor(i / width)] === 1)
      assert.deepEqual(Array.from(gathered[0]![name]), expected, name)
    }
    const few = { ...during, keysMax: passing - 1 }
    assert.equal(await scanner.scan({ kind: 'rows', window: asked }, groups, few), null)
  }
})

test('row groups without flows of the window are skipped', async (t) => {
  const { paths } = await twoFiles()
  const scanner = new Scanner(1, { local: [] })
  t.after(() => scanner.close())
  const found = async (asked: { from?: number; to?: number }) =>
    (await scanner.groups({ inside: [], edge: [paths[0]], most: 0 }, { ...window, ...asked }))
      ?.length
  assert.equal(await found({ to: t0 - 200_000 }), 0)
  assert.equal(await found({ from: t0 + 5000 }), 0)
  assert.equal(await found({ to: t0 - 190_000 }), 1)
})

test('an aborted scan ends, and the threads go on to the next', async (t) => {
  const { paths } = await twoFiles()
  const scanner = new Scanner(2, { local: [] })
  t.after(() => scanner.close())
  const groups = (await scanner.groups({ inside: [], edge: paths, most: 0 }, window))!
  let asked = 0
  const goesOn = () => {
    if (++asked > 1) throw new Error('the asker has gone')
  }
  await assert.rejects(scanner.scan(ranking, groups, { session: { goesOn } }), /the asker has gone/)
  assert.equal((await scanner.scan(ranking, groups, during))?.keys[0]!.length, 3)
})

test('a truncated file is detected, wherever it ends', async () => {
  const { paths } = await twoFiles()
  const reader = new GroupReader()
  await truncate(paths[0], 1000)
  assert.throws(() => reader.groupsOf(paths[0]), /the file has no footer/)
  const after = new GroupReader()
  const readTruncated = () =>
    after.read(paths[1], 0, ({ flows }) => {
      truncateSync(paths[1], 5000)
      return columnNames.map((name) => flows[name])
    })
  assert.throws(readTruncated, /the file ends before its columns do/)
})
