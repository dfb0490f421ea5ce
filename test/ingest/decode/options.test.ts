/** Options data: sampling rates, names, and their scopes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { DecoderState } from '../../../ingest/decode/exporters/snapshot.ts'
import { testExportMs } from '../../encode/fixed.ts'
import {
  encodeIpfix,
  encodeV9,
  field,
  type EncodedField,
  type EncodedOptionsTemplate,
  type EncodedSet,
} from '../../encode/sets.ts'
import type { Value } from '../../encode/value.ts'
import { decodeAll, from, openDecoder, pick, rowsOf, type Row } from './decoded.ts'

type FieldValues = readonly (readonly [id: number, length: number, value: Value])[]

const fieldsOf = (given: FieldValues): EncodedField[] =>
  given.map(([id, length]) => field(id, length))
const valuesOf = (given: FieldValues) => given.map(([, , value]) => value)

/** Sets with the template and data of one options record. */
function optionSets(scopes: FieldValues, given: FieldValues, id = 400): EncodedSet[] {
  const template: EncodedOptionsTemplate = { id, scopes: fieldsOf(scopes), fields: fieldsOf(given) }
  return [
    { optionsTemplates: [template] },
    { data: template, records: [[...valuesOf(scopes), ...valuesOf(given)]] },
  ]
}

/** Sets of one flow with these fields besides its ends. */
function flowSets(given: FieldValues, id = 256): EncodedSet[] {
  const all: FieldValues = [[8, 4, '10.0.0.1'], [12, 4, '10.0.0.2'], [1, 4, 100], [153, 8, testExportMs], ...given] // prettier-ignore
  const template = { id, fields: fieldsOf(all) }
  return [{ templates: [template] }, { data: template, records: [valuesOf(all)] }]
}

const system: FieldValues = [[1, 4, 0]]
const sampler = (id: number, rate: number) =>
  optionSets(system, [
    [48, 1, id],
    [50, 4, rate],
  ])

describe('sampling rates, v9', () => {
  const cases: Record<string, { options: EncodedSet[]; flow: FieldValues; rate: number }> = {
    'samplingInterval for all': { options: optionSets(system, [[34, 4, 100], [35, 1, 2]]), flow: [], rate: 100 },
    'a sampler by its id': { options: optionSets(system, [[48, 1, 3], [49, 1, 2], [50, 4, 512]]), flow: [[48, 1, 3]], rate: 512 },
    'a record that names no sampler, where there is one': { options: optionSets(system, [[48, 1, 3], [50, 4, 512]]), flow: [], rate: 512 },
    'and where there are two of the same rate': { options: [...optionSets(system, [[48, 1, 3], [50, 4, 512]]), ...optionSets(system, [[48, 1, 4], [50, 4, 512]])], flow: [], rate: 512 },
    'a sampler of which the rate has changed': { options: [...optionSets(system, [[48, 1, 3], [50, 4, 512]]), ...optionSets(system, [[48, 1, 3], [50, 4, 64]])], flow: [], rate: 64 },
    'a record that names sampler 0, as one that is not sampled does': { options: optionSets(system, [[48, 1, 3], [50, 4, 512]]), flow: [[48, 1, 0]], rate: 1 },
    'sampler 0 where it is told of': { options: optionSets(system, [[48, 1, 0], [50, 4, 512]]), flow: [[48, 1, 0]], rate: 512 },
    'by interface': { options: optionSets([[2, 4, 7]], [[34, 4, 64]]), flow: [[10, 4, 7]], rate: 64 },
    'by interface, seen going out': { options: optionSets([[2, 4, 7]], [[34, 4, 64]]), flow: [[10, 4, 8], [14, 4, 7], [61, 1, 1]], rate: 64 },
    'by outgoing interface, not for all': { options: optionSets(system, [[14, 4, 7], [34, 4, 64]]), flow: [[10, 4, 8], [14, 4, 9]], rate: 1 },
    'of another interface': { options: optionSets([[2, 4, 7]], [[34, 4, 64]]), flow: [[10, 4, 8]], rate: 1 },
    'in the record itself': { options: [], flow: [[34, 4, 1000]], rate: 1000 },
    'in the record, of two zero bytes at its end, as options say too': { options: optionSets(system, [[34, 4, 65_536]]), flow: [[34, 4, 65_536]], rate: 65_536 },
    'in the record, before all that options say': { options: optionSets(system, [[34, 4, 100]]), flow: [[34, 4, 1000]], rate: 1000 },
  } // prettier-ignore
  for (const [name, { options, flow, rate }] of Object.entries(cases))
    test(name, () => {
      const { rows, decoder, problems } = decodeAll([encodeV9({ sets: [...options, ...flowSets(flow)] })]) // prettier-ignore
      assert.deepEqual(
        [rows[0]?.['samplingInterval'], decoder.exporters()[0]?.sampling],
        [rate, rate],
      )
      assert.deepEqual(problems, {})
      assert.equal(decoder.exporters()[0]?.bytes, 100 * rate)
    })

  /** The rate of one record after announcements, with what the status says and the problems. */
  const rateAfter = (announced: readonly EncodedSet[][], flow: FieldValues = []) => {
    const sent = [...announced, flowSets(flow)].map((sets, i) => encodeV9({ sequence: i, sets }))
    const { rows, decoder, problems } = decodeAll(sent)
    return [rows[0]?.['samplingInterval'], decoder.exporters()[0]?.sampling, problems]
  }

  test('samplers of different rates, and a record that names none: the rate is not known', () => {
    const two = [sampler(3, 512), sampler(4, 64)]
    assert.deepEqual(rateAfter(two), [1, null, { 'sampling-unknown': 1 }])
    assert.deepEqual(rateAfter(two, [[48, 1, 4]]), [64, 64, {}])
  })

  test('a source id whose own sampler is announced later than those of others: its rate is known from then on', () => {
    const told = (sourceId: number, rate: number) =>
      encodeV9({ sourceId, sets: sampler(sourceId, rate) })
    const flow = encodeV9({ sourceId: 3, sequence: 1, sets: flowSets([]) })
    const others = [told(1, 100), told(2, 1000)]
    const last = encodeV9({ sourceId: 3, sequence: 2, sets: [...sampler(3, 10), ...flowSets([])] })
    const { rows, decoder } = decodeAll([...others, flow, last])
    assert.deepEqual(
      rows.map((row) => row['samplingInterval']),
      [1, 10],
    )
    assert.equal(decoder.exporters()[0]?.sampling, 10)
  })

  test('an interval of 0 ends the sampling announced before, not one of which a way is named', () => {
    const told = (interval: number, way: number) => optionSets(system, [[34, 4, interval], [35, 1, way]], 401) // prettier-ignore
    assert.deepEqual(rateAfter([told(100, 2), told(0, 0)]), [1, 1, {}])
    assert.deepEqual(rateAfter([told(100, 2), told(0, 2)]), [100, null, { 'sampling-unknown': 1 }])
    assert.deepEqual(rateAfter([sampler(3, 512), told(0, 0)]), [512, 512, {}])
  })

  test('line cards of one rate, and of different ones, which no record names', () => {
    const card = (id: number, rate: number) => optionSets([[3, 4, id]], [[34, 4, rate]])
    assert.deepEqual(rateAfter([card(1, 100), card(2, 100)]), [100, 100, {}])
    assert.deepEqual(rateAfter([card(1, 100), card(2, 1000)]), [1, null, { 'sampling-unknown': 1 }])
    assert.deepEqual(rateAfter([card(1, 100)], [[48, 1, 5]]), [100, 100, {}])
    assert.deepEqual(rateAfter([card(1, 100), card(2, 1000), card(2, 0)]), [100, 100, {}])
    assert.deepEqual(rateAfter([card(1, 100), card(1, 0)]), [1, 1, {}])
  })

  test('rates of domains that one of them announces (IPFIX)', () => {
    const told = (domain: number, rate: number) => optionSets([[149, 4, domain]], [[34, 4, rate]])
    const flow = (observationDomain: number, sequence = 0) =>
      encodeIpfix({ observationDomain, sequence, sets: flowSets([]) })
    const first = encodeIpfix({ sets: [...told(1, 100), ...told(2, 1000)] })
    const { rows, problems } = decodeAll([first, flow(1), flow(2), flow(3)])
    assert.deepEqual(rows.map((row) => row['samplingInterval']), [100, 1000, 1]) // prettier-ignore
    assert.deepEqual(problems, { 'sampling-unknown': 1 })
    const stopped = (sequence = 0) =>
      encodeIpfix({ observationDomain: 1, sequence, sets: told(1, 0) })
    for (const given of [
      [first, stopped(), flow(1, 1)],
      [stopped(), first, stopped(1), flow(1, 2)],
    ]) {
      const after = decodeAll(given)
      assert.deepEqual([after.rows[0]?.['samplingInterval'], after.problems], [1, {}])
    }
    const ofAnother = encodeIpfix({ observationDomain: 1, sets: told(2, 1000) })
    assert.equal(decodeAll([first, ofAnother, flow(1)]).rows[0]?.['samplingInterval'], 100)
    const only = encodeIpfix({ sets: told(2, 100) })
    assert.equal(decodeAll([only, stopped(), flow(1)]).rows[0]?.['samplingInterval'], 1)
    assert.equal(decodeAll([only, stopped(), flow(3)]).rows[0]?.['samplingInterval'], 100)
    const same = encodeIpfix({ sets: [...told(1, 100), ...told(2, 100)] })
    assert.equal(decodeAll([same, flow(3)]).rows[0]?.['samplingInterval'], 100)
  })

  test('a sampler that is no longer announced does not count for a record that names none', () => {
    const before = [sampler(3, 512), sampler(3, 512)]
    const after = Array.from({ length: 4 }, () => sampler(4, 64))
    assert.deepEqual(rateAfter([...before, ...after]), [64, 64, {}])
    assert.deepEqual(rateAfter([...before, ...after], [[48, 1, 3]]), [512, 512, {}])
    const tables = [0, 1, 2, 3, 4].map(() => [...sampler(3, 512), ...sampler(4, 64)])
    assert.deepEqual(rateAfter(tables), [1, null, { 'sampling-unknown': 1 }])
  })

  test('a long table of samplers is of one time, also if the collector restarts within it', () => {
    const first = sampler(1, 512)
    const others = [2, 3, 4, 5].map((id) => sampler(id, 64))
    const tables = [first, ...others, first, ...others].flat()
    assert.deepEqual(rateAfter([tables]), [1, null, { 'sampling-unknown': 1 }])
    const flow = flowSets([])
    const { decoder } = decodeAll([encodeV9({ sets: [...tables, ...others[0]!, ...others[1]!] })])
    const restored = openDecoder()
    restored.decoder.restore(JSON.parse(JSON.stringify(decoder.snapshot())))
    const after = [others[2]!, others[3]!, ...others, flow, ...others, flow]
    after.forEach((sets, i) =>
      restored.decoder.decode({ ...from, payload: encodeV9({ sequence: 1 + i, sets }) }),
    )
    assert.deepEqual(
      rowsOf(restored.flows).map((row) => row['samplingInterval']),
      [1, 64],
    )
  })

  test('also after a restart of the collector', () => {
    const sent = [3, 3, 4, 4, 4, 4].map((id, i) =>
      encodeV9({ sequence: i, sets: sampler(id, id === 3 ? 512 : 64) }),
    )
    const { decoder } = decodeAll(sent)
    const restored = openDecoder()
    assert.equal(restored.decoder.restore(JSON.parse(JSON.stringify(decoder.snapshot()))), true)
    restored.decoder.decode({ ...from, payload: encodeV9({ sequence: 6, sets: flowSets([]) }) })
    assert.equal(rowsOf(restored.flows)[0]?.['samplingInterval'], 64)
  })

  test('a rate that source ids differ about is that of none besides, and is again once they agree', () => {
    const told = (sourceId: number, rate: number) =>
      encodeV9({ sourceId, sequence: rate, sets: optionSets(system, [[34, 4, rate]]) })
    const flow = (sourceId: number, sequence: number) =>
      encodeV9({ sourceId, sequence, sets: flowSets([]) })
    const { rows, problems, decoder } = decodeAll([
      told(1, 100), told(2, 1000), flow(1, 101), flow(2, 1001), flow(3, 0), told(1, 1000), flow(3, 1),
    ]) // prettier-ignore
    assert.deepEqual(
      rows.map((row) => row['samplingInterval']),
      [100, 1000, 1, 1000],
    )
    assert.deepEqual([problems, decoder.exporters()[0]?.sampling], [{ 'sampling-unknown': 1 }, 1000]) // prettier-ignore
  })

  test('the only sampler of its own source id, before a rate for all of another', () => {
    const { rows } = decodeAll([
      encodeV9({ sourceId: 1, sets: optionSets(system, [[34, 4, 1000]]) }),
      encodeV9({ sourceId: 2, sets: [...sampler(3, 100), ...flowSets([])] }),
    ])
    assert.equal(rows[0]?.['samplingInterval'], 100)
  })

  test('announced under another source id', () => {
    const { rows } = decodeAll([
      encodeV9({ sourceId: 1, sets: optionSets(system, [[34, 4, 100]]) }),
      encodeV9({ sourceId: 2, sets: flowSets([]) }),
    ])
    assert.equal(rows[0]?.['samplingInterval'], 100)
  })

  test('announced for all under another source id, for a record that names its sampler', () => {
    const { rows, problems, decoder } = decodeAll([
      encodeV9({ sourceId: 1, sets: optionSets(system, [[34, 4, 100]]) }),
      encodeV9({ sourceId: 2, sets: flowSets([[48, 1, 3]]) }),
    ])
    assert.equal(rows[0]?.['samplingInterval'], 100)
    assert.deepEqual([problems, decoder.exporters()[0]?.sampling], [{}, 100])
  })

  test('IPFIX from the same address has a rate of its own, also after a restart of the collector', () => {
    const { rows, decoder } = decodeAll([
      encodeV9({ sets: [...optionSets(system, [[34, 4, 100]]), ...flowSets([])] }),
      encodeIpfix({ sets: flowSets([]) }),
    ])
    assert.deepEqual(pick(rows, 'samplingInterval'), [
      { samplingInterval: 100 },
      { samplingInterval: 1 },
    ])
    const state = decoder.snapshot()
    const restored = openDecoder()
    restored.decoder.restore(JSON.parse(JSON.stringify(state)))
    for (const payload of [
      encodeV9({ sourceId: 2, sets: flowSets([]) }),
      encodeIpfix({ observationDomain: 2, sets: flowSets([]) }),
    ])
      restored.decoder.decode({ ...from, payload })
    assert.deepEqual(
      pick(rowsOf(restored.flows), 'samplingInterval'),
      pick(rows, 'samplingInterval'),
    )
  })

  test('a snapshot of an older build, with one rate for all versions, is restored', () => {
    const { decoder } = decodeAll([encodeV9({ sets: optionSets(system, [[34, 4, 100]]) })])
    const state = decoder.snapshot() as DecoderState
    const exporters = state.exporters.map(({ samplings, ...others }) => {
      return { ...others, sampling: samplings[0]![1] }
    })
    const restored = openDecoder()
    assert.equal(restored.decoder.restore({ ...state, exporters }), true)
    restored.decoder.decode({ ...from, payload: encodeV9({ sourceId: 2, sets: flowSets([]) }) })
    assert.equal(rowsOf(restored.flows)[0]?.['samplingInterval'], 100)
  })
})

describe('sampling after a restart of the exporter', () => {
  const minutes = 60_000
  const sampled = (rate: number) => [
    ...sampler(3, rate),
    ...optionSets([[2, 4, 7]], [[34, 4, rate]], 401),
  ]
  interface Sent {
    version: 'v9' | 'ipfix'
    port: number
    atMs: number
    /** When its process started. */
    startMs: number
    options?: EncodedSet[]
  }
  const send = (
    { decoder }: ReturnType<typeof openDecoder>,
    { version, port, atMs, startMs, options = [] }: Sent,
  ) => {
    const at = {
      exportMs: testExportMs + atMs,
      uptimeMs: atMs - startMs,
      sequence: startMs < 0 ? 5000 : 0,
    }
    const sets = [...options, ...flowSets([])]
    const payload = version === 'v9' ? encodeV9({ ...at, sets }) : encodeIpfix({ ...at, sets })
    decoder.decode({ ...from, payload, sourcePort: port, receivedMs: from.receivedMs + atMs })
  }
  const restored = ({ decoder }: ReturnType<typeof openDecoder>) => {
    const open = openDecoder()
    open.decoder.restore(JSON.parse(JSON.stringify(decoder.snapshot())))
    return open
  }
  /** The rate of a flow from a port, at times after a sampling process of port 1 was last heard. */
  const rates = (
    version: 'v9' | 'ipfix',
    port: number,
    { at, isRestored = false, toldMs }: { at: number[]; isRestored?: boolean; toldMs?: number },
  ) => {
    let open = openDecoder()
    send(open, { version, port: 1, atMs: 0, startMs: -60 * minutes, options: sampled(100) })
    const startMs = at[0]! - 1000
    return at.map((atMs) => {
      const options = atMs === toldMs ? sampled(10) : []
      if (isRestored) open = restored(open)
      send(open, { version, port, atMs, startMs, options })
      return rowsOf(open.flows).at(-1)?.['samplingInterval']
    })
  }
  const begins = 5 * minutes
  for (const version of ['v9', 'ipfix'] as const) {
    test(`${version}: stays until another process has had the time to announce it`, () => {
      const at = [begins, begins + 14 * minutes, begins + 15 * minutes, begins + 16 * minutes]
      assert.deepEqual(rates(version, 2, { at }), [100, 100, 1, 1])
      assert.deepEqual(rates(version, 2, { at, isRestored: true }), [100, 100, 1, 1])
    })
    test(`${version}: is what another process announces, and nothing besides`, () => {
      const at = [begins, begins + 5 * minutes, begins + 20 * minutes]
      assert.deepEqual(rates(version, 2, { at, toldMs: at[1]! }), [100, 10, 10])
    })
    test(`${version}: from the same port stays until it is announced again`, () => {
      assert.deepEqual(rates(version, 1, { at: [begins, begins + 20 * minutes] }), [100, 100])
    })
  }
  test('of another process beside the one that announces it is the same', () => {
    assert.deepEqual(rates('ipfix', 2, { at: [500, 20 * minutes] }), [100, 100])
  })
  test('of a port that was quiet for a moment as another one began stays its own', () => {
    const open = openDecoder()
    const quiet = { version: 'ipfix', port: 1, startMs: -60 * minutes } as const
    send(open, { ...quiet, atMs: 0, options: sampled(100) })
    for (const atMs of [5000, 20 * minutes])
      send(open, { version: 'ipfix', port: 2, atMs, startMs: 5000 })
    send(open, { ...quiet, atMs: 20 * minutes + 1000 })
    assert.equal(rowsOf(open.flows).at(-1)?.['samplingInterval'], 100)
  })
})

describe('sampling rates, IPFIX', () => {
  const selector = (id: number): FieldValues => [[302, 2, id]]
  const cases: Record<string, { given: FieldValues; rate: number }> = {
    'interval and space': { given: [[304, 2, 1], [305, 4, 1], [306, 4, 99]], rate: 100 },
    'interval alone': { given: [[305, 4, 128]], rate: 128 },
    'an interval of 1 beside one of a population': { given: [[304, 2, 3], [305, 4, 1], [309, 4, 1], [310, 4, 256]], rate: 256 },
    'size of a population': { given: [[309, 4, 2], [310, 4, 200]], rate: 100 },
    'whole flows: interval and spacing': { given: [[390, 1, 1], [396, 1, 1], [397, 2, 99]], rate: 100 },
    probability: { given: [[311, 8, new Uint8Array([0x3f, 0x84, 0x7a, 0xe1, 0x47, 0xae, 0x14, 0x7b])]], rate: 100 },
    'probability in 4 bytes': { given: [[311, 4, new Uint8Array([0x3b, 0xa3, 0xd7, 0x0a])]], rate: 200 },
  } // prettier-ignore
  for (const [name, { given, rate }] of Object.entries(cases)) {
    test(`${name}, by selector`, () => {
      const sets = [...optionSets(selector(5), given), ...flowSets([[302, 2, 5]])]
      const { rows, problems } = decodeAll([encodeIpfix({ sets })])
      assert.equal(rows[0]?.['samplingInterval'], rate)
      assert.deepEqual(problems, {})
    })
    test(`${name}, in the record`, () => {
      const { rows } = decodeAll([encodeIpfix({ sets: flowSets(given) })])
      assert.equal(rows[0]?.['samplingInterval'], rate)
    })
  }

  describe('by selection sequence (PSAMP)', () => {
    const selectors = [[7, 256], [8, 10]].flatMap(([id, rate]) => optionSets([[302, 8, id!]], [[304, 2, 1], [305, 4, 1], [306, 4, rate! - 1]])) // prettier-ignore
    const sequence = (id: number, selector: number) => optionSets([[301, 8, id]], [[10, 4, 5], [302, 8, 99], [302, 8, selector]]) // prettier-ignore
    const flowOf = (id: number) => flowSets([[301, 8, id]])
    const ratesOf = (rows: readonly Row[]) => rows.map((row) => row['samplingInterval'])

    test('its last selector gives the rate', () => {
      const sets = [...selectors, ...sequence(70, 7), ...sequence(71, 8), ...flowOf(70), ...flowOf(71)] // prettier-ignore
      const { rows, problems } = decodeAll([encodeIpfix({ sets })])
      assert.deepEqual([ratesOf(rows), problems['sampling-unknown']], [[256, 10], undefined])
    })

    test('also after a restart of the collector', () => {
      const sets = [...selectors, ...sequence(70, 7), ...sequence(71, 8)]
      const { decoder } = decodeAll([encodeIpfix({ sets })])
      const restored = openDecoder()
      assert.ok(restored.decoder.restore(JSON.parse(JSON.stringify(decoder.snapshot()))))
      restored.decoder.decode({ ...from, payload: encodeIpfix({ sequence: 4, sets: flowOf(71) }) })
      assert.deepEqual(ratesOf(rowsOf(restored.flows)), [10])
    })

    test('statistics of it say nothing of its selector', () => {
      const sets = [...selectors, ...sequence(70, 7), ...optionSets([[301, 8, 70]], [[318, 8, 5]]), ...flowOf(70)] // prettier-ignore
      assert.deepEqual(ratesOf(decodeAll([encodeIpfix({ sets })]).rows), [256])
    })

    test('its own rate, told without a selector', () => {
      const told = [[70, 256], [71, 10]].flatMap(([id, rate]) => optionSets([[301, 8, id!]], [[305, 4, 1], [306, 4, rate! - 1]])) // prettier-ignore
      const sets = [...told, ...flowOf(70), ...flowOf(71)]
      assert.deepEqual(ratesOf(decodeAll([encodeIpfix({ sets })]).rows), [256, 10])
    })

    test('of one that is not announced the rate is not known, if selectors differ', () => {
      const sets = [...selectors, ...sequence(70, 7), ...flowOf(72)]
      const { rows, problems } = decodeAll([encodeIpfix({ sets })])
      assert.deepEqual([ratesOf(rows), problems['sampling-unknown']], [[1], 1])
    })
  })

  test('an unannounced selector is a problem, and not 1 in 1', () => {
    const { rows, decoder, problems } = decodeAll([encodeIpfix({ sets: flowSets([[302, 2, 9]]) })])
    assert.equal(rows[0]?.['samplingInterval'], 1)
    assert.equal(decoder.exporters()[0]?.sampling, null)
    assert.deepEqual(problems, { 'sampling-unknown': 1 })
  })
})

describe('names', () => {
  test('of interfaces, by a scope or a field, in v9 and IPFIX', () => {
    const name: FieldValues = [[82, 16, 'Gi0/1'], [83, 32, 'uplink']] // prettier-ignore
    for (const payload of [
      encodeV9({ sets: optionSets([[2, 4, 7]], name) }),
      encodeV9({ sets: optionSets(system, [[10, 4, 7], ...name]) }),
      encodeIpfix({ sets: optionSets([[10, 4, 7]], name) }),
      encodeIpfix({ sets: optionSets([[10, 4, 7]], [[82, 65_535, 'Gi0/1'], [83, 65_535, 'uplink']]) }), // prettier-ignore
    ]) {
      const { decoder, rows, problems } = decodeAll([payload])
      assert.deepEqual(decoder.exporters()[0]?.interfaces, [
        { index: 7, name: 'Gi0/1', alias: 'uplink', speed: null },
      ])
      assert.deepEqual([rows, problems], [[], {}])
    }
  })

  test('of applications and VRFs, and the exporter’s statistics of its own export', () => {
    const application = encodeIpfix({ sets: optionSets([[95, 4, 0x0d00_01cd]], [[96, 24, 'ssh'], [94, 16, 'secure shell']]) }) // prettier-ignore
    const vrf = encodeV9({ sets: optionSets([[1, 4, 0]], [[234, 4, 5], [236, 32, 'customer-a']]) }) // prettier-ignore
    const exported = (domain: number, sequence: number) => encodeIpfix({ observationDomain: domain, sequence, sets: optionSets([[144, 4, 1]], [[41, 8, 10], [42, 8, 300], [166, 8, 2]]) }) // prettier-ignore
    const { decoder, problems } = decodeAll([
      application,
      vrf,
      exported(1, 0),
      exported(1, 1),
      exported(2, 0),
    ])
    const restored = decodeAll([]).decoder
    assert.equal(restored.restore(JSON.parse(JSON.stringify(decoder.snapshot()))), true)
    for (const each of [decoder, restored]) {
      const [status] = each.exporters()
      assert.deepEqual(status?.applications, { [0x0d00_01cd]: 'ssh' })
      assert.deepEqual(status.vrfs, { 5: 'customer-a' })
      assert.deepEqual(status.statistics, { exportedMessageTotalCount: 20, exportedFlowRecordTotalCount: 600, notSentFlowTotalCount: 4 }) // prettier-ignore
    }
    assert.deepEqual(problems, {})
  })

  test('are limited in characters over all exporters, and a longer name needs the space', () => {
    const named = (index: number, name: string) => encodeIpfix({ sets: optionSets([[10, 4, index]], [[82, 65_535, name]]) }) // prettier-ignore
    const sent = ['10.0.0.1', '10.0.0.2', '10.0.0.1'].map((source, i) => ({
      payload: named(i === 2 ? 0 : i, 'x'.repeat(i === 2 ? 9 : 8)),
      source,
      sourcePort: i,
    }))
    const { decoder, problems } = decodeAll(sent, { limits: { optionTextMax: 16 } })
    const names = decoder.exporters().map(({ interfaces }) => interfaces[0]?.name?.length)
    assert.deepEqual(names, [8, 8])
    assert.deepEqual(problems, { 'options-too-many': 1 })
  })

  test('are limited in number and in length', () => {
    const template: EncodedOptionsTemplate = { id: 400, scopes: [field(10, 4)], fields: [field(82, 65_535)] } // prettier-ignore
    const records = Array.from({ length: 50 }, (_, i) => [i + 1, 'x'.repeat(1000)])
    const payload = encodeIpfix({
      sets: [{ optionsTemplates: [template] }, { data: template, records }],
    })
    const renamed = encodeIpfix({ sequence: 50, sets: [{ data: template, records: [[2, 'new']] }] })
    const limits = { optionEntriesPerExporterMax: 20 }
    const { decoder, problems } = decodeAll([payload, renamed], { limits })
    const interfaces = decoder.exporters()[0]?.interfaces ?? []
    assert.equal(interfaces.length, 20)
    assert.equal(interfaces[0]?.name?.length, 256)
    assert.equal(interfaces[1]?.name, 'new')
    assert.deepEqual(problems, { 'options-too-many': 30 })
  })
})

test('rates of samplers and of interfaces are limited in number, and those known still change', () => {
  const kinds: [told: (i: number, rate: number) => EncodedSet[], used: (i: number) => FieldValues][] = [
    [(i, rate) => optionSets(system, [[48, 1, i], [50, 4, rate]]), (i) => [[48, 1, i]]],
    [(i, rate) => optionSets([[2, 4, i]], [[34, 4, rate]]), (i) => [[10, 4, i]]],
  ] // prettier-ignore
  for (const [told, used] of kinds) {
    const rates = [...Array.from({ length: 8 }, (_, i) => told(i + 1, 100)), told(1, 7)]
    const sent = [...rates, flowSets(used(1)), flowSets(used(8))]
    const limits = { optionEntriesPerExporterMax: 5 }
    const { rows, problems } = decodeAll(sent.map((sets, i) => encodeV9({ sequence: i, sets })), { limits }) // prettier-ignore
    assert.deepEqual(rows.map((row) => row['samplingInterval']), [7, 1]) // prettier-ignore
    // Of the stream, and of all streams.
    assert.equal(problems['options-too-many'], 2 * 3)
  }
})

test('options without a scope, and with a scope of zero length', () => {
  const none = encodeV9({ sets: [...optionSets([], [[34, 4, 100]]), ...flowSets([])] })
  const empty = encodeV9({ sets: [...optionSets([[1, 0, 0]], [[34, 4, 100]]), ...flowSets([])] })
  for (const payload of [none, empty]) {
    const { rows, problems } = decodeAll([payload])
    assert.equal(rows[0]?.['samplingInterval'], 100)
    assert.deepEqual(problems, {})
  }
})

test('the system start from options data makes IPFIX uptimes exact', () => {
  const startMs = testExportMs - 50_000
  const sets = [
    ...optionSets([[143, 4, 1]], [[160, 8, startMs]]),
    ...flowSets([[22, 4, 10_000], [21, 4, 30_000]]).slice(0, 2), // prettier-ignore
  ]
  const template = { id: 300, fields: [field(8, 4), field(22, 4), field(21, 4)] }
  sets.push({ templates: [template] }, { data: template, records: [['10.0.0.1', 10_000, 30_000]] })
  const { rows } = decodeAll([encodeIpfix({ sets })])
  assert.equal(rows[1]?.['flowStartMilliseconds'], startMs + 10_000)
  assert.equal(rows[1]?.['flowEndMilliseconds'], startMs + 30_000)
})
