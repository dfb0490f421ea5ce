import assert from 'node:assert/strict'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { parseAddress } from '../../../flow/address.ts'
import { forEachDatagram, type DatagramInBatch } from '../../../ingest/receive/batch.ts'
import { readSegment, StretchReader } from '../../../ingest/receive/journal-read.ts'
import { segmentName, segments } from '../../../ingest/receive/journal-files.ts'
import { Journal } from '../../../ingest/receive/journal.ts'
import { Outbox } from '../../../ingest/receive/outbox.ts'
import type { Parcel } from '../../../ingest/receive/thread.ts'
import { scratchFolder } from '../../processes.ts'

const payloadBytes = 1400
const batch = 512 << 10
/** Enough to fill a batch or a stretch. */
const batchDatagrams = Math.ceil(batch / payloadBytes)
const sources = ['10.0.0.1', '2001:db8::7', '192.0.2.9'].map((text) => parseAddress(text)!)
const destination = parseAddress('10.0.0.5')!
const receivedMs = 1_794_819_600_123

/** A datagram identified by its contents. */
function datagramOf(number: number) {
  const payload = new Uint8Array(payloadBytes).fill(number & 255)
  new DataView(payload.buffer).setUint32(0, number)
  const source = sources[number % sources.length]!
  const sourcePort = 1024 + (number % 60_000)
  return { payload, source, sourcePort, destination, destinationPort: 2055, receivedMs: receivedMs + number } // prettier-ignore
}

/** The decoding thread, which takes parcels on demand. */
class Decoding {
  readonly journal: Journal
  readonly outbox: Outbox
  readonly numbers: number[] = []
  readonly segmentsBegun: number[] = []
  readonly kinds: Parcel['kind'][] = []
  last: Parcel | null = null
  readonly #parcels: Parcel[] = []
  readonly #buffers: (ArrayBuffer | SharedArrayBuffer)[] = []
  readonly #stretches: StretchReader

  constructor(folder: string, journal: Journal, limits?: { batches: number; bytes: number }) {
    this.journal = journal
    const send = (parcel: Parcel) => void this.#parcels.push(parcel)
    this.outbox = new Outbox({ journal, send, ...(limits && { limits }) })
    this.#stretches = new StretchReader(folder)
  }

  static async open(
    t: TestContext,
    limits?: { batches: number; bytes: number },
  ): Promise<Decoding & { folder: string }> {
    const folder = await scratchFolder()
    const decoding = new Decoding(folder, await Journal.open(folder), limits)
    t.after(() => decoding.journal.close())
    return Object.assign(decoding, { folder })
  }

  receive(from: number, to: number): void {
    for (let number = from; number < to; number++) this.outbox.take(datagramOf(number))
  }

  /** Takes the oldest parcel; false if there is none. */
  takeOne(): boolean {
    const parcel = this.#parcels.shift()
    if (!parcel) return false
    this.last = parcel
    this.kinds.push(parcel.kind)
    if (parcel.startsSegment) this.segmentsBegun.push(parcel.position.segment)
    const lost = parcel.datagrams - this.#read(parcel)
    const number = parcel.kind === 'batch' ? parcel.number : null
    this.outbox.taken({ number, datagrams: parcel.datagrams, lost })
    return true
  }

  takeAll(): void {
    while (this.takeOne()) continue
  }

  #read(parcel: Parcel): number {
    let count = 0
    const visit = ({ view, offset, length, source, sourcePort, receivedMs }: DatagramInBatch) => {
      const number = view.getUint32(offset)
      const payload = new Uint8Array(view.buffer as ArrayBuffer, offset, length)
      const { destination: _, destinationPort: __, ...sent } = datagramOf(number)
      assert.deepEqual({ payload, source: [...source], sourcePort, receivedMs }, sent)
      this.numbers.push(number)
      count++
    }
    if (parcel.kind === 'stretch')
      return this.#stretches.forEach(parcel.from, parcel.position, visit)
    if (parcel.buffer && parcel.number !== null) this.#buffers[parcel.number] = parcel.buffer
    const buffer = parcel.buffer ?? this.#buffers[parcel.number!]!
    forEachDatagram({ buffer, used: parcel.used }, visit)
    return count
  }
}

const noCut = (bytes: number) => assert.fail(`${bytes} bytes were cut off`)
const upTo = (count: number) => Array.from({ length: count }, (_, number) => number)

test('what decoding cannot keep up with waits in the journal, and comes in order, each once', async (t) => {
  const decoding = await Decoding.open(t, { batches: 4, bytes: 2 ** 30 })
  const { outbox, numbers, kinds, segmentsBegun } = decoding
  outbox.handOver()
  decoding.receive(0, 9 * batchDatagrams)
  outbox.startSegment()
  decoding.receive(9 * batchDatagrams, 12 * batchDatagrams)
  assert.equal(numbers.length, 0)
  outbox.handOver()
  assert.equal(outbox.waiting, 12 * batchDatagrams)
  for (let at = 12 * batchDatagrams; at < 20 * batchDatagrams; at += 100) {
    decoding.receive(at, Math.min(at + 100, 20 * batchDatagrams))
    decoding.takeOne()
  }
  outbox.handOver()
  decoding.takeAll()
  assert.ok(kinds.includes('stretch'))
  const last = 20 * batchDatagrams
  decoding.receive(last, last + 10)
  outbox.handOver()
  decoding.takeAll()
  assert.deepEqual(numbers, upTo(last + 10))
  assert.equal(kinds.at(-1), 'batch', 'once nothing waits, memory serves again')
  assert.deepEqual(segmentsBegun, [1, 2])
  assert.deepEqual([decoding.last?.waiting, outbox.waiting], [0, 0])
  assert.deepEqual(decoding.last?.position, decoding.journal.position)
  assert.equal(outbox.overflowed, 0)
})

test('the backlog is limited: what exceeds it is counted as dropped, and not journalled', async (t) => {
  const decoding = await Decoding.open(t, { batches: 4, bytes: 3 * batch })
  const { outbox, numbers, journal } = decoding
  const sent = 30 * batchDatagrams
  decoding.receive(0, sent)
  assert.ok(outbox.overflowed > 0)
  assert.equal(journal.counters.datagrams, sent - outbox.overflowed)
  outbox.handOver()
  decoding.takeAll()
  assert.deepEqual(numbers, upTo(sent - outbox.overflowed))
  const { overflowed } = outbox
  decoding.receive(sent, sent + 10)
  outbox.handOver()
  decoding.takeAll()
  assert.equal(outbox.overflowed, overflowed, 'what comes later is taken')
  assert.equal(numbers.at(-1), sent + 9)
})

test('the backlog is limited by the free space on disk', async (t) => {
  const decoding = await Decoding.open(t, { batches: 4, bytes: 2 ** 30 })
  const { outbox, numbers } = decoding
  outbox.boundBy(6 * batch)
  decoding.receive(0, 30 * batchDatagrams)
  const { overflowed } = outbox
  // Four batches in memory and three in the journal, which is half of the space there was.
  assert.ok(overflowed >= 22 * batchDatagrams && overflowed < 24 * batchDatagrams, `${overflowed}`)
  outbox.boundBy(2 ** 30)
  decoding.receive(30 * batchDatagrams, 40 * batchDatagrams)
  outbox.handOver()
  decoding.takeAll()
  assert.equal(outbox.overflowed, overflowed)
  assert.equal(numbers.length, 40 * batchDatagrams - overflowed)
})

test('what waits in a file that is gone is counted as dropped', async (t) => {
  const decoding = await Decoding.open(t, { batches: 4, bytes: 2 ** 30 })
  const { outbox, numbers, folder } = decoding
  const sent = 12 * batchDatagrams
  decoding.receive(0, sent)
  outbox.handOver()
  await rename(join(folder, segmentName(1)), join(folder, 'elsewhere'))
  decoding.takeAll()
  assert.ok(outbox.overflowed > 0)
  assert.equal(numbers.length + outbox.overflowed, sent)
})

test('a stop hands over what is in memory; the rest is replayed from where that ends', async (t) => {
  const decoding = await Decoding.open(t, { batches: 4, bytes: 2 ** 30 })
  const { outbox, numbers, folder, journal } = decoding
  const sent = 12 * batchDatagrams
  decoding.receive(0, sent)
  outbox.end()
  decoding.takeAll()
  await journal.close()
  assert.ok(numbers.length > 0 && numbers.length < sent)
  assert.ok(decoding.last!.waiting > 0, 'it is known that time stands still')
  const { position } = decoding.last!
  for (const segment of await segments(folder))
    for await (const { datagram, end } of readSegment(folder, segment, noCut)) {
      const isTaken =
        end.segment < position.segment ||
        (end.segment === position.segment && end.offset <= position.offset)
      if (!isTaken) numbers.push(new DataView(datagram.payload.slice().buffer).getUint32(0))
    }
  assert.deepEqual(numbers, upTo(sent))
})
