/** Exporters that count what they have counted before. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { DecoderState } from '../../../ingest/decode/exporters/snapshot.ts'
import { announcedWith } from '../../../ingest/import/announced.ts'
import { testExportMs, testUptimeMs } from '../../encode/fixed.ts'
import { encodeIpfix, encodeV9, field, type EncodedTemplate } from '../../encode/sets.ts'
import { decodeAll, from, openDecoder, pick, problemsOf, rowsOf } from './decoded.ts'

/** Cisco ASA's, without what is not read. */
const template: EncodedTemplate = {
  id: 263,
  fields: [field(148, 4), field(8, 4), field(7, 2), field(12, 4), field(11, 2), field(4, 1), field(233, 1), field(323, 8), field(231, 4), field(232, 4), field(298, 4), field(299, 4), field(152, 8)],
} // prettier-ignore

const created = 1
const deleted = 2
const updated = 5

interface Event {
  event: number
  /** Octets of initiator and responder; packets are a hundredth. */
  octets?: readonly [number, number]
  connection?: number
  /** Seconds after the export. */
  startS?: number
  endS?: number
}

/** How many flows a decoder's state has. */
function flowsHeld({ exporters }: DecoderState): number {
  const states = exporters.flatMap(({ streams }) => streams.map((stream) => stream.countedBefore))
  return states.reduce((sum, state) => sum + (state?.flows.length ?? 0) / 7, 0)
}

let sequence = 0
function nsel(events: readonly Event[], afterS = 0, sourceId = 0, uptimeMs = testUptimeMs) {
  const records = events.map(
    ({ event, octets: [out, back] = [0, 0], connection = 1, startS = 0, endS = 60 }) => [connection, '10.0.0.1', 50_000, '203.0.113.1', 443, 6, event, testExportMs + 1000 * endS, out, back, out / 100, back / 100, testExportMs + 1000 * startS],
  ) // prettier-ignore
  const exportMs = testExportMs + 1000 * afterS
  const sets = [{ templates: [template] }, { data: template, records }]
  const payload = encodeV9({ sequence: sequence++, exportMs, uptimeMs: uptimeMs + 1000 * afterS, sourceId, sets }) // prettier-ignore
  return { payload, receivedMs: exportMs + 100 }
}

/** Octets and packets in both directions over all rows. */
function sums(decoded: { rows: readonly Record<string, number | string>[] }) {
  const sumOf = (source: string, name: string) =>
    decoded.rows
      .filter(({ sourceAddress }) => sourceAddress === source)
      .reduce((sum, row) => sum + Number(row[name]), 0)
  return ['10.0.0.1', '203.0.113.1'].map((source) => [
    sumOf(source, 'octetDeltaCount'),
    sumOf(source, 'packetDeltaCount'),
  ])
}

const both = (out: number, back: number) => [
  [out, out / 100],
  [back, back / 100],
]

describe('what updates of a connection counted does not count again at its end', () => {
  const cases: Record<string, { datagrams: readonly ReturnType<typeof nsel>[]; counted: number[][] }> = {
    'an update beside the end': {
      datagrams: [nsel([{ event: created }, { event: updated, octets: [100, 900] }, { event: deleted, octets: [100, 900] }])],
      counted: both(100, 900),
    },
    'several updates, the last without traffic': {
      datagrams: [
        nsel([{ event: created }]),
        nsel([{ event: updated, octets: [2500, 1100] }], 60),
        nsel([{ event: updated, octets: [100, 0], startS: 60, endS: 120 }], 120),
        nsel([{ event: updated, startS: 120, endS: 180 }, { event: deleted, octets: [2600, 1100], endS: 180 }], 180),
      ],
      counted: both(2600, 1100),
    },
    'one that was lost': {
      datagrams: [
        nsel([]),
        nsel([{ event: updated, octets: [2500, 1100] }], 60),
        nsel([{ event: deleted, octets: [2600, 1700], endS: 180 }], 180),
      ],
      counted: both(2600, 1700),
    },
    'of a firewall that sends none': {
      datagrams: [nsel([{ event: created }]), nsel([{ event: deleted, octets: [100, 900] }], 60)],
      counted: both(100, 900),
    },
    'too short for one': {
      datagrams: [nsel([{ event: updated, octets: [100, 100] }]), nsel([{ event: deleted, octets: [100, 900], connection: 2 }], 60)],
      counted: both(200, 1000),
    },
    'of another context of the firewall': {
      datagrams: [nsel([{ event: updated, octets: [100, 100] }]), nsel([{ event: deleted, octets: [100, 900] }], 60, 1)],
      counted: both(200, 1000),
    },
    'with the number of one whose end was lost': {
      datagrams: [
        nsel([{ event: updated, octets: [100, 100] }]),
        nsel([{ event: deleted, octets: [100, 900], startS: 60, endS: 120 }], 120),
      ],
      counted: both(200, 1000),
    },
    'with the number of one from before a restart': {
      datagrams: [
        nsel([{ event: updated, octets: [100, 100] }]),
        nsel([{ event: updated, octets: [300, 300], startS: 605, endS: 665 }], 665, 0, -600_000),
        nsel([{ event: deleted, octets: [300, 300], startS: 605, endS: 670 }], 670, 0, -600_000),
      ],
      counted: both(400, 400),
    },
    // Its share of that time is counted, as of any flow.
    'that began before the collector did': {
      datagrams: [
        nsel([{ event: updated, octets: [100, 100], startS: -60, endS: 0 }]),
        nsel([{ event: deleted, octets: [90_000, 90_000], startS: -9000 }], 60),
      ],
      counted: both(90_000, 90_000),
    },
    'of a firewall whose end counts what came since the last one': {
      datagrams: [
        nsel([{ event: updated, octets: [2000, 2000] }]),
        nsel([{ event: deleted, octets: [500, 700], endS: 90 }], 90),
      ],
      counted: both(2500, 2700),
    },
  } // prettier-ignore
  for (const [name, { datagrams, counted }] of Object.entries(cases))
    test(name, () => assert.deepEqual(sums(decodeAll(datagrams)), counted))

  test('from another port, beside which the first goes on', () => {
    const first = nsel([{ event: updated, octets: [100, 900] }])
    sequence += 5000
    const other = { ...nsel([{ event: deleted, octets: [100, 900] }], 60), sourcePort: 50_001 }
    assert.deepEqual(sums(decodeAll([first, other])), both(100, 900))
  })

  test('of two firewalls behind one address, that started at different times', () => {
    const at = (events: readonly Event[], afterS: number, firewall: number) => {
      sequence = 20_000 * (1 + firewall) + afterS / 60
      const datagram = nsel(events, afterS, 0, testUptimeMs + 1_000_000 * firewall)
      return { ...datagram, sourcePort: 50_000 + firewall }
    }
    const update = [{ event: updated, octets: [100, 900] as const }]
    const end = [{ event: deleted, octets: [100, 900] as const }]
    const datagrams = [at(update, 0, 0), at(update, 0, 1), at(end, 60, 0), at(end, 60, 1)]
    assert.deepEqual(sums(decodeAll(datagrams)), both(200, 1800))
  })

  test('every record stays a row of its own', () => {
    const { rows } = decodeAll([nsel([{ event: created }, { event: updated, octets: [100, 900] }, { event: deleted, octets: [100, 900] }])]) // prettier-ignore
    assert.deepEqual(rows.map((row) => row['octetDeltaCount']), [0, 100, 0, 900]) // prettier-ignore
  })

  test('what an update or the end adds came since the last update, not since the connection began', () => {
    const { rows } = decodeAll([
      nsel([{ event: updated, octets: [100, 900] }], 60),
      nsel([{ event: updated, octets: [100, 900], endS: 120 }], 120),
      nsel([{ event: deleted, octets: [300, 2000], endS: 150 }], 150),
    ])
    const spans = rows.map((row) => ['flowStartMilliseconds', 'flowEndMilliseconds'].map((name) => (Number(row[name]) - testExportMs) / 1000)) // prettier-ignore
    assert.deepEqual(spans, [[0, 60], [0, 60], [60, 120], [60, 120], [120, 150], [120, 150]]) // prettier-ignore
    assert.deepEqual(sums({ rows }), both(300, 2000))
  })

  test('after a restart of the collector', () => {
    const before = openDecoder()
    before.decoder.decode({ ...from, ...nsel([{ event: updated, octets: [100, 900] }]) })
    const { decoder, flows } = openDecoder()
    assert.ok(decoder.restore(JSON.parse(JSON.stringify(before.decoder.snapshot()))))
    const later = [
      nsel([{ event: updated, octets: [200, 200], startS: 60, endS: 120 }], 120),
      nsel([{ event: deleted, octets: [300, 1100], endS: 150 }, { event: deleted, octets: [500, 500], connection: 2, startS: 130, endS: 150 }], 150),
    ] // prettier-ignore
    for (const datagram of later) decoder.decode({ ...from, ...datagram })
    assert.deepEqual(sums({ rows: rowsOf(flows) }), both(700, 700))
  })

  test('beyond the most that are remembered nothing counts twice, and it is said', () => {
    const updates: Event[] = [1, 2, 3].map((connection) => ({ event: updated, octets: [100, 100], connection })) // prettier-ignore
    const ends = updates.map((update) => ({ ...update, event: deleted }))
    // Too short for an update.
    ends.push({ ...ends[0]!, connection: 4, endS: 59 })
    const { rows, decoder } = decodeAll([nsel(updates), nsel(ends, 60)], { limits: { countedFlowsMax: 2 } }) // prettier-ignore
    assert.deepEqual(sums({ rows }), both(400, 400))
    assert.deepEqual(problemsOf(decoder), { 'counted-forgotten': 1 })
  })
})

/** Juniper SRX's, without what is not read. */
const totals: EncodedTemplate = {
  id: 256,
  fields: [field(8, 4), field(7, 2), field(12, 4), field(11, 2), field(4, 1), field(6, 1), field(10, 4), field(152, 8), field(153, 8), field(85, 8), field(86, 8), field(85, 8, 29_305), field(86, 8, 29_305), field(136, 1)],
} // prettier-ignore

interface Total {
  startS?: number
  endS: number
  octets: readonly [number, number]
  input?: number
  /** TCP flags, and flowEndReason. */
  flags?: number
  reason?: number
}

function total({ startS = 0, endS, octets: [out, back], input = 1, flags = 0, reason = 0 }: Total) {
  const atMs = (seconds: number) => testExportMs + 1000 * seconds
  const record = ['10.0.0.1', 50_000, '203.0.113.1', 443, 6, flags, input, atMs(startS), atMs(endS), out, out / 100, back, back / 100, reason] // prettier-ignore
  const sets = [{ templates: [totals] }, { data: totals, records: [record] }]
  const payload = encodeIpfix({ sequence: sequence++, exportMs: atMs(endS + 1), sets })
  return { payload, receivedMs: atMs(endS + 1) + 100 }
}

describe('totals of a flow since its start count what was added', () => {
  const cases: Record<string, { given: readonly Total[]; counted: number[][] }> = {
    'reported three times': {
      given: [{ endS: 60, octets: [100, 900] }, { endS: 120, octets: [300, 900] }, { endS: 130, octets: [400, 1000] }],
      counted: both(400, 1000),
    },
    'and its last record, of the time after a reset': {
      given: [{ endS: 60, octets: [100, 900], reason: 2 }, { endS: 120, octets: [300, 900], reason: 3, flags: 4 }],
      counted: both(300, 900),
    },
    'another flow between the same ends': {
      given: [{ endS: 60, octets: [100, 900] }, { startS: 61, endS: 120, octets: [300, 900] }],
      counted: both(400, 1800),
    },
    'a flow that was cut, and goes on with new counts': {
      given: [{ endS: 60, octets: [100, 900], reason: 2 }, { startS: 60, endS: 120, octets: [300, 900], reason: 2 }],
      counted: both(400, 1800),
    },
    'counts that began anew': {
      given: [{ endS: 60, octets: [300, 900] }, { endS: 120, octets: [100, 900] }],
      counted: both(400, 1800),
    },
    'on two interfaces': {
      given: [{ endS: 60, octets: [100, 900] }, { endS: 61, octets: [100, 900], input: 2 }],
      counted: both(200, 1800),
    },
    'twice the same, as from two places': {
      given: [{ endS: 60, octets: [100, 900] }, { endS: 60, octets: [100, 900] }],
      counted: both(200, 1800),
    },
  } // prettier-ignore
  for (const [name, { given, counted }] of Object.entries(cases))
    test(name, () => assert.deepEqual(sums(decodeAll(given.map(total))), counted))

  test('in the time since the record before', () => {
    const { rows } = decodeAll([{ endS: 60, octets: [100, 0] as const }, { endS: 120, octets: [300, 0] as const }].map(total)) // prettier-ignore
    assert.deepEqual(pick(rows, 'flowStartMilliseconds', 'flowEndMilliseconds', 'octetDeltaCount'), [
      { flowStartMilliseconds: testExportMs, flowEndMilliseconds: testExportMs + 60_000, octetDeltaCount: 100 },
      { flowStartMilliseconds: testExportMs + 60_000, flowEndMilliseconds: testExportMs + 120_000, octetDeltaCount: 200 },
    ]) // prettier-ignore
  })

  for (const [name, given, held] of [
    ['where flows are reported again', [60, 120], 1],
    ['not where none is', [60], 0],
  ] as const)
    test(`kept for the capture after this one ${name}`, () => {
      const { decoder } = decodeAll(given.map((endS) => total({ endS, octets: [100 * endS, 0] })))
      const kept = announcedWith({ value: () => undefined }, decoder.snapshot())
      assert.equal(flowsHeld(kept), held)
    })

  test('with a start by uptime, which moves with the clock in whole seconds', () => {
    const template = { id: 256, fields: [field(8, 4), field(12, 4), field(22, 4), field(21, 4), field(85, 4), field(86, 4)] } // prettier-ignore
    const datagram = (afterMs: number, octets: number) => {
      const uptimeMs = 500_000 + afterMs
      const record = ['10.0.0.1', '203.0.113.1', 499_000, uptimeMs - 100, octets, octets / 100]
      const exportMs = testExportMs + 700 + afterMs
      const sets = [{ templates: [template] }, { data: template, records: [record] }]
      return { payload: encodeV9({ sequence: sequence++, uptimeMs, exportMs, sets }), receivedMs: exportMs } // prettier-ignore
    }
    const { rows } = decodeAll([datagram(0, 100), datagram(60_500, 300)])
    assert.deepEqual(pick(rows, 'octetDeltaCount', 'packetDeltaCount'), [{ octetDeltaCount: 100, packetDeltaCount: 1 }, { octetDeltaCount: 200, packetDeltaCount: 2 }]) // prettier-ignore
  })

  test('after a restart of the collector', () => {
    const before = openDecoder()
    before.decoder.decode({ ...from, ...total({ endS: 60, octets: [100, 900] }) })
    const { decoder, flows } = openDecoder()
    assert.ok(decoder.restore(JSON.parse(JSON.stringify(before.decoder.snapshot()))))
    decoder.decode({ ...from, ...total({ endS: 120, octets: [300, 1000] }) })
    assert.deepEqual(sums({ rows: rowsOf(flows) }), both(200, 100))
  })

  test('beyond the most that are remembered nothing counts twice, and it is said', () => {
    const at = (endS: number, octets: number, inputs: readonly number[]) => inputs.map((input) => ({ endS, octets: [octets, octets] as const, input })) // prettier-ignore
    const given = [...at(60, 100, [1, 2, 3]), ...at(120, 300, [3]), ...at(120, 100, [4, 5]), ...at(180, 300, [1])] // prettier-ignore
    const { rows, decoder } = decodeAll(given.map(total), { limits: { countedFlowsMax: 4 } })
    assert.deepEqual(sums({ rows }), both(700, 700))
    assert.equal(problemsOf(decoder)['counted-forgotten'], 2)
  })

  test('two flows with the same ends and start do not make all others count once', () => {
    const limits = { countedFlowsMax: 2000 }
    const same = [{ endS: 60, octets: [100, 100] as const }, { endS: 61, octets: [100, 100] as const }] // prettier-ignore
    const others = Array.from({ length: 6000 }, (_, i) => ({ endS: 90, octets: [100, 100] as const, input: 2 + i })) // prettier-ignore
    const { rows, decoder } = decodeAll([...same, ...others].map(total), { limits })
    assert.deepEqual(sums({ rows }), both(600_100, 600_100))
    assert.deepEqual(problemsOf(decoder), {})
  })

  test('an exporter of which none is reported again leaves room for others', () => {
    const others = (count: number, port: number) => Array.from({ length: count }, (_, i) => ({ ...total({ endS: 60, octets: [100, 900], input: port + i }), source: '192.0.2.2' })) // prettier-ignore
    const long = [60, 120].map((endS) => total({ endS, octets: [10 * endS, 0], input: 7 }))
    const given = [...others(300, 1000), long[0]!, ...others(1500, 2000), long[1]!]
    const { rows } = decodeAll(given, { limits: { countedFlowsMax: 200 } })
    const ofLong = rows.filter((row) => row['ingressInterface'] === 7 && row['sourceAddress'] === '10.0.0.1') // prettier-ignore
    assert.deepEqual(pick(ofLong, 'octetDeltaCount'), [{ octetDeltaCount: 600 }, { octetDeltaCount: 600 }]) // prettier-ignore
  })

  test('what several ports of an exporter share is kept once', () => {
    const flows = Array.from({ length: 100 }, (_, i) => ({ endS: 60, octets: [100, 900] as const, input: 1 + i })) // prettier-ignore
    const before = openDecoder()
    const ports = [50_000, 50_001, 50_002]
    for (const sourcePort of ports) {
      sequence += 5000
      for (const flow of sourcePort === 50_000 ? flows : [{ ...flows[0]!, input: sourcePort }])
        before.decoder.decode({ ...from, ...total(flow), sourcePort })
    }
    const state = JSON.parse(JSON.stringify(before.decoder.snapshot())) as DecoderState
    assert.equal(flowsHeld(state), 102)
    const { decoder, flows: later } = openDecoder()
    assert.ok(decoder.restore(state))
    sequence += 5000
    decoder.decode({ ...from, ...total({ endS: 120, octets: [300, 1000] }), sourcePort: 50_001 })
    assert.deepEqual(sums({ rows: rowsOf(later) }), both(200, 100))
  })
})
