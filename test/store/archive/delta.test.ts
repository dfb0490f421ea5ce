import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'

import { columnNames, createFlowColumns } from '../../../flow/columns.ts'
import { blockOf } from '../../../store/archive/columns.ts'
import { deltaPacked } from '../../../store/archive/format/delta.ts'
import { parquetFile } from '../../../store/archive/format/parquet-file.ts'
import { scratchFolder } from '../../processes.ts'

/** The simplest reader of Parquet's DELTA_BINARY_PACKED (Encodings.md), bit by bit. */
function unpacked(bytes: Buffer): bigint[] {
  let at = 0
  const varint = () => {
    let [value, shift] = [0n, 0n]
    for (;;) {
      const byte = bytes[at++]!
      value |= BigInt(byte & 0x7f) << shift
      shift += 7n
      if (byte < 0x80) return value
    }
  }
  const signed = () => {
    const value = varint()
    return (value >> 1n) ^ -(value & 1n)
  }
  const [blockValues, parts, count] = [Number(varint()), Number(varint()), Number(varint())]
  const partValues = blockValues / parts
  assert.equal(blockValues % 128, 0)
  assert.equal(partValues % 32, 0)
  let last = signed()
  const values = count > 0 ? [last] : []
  while (values.length < count) {
    const least = signed()
    const widths = bytes.subarray(at, at + parts)
    at += parts
    for (const width of widths) {
      if (values.length >= count) break
      for (let i = 0; i < partValues; i++) {
        let offset = 0n
        for (let bit = 0; bit < width; bit++) {
          const place = at * 8 + i * width + bit
          if (((bytes[place >> 3]! >> (place & 7)) & 1) === 1) offset |= 1n << BigInt(bit)
        }
        last = BigInt.asIntN(64, last + least + offset)
        if (values.length < count) values.push(last)
      }
      at += (partValues * width) / 8
    }
  }
  assert.equal(at, bytes.length)
  return values
}

/** Numbers of all widths: a few bits, a word, some beyond it, including negative ones. */
const numbers = fc
  .tuple(fc.integer({ min: 0, max: 49 }), fc.integer({ min: 1, max: 1100 }), fc.boolean())
  .chain(([bits, length, isSigned]) => {
    const most = 2 ** bits - 1
    const value = fc.maxSafeInteger().map((each) => Math.abs(each) % (most + 1))
    const shifted = value.map((each) => (isSigned ? each - Math.floor(most / 2) : each))
    return fc.array(shifted, { minLength: length, maxLength: length })
  })

const bases = fc.constantFrom(0n, 0xffffn << 32n, -1n << 32n)

test('delta-packed numbers come back unchanged, with their base', () => {
  fc.assert(
    fc.property(numbers, bases, fc.constantFrom(32, 64, 128), (values, base, partValues) => {
      const packed = deltaPacked(Float64Array.from(values), values.length, { base, partValues })
      assert.deepEqual(unpacked(packed), values.map((each) => base + BigInt(each))) // prettier-ignore
    }),
    { numRuns: 60 },
  )
})

test('DuckDB reads the same from columns of every width, and from addresses of both kinds', async () => {
  const rows = 3000
  const flows = createFlowColumns(rows)
  flows.count = rows
  for (let i = 0; i < rows; i++) {
    flows.flowStartMilliseconds[i] = 1_790_000_000_000 + ((i * 7919) % 300_000)
    flows.flowEndMilliseconds[i] = flows.flowStartMilliseconds[i]! - 50 + ((i * 31) % 977)
    flows.octetDeltaCount[i] = i % 100 === 0 ? Number.MAX_SAFE_INTEGER - i : i
    flows.packetDeltaCount[i] = 2 ** ((i % 50) * 0.98)
    flows.sourceTransportPort[i] = (i * 40_503) % 65_536
    flows.sourceAddressLow.set([Math.imul(i, 0x9e3779b1) >>> 0, 0xffff], 2 * i)
    flows.destinationAddressHigh.set([i, Math.imul(i, 0x85ebca6b) >>> 0], 2 * i)
    flows.postNATSourceAddressLow.set([i, 0xffffffff], 2 * i)
  }
  const file = join(await scratchFolder(), 'flows.parquet')
  await writeFile(file, Buffer.concat(parquetFile([{ block: blockOf(flows), from: 0, to: rows }])))
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const reader = await connection.runAndReadAll(
    `SELECT epoch_ms("flowStartMilliseconds") AS start, "flowDurationMilliseconds" AS lasted,
      "octetDeltaCount" AS octets, "packetDeltaCount" AS packets, "sourceTransportPort" AS port,
      "sourceAddressLow" AS low, "destinationAddressHigh" AS high, "postNATSourceAddressLow" AS nat
    FROM read_parquet('${file}')`,
  )
  const half = (words: Uint32Array, i: number) =>
    BigInt.asIntN(64, (BigInt(words[2 * i + 1]!) << 32n) | BigInt(words[2 * i]!))
  const expected = Array.from({ length: rows }, (_, i) => ({
    start: BigInt(flows.flowStartMilliseconds[i]!),
    lasted: BigInt(flows.flowEndMilliseconds[i]! - flows.flowStartMilliseconds[i]!),
    octets: BigInt(flows.octetDeltaCount[i]!),
    packets: BigInt(Math.round(flows.packetDeltaCount[i]!)),
    port: flows.sourceTransportPort[i]!,
    low: half(flows.sourceAddressLow, i),
    high: half(flows.destinationAddressHigh, i),
    nat: half(flows.postNATSourceAddressLow, i),
  }))
  assert.deepEqual(reader.getRowObjects(), expected)
  const metadata = await connection.runAndReadAll(
    `SELECT path_in_schema AS name, encodings, compression FROM parquet_metadata('${file}')`,
  )
  const forms = new Map(metadata.getRowObjects().map((row) => [row['name'], `${String(row['encodings'])} ${String(row['compression'])}`])) // prettier-ignore
  assert.equal(forms.size, columnNames.length)
  assert.match(forms.get('sourceAddressLow')!, /DELTA_BINARY_PACKED.* UNCOMPRESSED/)
  assert.match(forms.get('octetDeltaCount')!, /PLAIN.* ZSTD/)
  assert.match(forms.get('destinationAddressHigh')!, /PLAIN.* ZSTD/)
  connection.closeSync()
})
