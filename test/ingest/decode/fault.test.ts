/**
 * A fault of the decoder itself, wherever it shows: nothing of the datagram is left, and what
 * follows is read as ever.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { DecodingFault } from '../../../ingest/decode/decoder.ts'
import { encodeV5, testExportMs } from '../../encode/fixed.ts'
import { subTemplateList } from '../../encode/lists.ts'
import { encodeIpfix, field } from '../../encode/sets.ts'
import { encodeSflow, headerRecord } from '../../encode/sflow.ts'
import { from, openDecoder, rowsOf } from './decoded.ts'

const end = testExportMs - 5000
const reversed = 29_305
const plain = { id: 300, fields: [field(8, 4), field(1, 4), field(2, 4), field(58, 2)] }
const counts = { id: 301, fields: [field(11, 2), field(1, 4), field(2, 4)] }
const list = { id: 302, fields: [field(8, 4), field(4, 1), field(153, 8), field(292, 65_535)] }
const biflow = { id: 303, fields: [field(6, 1, reversed), field(239, 1), field(8, 4), field(231, 4), field(298, 4), field(232, 4), field(299, 4)] } // prettier-ignore
const fewer = { id: 304, fields: biflow.fields.slice(2) }
const templates = encodeIpfix({ sets: [{ templates: [plain, counts, list, biflow, fewer] }] })
const plainSet = { data: plain, records: [['10.0.0.9', 60, 7, 80]] }
const listSet = { data: list, records: [['10.0.0.1', 6, end, subTemplateList(counts, [[443, 9000, 9], [53, 100, 1]])]] } // prettier-ignore
const biflowSet = { data: biflow, records: [[2, 1, '10.0.0.2', 70, 7, 80, 8]] }
const fewerSet = { data: fewer, records: [['10.0.0.3', 71, 7, 81, 8]] }
const frame = new Uint8Array([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 5, 0xdc, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 1, 0xbb]) // prettier-ignore
const faulty: Record<string, Uint8Array<ArrayBuffer>> = {
  'lists, after a set that was read': encodeIpfix({ sets: [plainSet, listSet] }),
  'both directions in one record': encodeIpfix({ sets: [biflowSet, plainSet] }),
  'NetFlow v5': encodeV5({}, [{}, {}]),
  sFlow: encodeSflow({
    samples: [{ rate: 8, input: 3, output: 4, records: [headerRecord(frame)] }],
  }),
}
const next = [
  ...[plainSet, fewerSet, listSet].map((set) => encodeIpfix({ sets: [set] })),
  encodeV5({}, [{}]),
]

/** What is decoded after `first`, at whose read number `failing` a fault shows. */
function decodedAfter(first: Uint8Array<ArrayBuffer> | null, failing: number) {
  const faults: DecodingFault[] = []
  const { decoder, flows } = openDecoder({ onFault: (fault) => faults.push(fault) })
  decoder.decode({ ...from, payload: templates })
  if (first !== null) {
    const [offset, { length }] = [first.byteOffset, first]
    decoder.decodePlaced({ ...from, offset, length, view: failingView(first.buffer, failing) })
  }
  for (const [i, payload] of next.entries())
    decoder.decode({ ...from, payload, sourcePort: i, receivedMs: from.receivedMs + i })
  const [exporter] = decoder.exporters()
  const { flows: counted, packets, bytes } = exporter!
  return { faults, exporter, rows: rowsOf(flows), counters: { counted, packets, bytes } }
}

/** A view whose read number `failing` fails. */
function failingView(buffer: ArrayBuffer, failing: number): DataView {
  let reads = 0
  return new Proxy(new DataView(buffer), {
    get(view, name) {
      const value: unknown = Reflect.get(view, name, view)
      if (typeof value !== 'function') return value
      return (...at: unknown[]) => {
        if (reads++ === failing) throw new RangeError('a fault')
        return Reflect.apply(value, view, at) as unknown
      }
    },
  })
}

for (const [name, datagram] of Object.entries(faulty))
  test(`a fault at any byte of a datagram: ${name}`, () => {
    const { rows, counters } = decodedAfter(null, -1)
    // The first two reads are of the version.
    let failing = 2
    for (; ; failing++) {
      const found = decodedAfter(datagram, failing)
      if (found.faults.length === 0) break
      const what = `read ${failing}`
      assert.deepEqual({ rows: found.rows, counters: found.counters }, { rows, counters }, what)
      assert.equal(found.exporter?.problems['not-decoded'], 1)
      assert.deepEqual(found.faults[0]?.datagram, datagram)
    }
    assert.ok(failing > 10, `${failing} reads`)
  })

test('a fault is thrown if nobody is told of it', () => {
  const { decoder } = openDecoder()
  const payload = faulty['NetFlow v5']!
  const view = failingView(payload.buffer, 20)
  assert.throws(
    () => decoder.decodePlaced({ ...from, view, offset: 0, length: payload.length }),
    /a fault/,
  )
})
