/** Flows as they are published: every value, complete or not at all, for any reader. */
import assert from 'node:assert/strict'
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'

import { columnNames, createFlowColumns, flowColumns } from '../../../flow/columns.ts'
import { intervalMs } from '../../../flow/interval.ts'
import { Archive } from '../../../store/archive/archive.ts'
import { scratchFolder } from '../../processes.ts'
import { columnsOf, t0, testFlow } from './archived.ts'
import { always, parquetFiles, readBack } from './read-back.ts'

test('values are published as they were when the publication began, whatever their owner does meanwhile', async () => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  const counted = { datagrams: 1 }
  archive.add(columnsOf([testFlow()]))
  const published = archive.publish({ journal: { segment: 1, offset: 24 }, set: { counted } })
  counted.datagrams++
  await published
  counted.datagrams++
  const held = archive.value('counted')
  await archive.close()
  const reopened = await Archive.open(folder)
  await reopened.close()
  assert.deepEqual([held, reopened.value('counted')], [{ datagrams: 1 }, { datagrams: 1 }])
})

test('every column comes back unchanged, whatever its values', async () => {
  const folder = await scratchFolder()
  const rows = 5000
  const flows = createFlowColumns(rows)
  const most = {
    u8: 2 ** 8 - 1,
    u16: 2 ** 16 - 1,
    u32: 2 ** 32 - 1,
    u64: 2 ** 32 - 1,
    f64: 2 ** 48,
  }
  const copies = columnNames.map((name) => {
    const { kind, archive } = flowColumns[name]
    const isTime = archive === 'TIMESTAMP_MS'
    const value = isTime
      ? fc.integer({ min: t0, max: t0 + 999 })
      : fc.nat(1).chain(() => fc.maxSafeNat())
    const values = fc
      .sample(value, flows[name].length)
      .map((each) => (isTime ? each : each % (most[kind] + 1)))
    flows[name].set(values)
    return flows[name].slice()
  })
  flows.samplingInterval.fill(1)
  copies[columnNames.indexOf('samplingInterval')] = flows.samplingInterval.slice()
  flows.count = rows
  // A column with the row's number identifies each flow.
  flows.octetDeltaCount.set(Array.from({ length: rows }, (_, i) => i))
  copies[columnNames.indexOf('octetDeltaCount')] = flows.octetDeltaCount.slice()

  const archive = await Archive.open(folder)
  archive.add(flows)
  for (const name of columnNames) flows[name].fill(7)
  await archive.publish({})
  let found = 0
  for await (const batch of archive.read(always.from, always.to))
    for (let i = 0; i < batch.count; i++) {
      const row = batch.octetDeltaCount[i]!
      columnNames.forEach((name, column) => {
        const width = flowColumns[name].kind === 'u64' ? 2 : 1
        for (let word = 0; word < width; word++)
          assert.equal(batch[name][i * width + word], copies[column]![row * width + word], name)
      })
      found++
    }
  assert.equal(found, rows)
  await archive.close()
})

test('a publication is one file per interval of receipt, named by it, as the manifest lists it', async () => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  archive.add(
    columnsOf([
      testFlow({
        first: t0 - 9000,
        last: t0 + 4000,
        received: t0 + 5000,
        octets: 10,
        sampling: 100,
      }),
      testFlow({ first: t0 + 9000, last: t0 + 8000, received: t0 + 9000, octets: 5, packets: 1 }),
      testFlow({ first: t0 + 1, last: t0 + 2, received: t0 + intervalMs, octets: 7 }),
    ]),
  )
  const published = await archive.publish({
    journal: { segment: 3, offset: 24 },
    redo: [t0, t0 - intervalMs],
    set: { name: 'value' },
  })
  assert.deepEqual(archive.entries(), published)
  const [first, second] = published
  assert.match(
    first!.file,
    /^2026\/2026-11\/2026-11-16\/flows-20261116T113000Z-[0-9a-f]{8}\.parquet$/,
  )
  const { file, bytes, ...said } = first!
  assert.deepEqual(said, {
    interval: t0,
    rows: 2,
    octets: 1005,
    packets: 1001,
    receivedFrom: t0 + 5000,
    receivedTo: t0 + 9000,
    firstMin: t0 - 9000,
    lastMax: t0 + 9000,
    isChunk: true,
  })
  const { size, mode } = await stat(join(folder, file))
  assert.equal(bytes, size)
  assert.equal(mode & 0o777, 0o600)
  assert.equal((await stat(join(folder, '2026', '2026-11'))).mode & 0o777, 0o700)
  assert.equal(second!.interval, t0 + intervalMs)
  await archive.close()

  const again = await Archive.open(folder)
  assert.deepEqual(again.position(), { segment: 3, offset: 24 })
  assert.deepEqual(again.redo(), [t0, t0 - intervalMs])
  assert.equal(again.value('name'), 'value')
  await again.clearRedo([t0])
  assert.deepEqual(again.redo(), [t0 - intervalMs])
  assert.deepEqual(await readBack(again), [[-9000, 10], [1, 7], [9000, 5]]) // prettier-ignore
  assert.deepEqual(await readBack(again, { from: t0 + 5, to: t0 + 9000 }), [[-9000, 10]])
  await again.close()
})

test('staged flows are absent before publication, and complete after it', async () => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  for (const octets of [1, 2, 3]) {
    archive.add(columnsOf([testFlow({ octets })]))
    await archive.stage()
  }
  assert.equal(archive.entries().length, 0)
  assert.equal((await parquetFiles(folder)).length, 3)
  await archive.publish({})
  assert.deepEqual(await readBack(archive), [[0, 1], [0, 2], [0, 3]]) // prettier-ignore
  await archive.close()
})

test('counts whose scaled sums are not exact as doubles are published and merged all the same', async (t) => {
  const archive = await Archive.open(await scratchFolder())
  t.after(() => archive.close())
  const huge = testFlow({ octets: 2 ** 53 - 1, sampling: 4_294_967_295 })
  archive.add(columnsOf([huge, huge, testFlow({ octets: 1 })]))
  await archive.publish({})
  archive.add(columnsOf([huge]))
  await archive.publish({})
  await archive.merge(Number.POSITIVE_INFINITY)
  assert.deepEqual(
    archive.entries().map(({ rows, isChunk }) => ({ rows, isChunk })),
    [{ rows: 4, isChunk: false }],
  )
})

test('rows wait while the disk refuses them, and are published once it accepts them', async () => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  archive.add(columnsOf([testFlow({ octets: 1 })]))
  await rm(join(folder, 'staging'), { recursive: true })
  await writeFile(join(folder, 'staging'), 'in the way')
  await assert.rejects(
    archive.publish({ journal: { segment: 1, offset: 1 } }),
    /archive: .*staging/s,
  )
  archive.add(columnsOf([testFlow({ octets: 2 })]))
  await assert.rejects(archive.publish({}), /archive: /)
  assert.equal(archive.position(), null)
  assert.deepEqual(await parquetFiles(folder), [])

  await rm(join(folder, 'staging'))
  await mkdir(join(folder, 'staging'))
  await archive.publish({ journal: { segment: 1, offset: 2 } })
  assert.deepEqual(await readBack(archive), [[0, 1], [0, 2]]) // prettier-ignore
  await archive.close()
})

for (const [what, publications] of [
  ['as published', 1],
  ['merged', 2],
] as const)
  // prettier-ignore
  test(`any reader of Parquet finds the columns under their IPFIX names and with plain types, ${what}`, async () => {
    const folder = await scratchFolder()
    const archive = await Archive.open(folder)
    for (let i = 0; i < publications; i++) {
      archive.add(columnsOf([testFlow({})]))
      await archive.publish({})
    }
    await archive.merge(Number.POSITIVE_INFINITY)
    const [entry] = archive.entries()
    assert.equal(entry!.rows, publications)
    await archive.close()
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    const reader = await connection.runAndReadAll(
      `SELECT name, type, coalesce(converted_type, '') FROM parquet_schema($1) WHERE type IS NOT NULL`,
      [join(folder, entry!.file)],
    )
    const physical = { TIMESTAMP_MS: 'INT64', BIGINT: 'INT64', INTEGER: 'INT32', SMALLINT: 'INT32' }
    const expected = columnNames.map((name) => {
      if (name === 'flowEndMilliseconds') return ['flowDurationMilliseconds', 'INT64', 'INT_64']
      const { archive: type } = flowColumns[name]
      const converted = { TIMESTAMP_MS: 'TIMESTAMP_MILLIS', BIGINT: 'INT_64', INTEGER: 'INT_32', SMALLINT: 'INT_16' }
      return [name, physical[type], converted[type]]
    })
    assert.deepEqual(reader.getRows(), expected)
    connection.closeSync()
    instance.closeSync()
  })
