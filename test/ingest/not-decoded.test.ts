/** A fault of the decoder costs the datagram at which it shows, and neither others nor ingest. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import { CoverageTracker } from '../../ingest/coverage/coverage.ts'
import type { DecodingFault } from '../../ingest/decode/decoder.ts'
import { Pipeline } from '../../ingest/pipeline.ts'
import { Archive } from '../../store/archive/archive.ts'
import { encodeIpfix, field } from '../encode/sets.ts'
import { scratchFolder } from '../processes.ts'
import { t0 } from '../store/archive/archived.ts'
import { archiveSums } from '../stored.ts'

const source = '192.0.2.1'
const flow = { id: 256, fields: [field(8, 4), field(12, 4), field(1, 4), field(2, 4)] }
const shorter = { id: 256, fields: [field(8, 4), field(1, 4)] }
const record = [0xcb007101, 0x0a000016, 1000, 10]

test('a datagram at which decoding fails is left out and told, the next ones count', async (t) => {
  const data = await scratchFolder()
  const archive = await Archive.open(join(data, 'archive'))
  t.after(() => archive.close())
  const faults: DecodingFault[] = []
  const pipeline = new Pipeline({
    archive,
    coverage: new CoverageTracker(t0),
    // No datagram is known at which the decoder fails: this stands for one.
    onTemplateChange: () => {
      throw new RangeError('Maximum call stack size exceeded')
    },
    onFault: (fault) => faults.push(fault),
  })
  const data1 = { data: flow, records: [record] }
  const payloads = [
    encodeIpfix({ exportMs: t0, sequence: 0, sets: [{ templates: [flow] }, data1] }),
    encodeIpfix({ exportMs: t0, sequence: 1, sets: [data1, { templates: [shorter] }, data1] }),
    encodeIpfix({ exportMs: t0, sequence: 3, sets: [{ templates: [flow] }] }),
    encodeIpfix({ exportMs: t0, sequence: 3, sets: [data1] }),
  ]
  const failing = [payloads[1]!, payloads[2]!]
  for (const [i, payload] of payloads.entries()) {
    const receivedMs = t0 + i
    const view = new DataView(payload.buffer)
    const [offset, length] = [payload.byteOffset, payload.length]
    // As received, and as read from the journal again.
    if (i % 2 === 0) pipeline.take({ payload, source, sourcePort: 2055, receivedMs })
    else pipeline.takePlaced({ view, offset, length, source: [0, 0, 0xffff, 0xc0000201], sourcePort: 2055, receivedMs }) // prettier-ignore
  }
  pipeline.drain()
  for (const payload of failing)
    pipeline.takeAgain({ payload, source, sourcePort: 2056, receivedMs: t0 + 9 })
  await archive.publish({ journal: { segment: 1, offset: 0 } })
  const [exporter] = pipeline.exporters()
  assert.equal(exporter!.problems['not-decoded'], faults.length)
  assert.equal(faults.length, 3)
  assert.deepEqual([...faults[0]!.datagram], [...failing[0]!])
  assert.match(String(faults[0]!.error), /Maximum call stack/)
  assert.deepEqual(await archiveSums(data), { bytes: 2000, packets: 20, flows: 2 })
})
