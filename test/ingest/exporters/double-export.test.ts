/** Flows reported twice are detected, and others are not. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { DoubleExportSketch } from '../../../ingest/exporters/double-export.ts'
import { encodeV9, field } from '../../encode/sets.ts'
import { encodeSflow, wordsRecord } from '../../encode/sflow.ts'
import { seeded } from '../../random.ts'
import { decodeAll, from } from '../decode/decoded.ts'

const template = { id: 256, fields: [field(8, 4), field(12, 4), field(7, 2), field(11, 2), field(4, 1), field(61, 1), field(1, 4), field(2, 4), field(152, 8), field(153, 8)] } // prettier-ignore

interface Flow {
  exporter?: string
  direction?: number
  client: number
  /** ms after the start */
  start: number
  end: number
  octets?: number
}

/** What the sketch reports for 10.9.0.1 and 10.9.0.2 after these flows. */
function said(flows: readonly Flow[]) {
  const sketch = new DoubleExportSketch()
  const base = from.receivedMs - 600_000
  const datagrams = flows.map(({ exporter = '10.9.0.1', direction = 0, client, start, end, octets = 100 }, i) => ({
    source: exporter,
    payload: encodeV9({ sequence: i, sets: [{ templates: [template] }, { data: template, records: [[`10.0.${client >> 8}.${client & 255}`, '203.0.113.80', 1024 + client, 443, 6, direction, octets, 1, base + start, base + end]] }] }),
  })) // prettier-ignore
  sketch.take(decodeAll(datagrams).flows)
  return [sketch.of('10.9.0.1'), sketch.of('10.9.0.2')]
}

const count = 4000
const clients = Array.from({ length: count }, (_, i) => i)
const random = seeded(3)
const lives = clients.map((client) => {
  const start = Math.floor(random() * 300_000)
  return { client, start, end: start + Math.floor(random() * 60_000) }
})

describe('double export', () => {
  test('by one exporter, on the way in and on the way out', () => {
    const [own] = said(lives.flatMap((life) => [life, { ...life, direction: 1 }]))
    assert.deepEqual(own, [{ with: '10.9.0.1', share: 1 }])
  })

  test('by one exporter that sends each record twice', () => {
    const [own] = said(lives.flatMap((life) => [life, life]))
    assert.deepEqual(own, [{ with: '10.9.0.1', share: 1 }])
  })

  test('by two exporters on one path, with clocks a second apart', () => {
    const both = lives.flatMap((life) => [life, { ...life, exporter: '10.9.0.2', start: life.start + 1000, end: life.end + 1000, octets: 104 }]) // prettier-ignore
    const [one, other] = said(both)
    assert.equal(one?.[0]?.with, '10.9.0.2')
    assert.equal(other?.[0]?.with, '10.9.0.1')
    assert.ok(one[0].share > 0.95 && other[0].share > 0.95, JSON.stringify([one, other]))
  })

  test('by two exporters that share a third of their flows', () => {
    const some = lives.flatMap((life, i) => (i % 3 === 0 ? [life, { ...life, exporter: '10.9.0.2' }] : [life])) // prettier-ignore
    const [one, other] = said(some)
    assert.ok(Math.abs(one![0]!.share - 1 / 3) < 0.1, JSON.stringify(one))
    assert.ok(other![0]!.share > 0.95)
  })

  test('is not detected if flows continue in further records, or return', () => {
    const goingOn = lives.flatMap((life) => [
      { ...life, end: life.start + 60_000 },
      { ...life, start: life.start + 60_000, end: life.start + 120_000 },
    ])
    assert.deepEqual(said(goingOn), [[], []])
    const apart = lives.map((life, i) => ({ ...life, exporter: i % 2 === 0 ? '10.9.0.1' : '10.9.0.2' })) // prettier-ignore
    assert.deepEqual(said(apart), [[], []])
  })

  test('is not detected in samples of packets (sFlow), of which a datagram has several that are alike', () => {
    const sketch = new DoubleExportSketch()
    const datagrams = clients.map((client, sequence) => {
      const record = wordsRecord(3, 1500, 6, `10.0.${client >> 8}.${client & 255}`, '203.0.113.80', 1024 + client, 443, 0x10, 0) // prettier-ignore
      const sample = { rate: 1000, input: 1, output: 2, records: [record] }
      return encodeSflow({ sequence, samples: [sample, sample, sample] })
    })
    sketch.take(decodeAll(datagrams).flows)
    assert.deepEqual(sketch.of(from.source), [])
  })

  test('is not reported for too few flows', () => {
    assert.deepEqual(said(lives.slice(0, 60).flatMap((life) => [life, life])), [[], []])
  })
})
