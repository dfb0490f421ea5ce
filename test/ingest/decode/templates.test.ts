/** Templates and what they must survive: reordering, restarts, changes, floods. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { clearFlowColumns } from '../../../flow/columns.ts'
import type { Decoder } from '../../../ingest/decode/decoder.ts'
import { decoderRowsMax } from '../../../ingest/decode/limits.ts'
import type { TemplateChange } from '../../../ingest/decode/sets.ts'
import type { Template } from '../../../ingest/decode/templates/template.ts'
import { encodeV5, testExportMs } from '../../encode/fixed.ts'
import {
  encodeIpfix,
  encodeV9,
  field,
  type EncodedSet,
  type EncodedTemplate,
} from '../../encode/sets.ts'
import { decodeAll, from, openDecoder, pick, problemsOf, rowsOf } from './decoded.ts'

const template: EncodedTemplate = {
  id: 256,
  fields: [field(8, 4), field(12, 4), field(1, 4), field(150, 4), field(151, 4)],
}
const seconds = testExportMs / 1000
const record = (octets: number) => ['10.0.0.1', '10.0.0.2', octets, seconds - 9, seconds - 1]
const data = (octets: number, of: EncodedTemplate = template): EncodedSet => ({
  data: of,
  records: [record(octets)],
})
const octetsOf = (rows: readonly Record<string, unknown>[]) =>
  rows.map((row) => row['octetDeltaCount'])

describe('data before its template', () => {
  test('is decoded when it comes, with its own time of receipt', () => {
    const { rows, events, problems, decoder } = decodeAll([
      { payload: encodeIpfix({ sequence: 0, sets: [data(1)] }), receivedMs: testExportMs + 1 },
      { payload: encodeIpfix({ sequence: 1, sets: [data(2)] }), receivedMs: testExportMs + 2 },
      {
        payload: encodeIpfix({ sequence: 2, sets: [{ templates: [template] }, data(3)] }),
        receivedMs: testExportMs + 3,
      },
    ])
    assert.deepEqual(pick(rows, 'octetDeltaCount', 'collectionTimeMilliseconds'), [
      { octetDeltaCount: 3, collectionTimeMilliseconds: testExportMs + 3 },
      { octetDeltaCount: 1, collectionTimeMilliseconds: testExportMs + 1 },
      { octetDeltaCount: 2, collectionTimeMilliseconds: testExportMs + 2 },
    ])
    assert.deepEqual(problems, {})
    assert.deepEqual(
      events.map((event) => event.verdict),
      ['first', 'continues', 'continues'],
    )
    assert.equal(decoder.exporters()[0]?.flows, 3)
  })

  test('is dropped after its time, and counted', () => {
    const { decoder } = decodeAll([encodeV9({ sets: [data(1)] })], { limits: { parkedMs: 60_000 } })
    decoder.expire(from.receivedMs + 60_000)
    assert.deepEqual(problemsOf(decoder), {})
    // As time passes, which datagrams show.
    const payload = encodeV9({ sequence: 1, sets: [] })
    decoder.decode({ ...from, receivedMs: from.receivedMs + 71_000, payload })
    assert.deepEqual(problemsOf(decoder), { 'template-missing-expired': 1 })
  })

  test('is limited: the oldest is dropped and counted', () => {
    const limits = { parkedBytesPerStreamMax: 1000 }
    const sent = Array.from({ length: 20 }, (_, i) => encodeV9({ sequence: i, sets: [data(i)] }))
    const last = encodeV9({ sequence: 20, sets: [{ templates: [template] }] })
    const { rows, problems } = decodeAll([...sent, last], { limits })
    assert.deepEqual(octetsOf(rows), [14, 15, 16, 17, 18, 19])
    assert.deepEqual(problems, { 'parked-dropped': 14 })
  })

  test('is limited over all streams: what has no room is dropped and counted', () => {
    const { decoder, flows } = openDecoder({ limits: { parkedBytesMax: 1000 } })
    const send = (domains: readonly number[], set: EncodedSet, sequence: number) => {
      for (const sourceId of domains)
        decoder.decode({ ...from, payload: encodeV9({ sourceId, sequence, sets: [set] }) })
    }
    const domains = Array.from({ length: 20 }, (_, i) => i + 1)
    for (const round of [0, 1]) {
      flows.count = 0
      const sequence = 2 * round
      // The templates of the first round have other ids.
      const own = { ...template, id: template.id + round }
      send(domains, { data: own, records: [record(1)] }, sequence)
      send(domains, { templates: [own] }, sequence + 1)
      assert.equal(flows.count, 6)
      assert.deepEqual(problemsOf(decoder), { 'parked-dropped': 14 * (round + 1) })
    }
  })

  test('comes in portions if one datagram could not give all of its rows', () => {
    const { decoder, flows } = openDecoder()
    const records = Array.from({ length: 60 }, (_, i) => record(i))
    const sets = 400
    for (let i = 0; i < sets; i++) {
      const payload = encodeV9({ sequence: i, sets: [{ data: template, records }] })
      decoder.decode({ ...from, payload })
    }
    let rows = 0
    for (let i = sets; rows < sets * 60 && i < sets + 10; i++) {
      const payload = encodeV9({ sequence: i, sets: [{ templates: [template] }] })
      decoder.decode({ ...from, payload })
      assert.ok(flows.count <= decoderRowsMax)
      rows += flows.count
      clearFlowColumns(flows)
    }
    assert.equal(rows, sets * 60)
    assert.deepEqual(problemsOf(decoder), {})
  })
})

/** The templates of all streams. */
function heldTemplates(decoder: Decoder): Template[] {
  return [...decoder.streams()].flatMap(({ stream }) => [...stream.templates.values()])
}

describe('templates apart', () => {
  const other: EncodedTemplate = { id: 256, fields: [field(12, 4), field(8, 4), field(1, 4)] }
  const said = (rows: readonly Record<string, unknown>[]) => rows.map((row) => row['sourceAddress'])

  test('by exporter, by domain and by source port', () => {
    const swapped: EncodedSet = { data: other, records: [['10.0.0.2', '10.0.0.1', 1]] }
    const { rows } = decodeAll([
      encodeV9({ sets: [{ templates: [template] }] }),
      { payload: encodeV9({ sets: [{ templates: [other] }] }), source: '192.0.2.2' },
      { payload: encodeV9({ sourceId: 7, sets: [{ templates: [other] }] }) },
      { payload: encodeV9({ sequence: 9, sets: [{ templates: [other] }] }), sourcePort: 9 },
      encodeV9({ sequence: 1, sets: [data(1)] }),
      { payload: encodeV9({ sequence: 1, sets: [swapped] }), source: '192.0.2.2' },
      { payload: encodeV9({ sequence: 1, sourceId: 7, sets: [swapped] }) },
      { payload: encodeV9({ sequence: 10, sets: [swapped] }), sourcePort: 9 },
    ])
    assert.deepEqual(said(rows), ['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.1'])
  })

  test('an exporter that changes its source port keeps its templates and its numbers', () => {
    const { rows, events } = decodeAll([
      encodeV9({ sequence: 0, sets: [{ templates: [template] }] }),
      { payload: encodeV9({ sequence: 1, sets: [data(1)] }), sourcePort: 50_001 },
      { payload: encodeV9({ sequence: 2, sets: [data(2)] }), sourcePort: 50_002 },
    ])
    assert.deepEqual(octetsOf(rows), [1, 2])
    assert.deepEqual(
      events.map((event) => event.verdict),
      ['first', 'continues', 'continues'],
    )
  })
})

describe('a repeated template', () => {
  test('with the same fields is nothing new', () => {
    const changes: TemplateChange[] = []
    const again = (sequence: number) => encodeV9({ sequence, sets: [{ templates: [template] }] })
    const { problems } = decodeAll([again(0), again(1)], {
      onTemplateChange: (change) => changes.push(change),
    })
    assert.deepEqual([problems, changes], [{}, []])
  })

  test('with other fields applies from then on, and the difference is logged', () => {
    const changed: EncodedTemplate = { id: 256, fields: [field(8, 4), field(12, 4), field(1, 8)] }
    const changes: TemplateChange[] = []
    const { rows, problems } = decodeAll(
      [
        encodeV9({ sequence: 0, sets: [{ templates: [template] }, data(1)] }),
        encodeV9({ sequence: 1, sets: [{ templates: [changed] }, { data: changed, records: [['10.0.0.1', '10.0.0.2', 2 ** 40]] }] }), // prettier-ignore
      ],
      { onTemplateChange: (change) => changes.push(change) },
    )
    assert.deepEqual(octetsOf(rows), [1, 2 ** 40])
    assert.deepEqual(problems, { 'template-changed': 1, 'time-missing': 1 })
    assert.deepEqual(
      changes.map(({ exporter, templateId, before, after }) => [exporter, templateId, before.fields.length, after.fields.length]), // prettier-ignore
      [['192.0.2.1', 256, 5, 3]],
    )
  })

  for (const [problem, fields] of [
    ['template-too-long', Array.from({ length: 513 }, () => field(1, 4))],
    ['template-empty', [field(8, 0), field(12, 0)]],
  ] as const)
    test(`that cannot be used ends the older one: ${problem}`, () => {
      const { rows, problems, decoder } = decodeAll([
        encodeV9({ sequence: 0, sets: [{ templates: [template] }, data(1)] }),
        encodeV9({ sequence: 1, sets: [{ templates: [{ id: 256, fields }] }, data(2)] }),
      ])
      assert.deepEqual(octetsOf(rows), [1])
      assert.deepEqual(problems, { [problem]: 1 })
      decoder.expire(from.receivedMs + 86_400_000)
      assert.deepEqual(problemsOf(decoder), { [problem]: 1, 'template-missing-expired': 1 })
    })

  test('a withdrawal over UDP is ignored and counted', () => {
    const { rows, problems } = decodeAll([
      encodeIpfix({ sets: [{ templates: [template] }, { withdraw: [256] }, data(5)] }),
    ])
    assert.deepEqual(octetsOf(rows), [5])
    assert.deepEqual(problems, { 'withdrawal-ignored': 1 })
  })
})

describe('a restart of the collector', () => {
  test('templates, numbers, parked data, names and counters are as before', () => {
    const before = decodeAll([
      encodeV9({ sequence: 5, sets: [{ templates: [template] }, data(1)] }),
      encodeV9({ sequence: 6, sets: [data(2, { ...template, id: 300 })] }),
    ])
    const state: unknown = JSON.parse(JSON.stringify(before.decoder.snapshot()))
    const { decoder, flows, events } = openDecoder()
    assert.equal(decoder.restore(state), true)
    assert.deepEqual(decoder.exporters(), before.decoder.exporters())
    for (const payload of [
      encodeV9({ sequence: 6, sets: [data(2, { ...template, id: 300 })] }),
      encodeV9({ sequence: 7, sets: [data(3)] }),
      encodeV9({ sequence: 8, sets: [{ templates: [{ ...template, id: 300 }] }] }),
    ])
      decoder.decode({ ...from, payload })
    assert.deepEqual(octetsOf(rowsOf(flows)), [3, 2])
    assert.deepEqual(
      events.map((event) => event.verdict),
      ['duplicate', 'continues', 'continues'],
    )
  })

  test('a damaged state is ignored as far as it is damaged', () => {
    const { decoder } = decodeAll([encodeV9({ sets: [{ templates: [template] }, data(1)] })])
    const text = JSON.stringify(decoder.snapshot())
    for (const damaged of [
      null,
      5,
      'x',
      [],
      {},
      { shape: 1 },
      { shape: 1, exporters: [null, {}] },
    ]) {
      const fresh = openDecoder()
      assert.equal(fresh.decoder.restore(damaged), false)
    }
    for (const [found, put] of [
      ['"fields":[', '"fields":["x",'],
      ['"words":', '"no":'],
      ['"sequence":{', '"sequence":{"expected":null,"x":'],
      ['"templates":[', '"templates":[null,'],
      ['192.0.2.1', '__proto__'],
    ] as const) {
      const fresh = openDecoder()
      let state: unknown = null
      try {
        state = JSON.parse(text.replace(found, put))
      } catch {
        state = text.replace(found, put)
      }
      fresh.decoder.restore(state)
      fresh.decoder.decode({ ...from, payload: encodeV9({ sets: [{ templates: [template] }, data(1)] }) }) // prettier-ignore
      assert.ok(rowsOf(fresh.flows).length <= 1)
    }
  })
})

describe('floods', () => {
  test('templates of one stream are limited, the longest unused are dropped', () => {
    const limits = { templatesPerStreamMax: 10 }
    const { decoder, flows } = openDecoder({ limits })
    for (let i = 0; i < 30; i++) {
      const flood = { ...template, id: 300 + i }
      const sets: EncodedSet[] = [{ templates: i === 0 ? [template, flood] : [flood] }, data(i)]
      const payload = encodeV9({ sequence: i, sets })
      decoder.decode({ ...from, receivedMs: from.receivedMs + i, payload })
    }
    assert.equal(flows.count, 30)
    assert.equal(heldTemplates(decoder).length, 10)
    assert.deepEqual(problemsOf(decoder), { 'template-evicted': 21 })
  })

  for (const limits of [{ templatesMax: 500 }, { templateFieldsMax: 500 * template.fields.length }])
    test(`templates of all streams together are limited (${Object.keys(limits).join()}), and the honest exporter keeps its own`, () => {
      const { decoder, flows } = openDecoder({ limits: { ...limits, exportersMax: 64 } })
      decoder.decode({ ...from, payload: encodeV9({ sets: [{ templates: [template] }] }) })
      let sequence = 0
      for (let i = 0; i < 200; i++) {
        const templates = Array.from({ length: 10 }, (_, k) => ({ ...template, id: 256 + k }))
        const payload = encodeV9({ sourceId: i % 10, sets: [{ templates }] })
        const receivedMs = from.receivedMs + i
        decoder.decode({ payload, source: `198.51.${i % 7}.${i}`, sourcePort: i, receivedMs })
        decoder.decode({ ...from, receivedMs, payload: encodeV9({ sequence: ++sequence, sets: [data(i)] }) }) // prettier-ignore
        assert.ok(heldTemplates(decoder).length <= 500)
      }
      assert.equal(flows.count, 200)
      assert.ok(problemsOf(decoder)['template-evicted']! > 0)
      const honest = decoder.exporters().find((exporter) => exporter.address === from.source)
      assert.deepEqual(honest?.problems, {})
      assert.deepEqual(honest.lost.datagrams, 0)
      assert.ok(decoder.exporters().length <= 64)
    })

  test('a template that changes all the time takes the place of one', () => {
    const { decoder, flows } = openDecoder({ limits: { templatesMax: 10 } })
    const other = { ...template, fields: template.fields.toReversed() }
    for (let i = 0; i < 30; i++) {
      const payload = encodeV9({ sequence: i, sets: [{ templates: [i % 2 ? other : template] }] })
      decoder.decode({ ...from, payload })
    }
    assert.equal(flows.count, 0)
    assert.deepEqual(problemsOf(decoder), { 'template-changed': 29 })
  })

  test('compiled templates are limited, and compiled again when they are needed', () => {
    const { decoder, flows } = openDecoder({ limits: { compiledFieldsMax: 30 } })
    const layouts = Array.from({ length: 30 }, (_, i) => {
      const fields = [...template.fields, field(30_000 + i, 1)]
      return { id: 300 + i, fields }
    })
    for (const round of [0, 1])
      for (const [i, layout] of layouts.entries()) {
        const sets = [{ templates: round === 0 ? [layout] : [] }, { data: layout, records: [[...record(i), 0]] }] // prettier-ignore
        const payload = encodeV9({ sequence: 30 * round + i, sets })
        decoder.decode({ ...from, receivedMs: from.receivedMs + i, payload })
        const compiled = heldTemplates(decoder).filter((each) => each.compiled?.isDropped === false)
        assert.ok(compiled.length * layout.fields.length <= 30, `${compiled.length}`)
      }
    assert.deepEqual(octetsOf(rowsOf(flows)), [...layouts.keys(), ...layouts.keys()])
  })

  test('an exporter that comes back after too many others goes on with its counters', () => {
    const { decoder } = openDecoder({ limits: { exportersMax: 8 } })
    const hear = (source: string, sequence: number, i: number) =>
      decoder.decode({
        source,
        sourcePort: 2055,
        receivedMs: from.receivedMs + i,
        payload: encodeV5({ sequence }, [{ octets: 100, packets: 1 }]),
      })
    hear(from.source, 0, 0)
    hear(from.source, 3, 1)
    hear(from.source, 3, 2)
    for (let i = 0; i < 8; i++) hear(`198.51.100.${i}`, 0, 10 + i)
    assert.ok(!decoder.exporters().some(({ address }) => address === from.source))
    const counted = {
      datagrams: 3,
      flows: 2,
      bytes: 200,
      duplicates: 1,
    }
    const lost = { datagrams: 2, flows: 2, flowsEstimated: false }
    assert.partialDeepStrictEqual(decoder.forgotten(), [{ address: from.source, ...counted, lost }])
    hear(from.source, 9, 60_000)
    const back = decoder.exporters().find(({ address }) => address === from.source)
    assert.partialDeepStrictEqual(back, { ...counted, lost, datagrams: 4, flows: 3, bytes: 300 })
    assert.equal(back?.firstSeen, from.receivedMs / 1000)
    assert.ok(!decoder.forgotten().some(({ address }) => address === from.source))
  })

  test('streams of one exporter are limited', () => {
    const { decoder } = openDecoder({ limits: { streamsPerExporterMax: 8 } })
    for (let i = 0; i < 50; i++)
      decoder.decode({ ...from, payload: encodeV9({ sourceId: i, sets: [{ templates: [template] }] }) }) // prettier-ignore
    assert.equal(decoder.exporters()[0]?.domains.length, 8)
    assert.deepEqual(problemsOf(decoder), { 'stream-evicted': 42 })
  })
})
