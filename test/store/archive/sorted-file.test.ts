import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'

import type { DuckDBConnection } from '@duckdb/node-api'

import { createFlowColumns, type FlowColumns } from '../../../flow/columns.ts'
import { blockOf } from '../../../store/archive/columns.ts'
import { ColumnForms } from '../../../store/archive/format/column-form.ts'
import {
  dictionaryOf,
  indexWidth,
  ordered,
  packedIndices,
} from '../../../store/archive/format/dictionary.ts'
import { parquetFile } from '../../../store/archive/format/parquet-file.ts'
import { FileEngine } from '../../../store/archive/read-back/file-engine.ts'
import type { GroupBounds } from '../../../store/archive/write/file-order.ts'
import { ScratchMemory } from '../../../store/archive/scratch-memory.ts'
import { sortedFile } from '../../../store/archive/write/sorted-file.ts'
import { SourceFiles } from '../../../store/archive/read-back/source-files.ts'
import { scratchFolder } from '../../processes.ts'
import { seeded } from '../../random.ts'
import { t0 } from './archived.ts'
import { connectionOf } from './duckdb.ts'

const rows = 24_000
/** Gives four row groups. */
const four: GroupBounds = { usual: rows / 4, most: rows }
const one: GroupBounds = { usual: rows, most: rows }

/**
 * Columns of every kind: random, repeating, constant, with few values, with both kinds of
 * addresses, beyond 32 bits and below 0.
 */
function someFlows(seed: number): FlowColumns {
  const random = seeded(seed)
  const upTo = (most: number) => Math.floor(random() * most)
  const flows = createFlowColumns(rows)
  flows.count = rows
  for (let i = 0; i < rows; i++) {
    const at = 2 * i
    flows.collectionTimeMilliseconds[i] = t0 + upTo(300_000)
    flows.flowStartMilliseconds[i] = t0 - upTo(1 + (i % 3) * 100_000)
    flows.flowEndMilliseconds[i] = flows.flowStartMilliseconds[i]! - 20 + upTo(5000)
    flows.exporterAddressLow.set([1, 0xffff], at)
    const isIPv6 = i % 7 === 0
    flows.sourceAddressHigh.set(isIPv6 ? [upTo(3), 0xfe80_0000] : [0, 0], at)
    flows.sourceAddressLow.set(isIPv6 ? [upTo(2 ** 32), upTo(2 ** 32)] : [upTo(300), 0xffff], at)
    flows.destinationAddressHigh.set([upTo(2 ** 32), 0x2001_0db8], at)
    flows.destinationAddressLow.set([upTo(2 ** 32), upTo(2 ** 32)], at)
    flows.nextHopAddressLow.set([i < rows / 2 ? 0 : 0x0a00_0001, 0xffff], at)
    flows.sourceTransportPort[i] = i % 2 === 0 ? 443 : 1024 + upTo(60_000)
    flows.destinationTransportPort[i] = i % 2 === 0 ? 1024 + upTo(60_000) : [53, 80, 443][i % 3]!
    flows.protocolIdentifier[i] = i % 3 === 0 ? 17 : 6
    flows.packetDeltaCount[i] = Math.ceil(1 / (1 - random()))
    flows.octetDeltaCount[i] = i % 500 === 0 ? Number.MAX_SAFE_INTEGER - i : upTo(2 ** (i % 40))
    flows.samplingInterval[i] = i % 1000 === 0 ? 2 ** 32 - 1 : 1
    flows.tcpControlBits[i] = [2, 16, 18, 27][upTo(4)]!
    if (i % 3 === 0) flows.bgpSourceAsNumber[i] = 64_496 + upTo(8)
    else flows.bgpDestinationAsNumber[i] = 4_200_000_000 + upTo(8)
    flows.sourceMacAddress[i] = upTo(2 ** 48)
    flows.applicationId[i] = upTo(3) * 2 ** 24 + 443
  }
  return flows
}

async function rowsOf<Row>(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  return (await connection.runAndReadAll(sql)).getRowObjects() as Row[]
}

/** A file of unsorted flows, from a seed, and the name for the sorted one. */
async function unsorted(t: TestContext, flowSeed: number) {
  const folder = await scratchFolder()
  const [from, to] = [join(folder, 'from.parquet'), join(folder, 'to.parquet')]
  const block = blockOf(someFlows(flowSeed))
  await writeFile(from, Buffer.concat(parquetFile([{ block, from: 0, to: rows }])))
  return { connection: await connectionOf(t), from, to }
}

/** Sorts the flows of files into another. */
async function sort(
  paths: readonly string[],
  { to, bounds, texts = {} }: { to: string; bounds: GroupBounds; texts?: Record<string, string> },
): Promise<void> {
  const engine = await FileEngine.open()
  const source = await SourceFiles.open({
    paths,
    engine: () => Promise.resolve(engine),
    goesOn: () => {},
  })
  const pieces = await sortedFile(source, {
    forms: new ColumnForms(),
    scratch: new ScratchMemory(),
    texts,
    bounds,
  })
  source.close()
  engine.close()
  await writeFile(to, Buffer.concat(pieces))
}

/** The order within a row group, in SQL. */
const orderSql = `"bgpSourceAsNumber", "bgpDestinationAsNumber", "sourceTransportPort" < "destinationTransportPort", least("sourceTransportPort", "destinationTransportPort"),
  "tcpControlBits", "packetDeltaCount", "flowStartMilliseconds"`

/**
 * How many rows of a sorted file are in another place than in SQL, over four parts of the time;
 * ties are in reading order.
 */
async function misplaced(connection: DuckDBConnection, from: readonly string[], to: string) {
  const list = from.map((path) => `'${path}'`).join(', ')
  const ms = 'epoch_ms("collectionTimeMilliseconds")'
  const [found] = await rowsOf<{ rows: number }>(
    connection,
    `WITH source AS (SELECT *, (${ms} - min(${ms}) OVER ()) * 4 // (max(${ms}) OVER () + 1 - min(${ms}) OVER ()) AS part,
         list_position([${list}], filename) AS file FROM read_parquet([${list}], file_row_number = true, filename = true)),
       wanted AS (SELECT * EXCLUDE (part, file, filename, file_row_number), row_number() OVER (ORDER BY part, ${orderSql}, file, file_row_number) - 1 AS place FROM source),
       given AS (SELECT * EXCLUDE (file_row_number), file_row_number AS place FROM read_parquet('${to}', file_row_number = true))
     SELECT count(*)::INTEGER AS rows FROM (FROM wanted EXCEPT ALL FROM given)`,
  )
  return found!.rows
}

test('a sorted file has the same rows, in row groups ordered by time', async (t) => {
  const { connection, from, to } = await unsorted(t, 7)
  await sort([from], { to, bounds: four, texts: { weirHosts: '{"ä":1}' } })

  assert.equal(await misplaced(connection, [from], to), 0)
  const types = (file: string) =>
    rowsOf(connection, `SELECT name, type, repetition_type, converted_type, logical_type FROM parquet_schema('${file}')`) // prettier-ignore
  assert.deepEqual(await types(to), await types(from))
  assert.deepEqual(
    await rowsOf(connection, `SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata('${to}')`), // prettier-ignore
    [{ key: 'weirHosts', value: '{"ä":1}' }],
  )
  // Each row group covers a quarter of the time, and is sorted.
  const groups = await rowsOf<{ rows: bigint }>(
    connection,
    `SELECT row_group_num_rows AS rows FROM parquet_metadata('${to}') WHERE column_id = 0 ORDER BY row_group_id`,
  )
  assert.equal(groups.length, 4)
})

test('files of Weir and of others are sorted together, including columns constant within each', async (t) => {
  const { connection, from, to } = await unsorted(t, 3)
  const folder = dirname(from)
  const [sorted, others, halves] = ['sorted', 'others', 'halves'].map((name) => join(folder, name))
  await sort([from], { to: sorted!, bounds: four })
  await connection.run(`COPY (FROM '${from}' LIMIT 5000) TO '${others}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`) // prettier-ignore
  const block = blockOf(someFlows(4))
  await writeFile(halves!, Buffer.concat(parquetFile([{ block, from: rows / 2, to: rows }])))
  const paths = [halves!, sorted!, others!, from]
  await sort(paths, { to, bounds: { usual: (2.5 * rows + 5000) / 4, most: 4 * rows } })
  assert.equal(await misplaced(connection, paths, to), 0)
})

test('sorting can be aborted between two files', async (t) => {
  const { from } = await unsorted(t, 3)
  let files = 0
  const goesOn = () => {
    if (++files > 2) throw new Error('given up')
  }
  const engine = await FileEngine.open()
  const source = await SourceFiles.open({
    paths: [from],
    engine: () => Promise.resolve(engine),
    goesOn,
  })
  t.after(() => {
    source.close()
    engine.close()
  })
  await assert.rejects(
    sortedFile(source, { forms: new ColumnForms(), scratch: new ScratchMemory(), texts: {} }),
    /given up/,
  )
})

test('a part of the time with too many rows is divided into several row groups', async (t) => {
  const { connection, from, to } = await unsorted(t, 5)
  const groupRows = Math.ceil(rows / 3)
  await sort([from], { to, bounds: { usual: rows, most: groupRows } })
  const groups = await rowsOf<{ rows: bigint }>(
    connection,
    `SELECT row_group_num_rows AS rows FROM parquet_metadata('${to}') WHERE column_id = 0`,
  )
  assert.ok(groups.length > 1)
  assert.equal(
    groups.reduce((sum, each) => sum + Number(each.rows), 0),
    rows,
  )
  for (const each of groups) assert.ok(Number(each.rows) <= groupRows)
  const [lost] = await rowsOf<{ rows: number }>(
    connection,
    `SELECT count(*)::INTEGER AS rows FROM (FROM '${from}' EXCEPT ALL FROM '${to}')`,
  )
  assert.equal(lost!.rows, 0)
})

test('row groups of a sorted file have the minimum and maximum of each column', async (t) => {
  const { connection, from, to } = await unsorted(t, 11)
  await sort([from], { to, bounds: one })
  const statistics = await rowsOf<{ name: string; least: string; most: string; nulls: bigint }>(
    connection,
    `SELECT path_in_schema AS name, stats_min_value AS least, stats_max_value AS most, stats_null_count AS nulls FROM parquet_metadata('${to}')`,
  )
  const names = statistics.map(({ name }) => name)
  assert.equal(names.length, new Set(names).size, 'one row group')
  const select = names.map((name) => `min("${name}")::VARCHAR || ' ' || max("${name}")::VARCHAR AS "${name}"`) // prettier-ignore
  const [real] = await rowsOf<Record<string, string>>(connection, `SELECT ${select.join(', ')} FROM '${to}'`) // prettier-ignore
  for (const { name, least, most, nulls } of statistics) {
    assert.equal(`${least} ${most}`, real![name], name)
    assert.equal(nulls, 0n)
  }
  // Every encoding of a column is among them.
  const encodings = await rowsOf<{ encodings: string }>(connection, `SELECT DISTINCT encodings FROM parquet_metadata('${to}') WHERE num_values > 0`) // prettier-ignore
  const found = encodings.map((each) => each.encodings).join()
  for (const each of ['DELTA_BINARY_PACKED', 'RLE_DICTIONARY', 'PLAIN'])
    assert.ok(found.includes(each), `${each} in ${found}`)
})

test('columns continue in the forms that another thread found best', () => {
  const random = seeded(3)
  const count = 4096
  const column = (valueOf: (row: number) => number) => ({ words: Int32Array.from({ length: count }, (_, row) => valueOf(row)), isWide: false, rows: count }) // prettier-ignore
  const anything = column(() => random() * 2 ** 32 - 2 ** 31)
  const ascending = column((row) => row * 1000 + Math.floor(random() * 900))
  const forms = new ColumnForms()
  const { encodings } = forms.chunk('octetDeltaCount', anything)
  const later = new ColumnForms(structuredClone(forms.judged))
  assert.deepEqual(later.chunk('octetDeltaCount', ascending).encodings, encodings)
  assert.notDeepEqual(later.chunk('packetDeltaCount', ascending).encodings, encodings)
})

test('a dictionary has each value once, and indices of any width come back', () => {
  for (const count of [2, 3, 200, 257, 5000]) {
    const random = seeded(count)
    const words = Int32Array.from({ length: 2 * 9001 }, (_, i) => i % 2 === 0 ? Math.floor(random() * count) - 2 : -7) // prettier-ignore
    const column = { words, isWide: true, rows: 9001 }
    const dictionary = dictionaryOf(column, 6000)!
    const values = Array.from(dictionary.firsts, (row) => words[2 * row]!)
    assert.equal(new Set(values).size, dictionary.count)
    dictionary.places.forEach((place, row) => assert.equal(values[place], words[2 * row]))
    const inOrder = Array.from(ordered({ ...dictionary, places: dictionary.places.slice() }, column).firsts, (row) => words[2 * row]!) // prettier-ignore
    assert.deepEqual(
      inOrder,
      values.toSorted((a, b) => (a >>> 0) - (b >>> 0)),
    )
    const frequent = ordered({ ...dictionary, places: dictionary.places.slice() }, column, { byFrequency: true }) // prettier-ignore
    const times = Array.from(frequent.firsts, () => 0)
    frequent.places.forEach((place, row) => {
      assert.equal(words[2 * frequent.firsts[place]!], words[2 * row])
      times[place]! += 1
    })
    const mostFirst = times.toSorted((a, b) => b - a)
    assert.deepEqual(times, mostFirst)
    const width = indexWidth(dictionary.count)
    const bytes = packedIndices(dictionary.places, width)
    assert.equal(bytes[0], width)
    let at = 1
    let header = 0
    for (let shift = 0; ; shift += 7) {
      header |= (bytes[at]! & 0x7f) << shift
      if (bytes[at++]! < 0x80) break
    }
    assert.equal(header, 2 * Math.ceil(9001 / 8) + 1)
    assert.equal(bytes.length, at + Math.ceil(9001 / 8) * width)
    dictionary.places.forEach((place, row) => {
      let read = 0
      for (let bit = 0; bit < width; bit++) {
        const n = row * width + bit
        read |= ((bytes[at + (n >> 3)]! >> (n & 7)) & 1) << bit
      }
      assert.equal(read, place)
    })
    assert.equal(dictionaryOf(column, dictionary.count - 1), null)
  }
})
