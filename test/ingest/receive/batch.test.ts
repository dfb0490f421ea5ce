import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import {
  BatchWriter,
  forEachDatagram,
  type BatchedDatagram,
} from '../../../ingest/receive/batch.ts'
import { SourceTexts } from '../../../ingest/receive/source-texts.ts'
import { formatAddress } from '../../../flow/address.ts'

const word = fc.integer({ min: 0, max: 0xffff_ffff })
const source = fc.oneof(
  fc.tuple(word, word, word, word),
  word.map((w3): [number, number, number, number] => [0, 0, 0xffff, w3]),
)
const datagram = fc.record(
  {
    payload: fc.uint8Array({ maxLength: 200 }),
    source,
    sourcePort: fc.integer({ min: 0, max: 65_535 }),
    receivedMs: fc.double({ min: 0, max: 2e12, noNaN: true, noDefaultInfinity: true }),
  },
  { noNullPrototype: true },
)

test('what goes into a batch comes out in order, as far as it fits', () => {
  fc.assert(
    fc.property(fc.array(datagram, { maxLength: 20 }), fc.nat(2000), (datagrams, size) => {
      const writer = new BatchWriter(new ArrayBuffer(size))
      const taken = datagrams.filter((each) => writer.append(each))
      const read: BatchedDatagram[] = []
      forEachDatagram(
        { buffer: writer.buffer, used: writer.used },
        ({ view, offset, length, source: words, sourcePort, receivedMs }) => {
          const payload = new Uint8Array(view.buffer as ArrayBuffer, offset, length).slice()
          read.push({ payload, source: [...words], sourcePort, receivedMs })
        },
      )
      assert.deepEqual(read, taken)
    }),
  )
})

test('a source always gets the same text', () => {
  fc.assert(
    fc.property(fc.array(source), (sources) => {
      const texts = new SourceTexts()
      for (const words of sources) assert.equal(texts.of(words), formatAddress(...words))
    }),
  )
})
