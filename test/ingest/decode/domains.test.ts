/** Exporters of several observation domains: whose numbers count, and whose templates apply. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { SequenceEvent } from '../../../flow/sequence.ts'
import { testExportMs } from '../../encode/fixed.ts'
import {
  encodeIpfix,
  field,
  type EncodedOptionsTemplate,
  type EncodedSet,
  type EncodedTemplate,
} from '../../encode/sets.ts'
import { decodeAll, from, openDecoder, type Decoded } from './decoded.ts'

const times = [field(152, 8), field(153, 8)]
const template: EncodedTemplate = {
  id: 256,
  fields: [field(8, 4), field(12, 4), field(1, 4), ...times],
}
const statistics: EncodedOptionsTemplate = {
  id: 462,
  scopes: [field(144, 4)],
  fields: [field(167, 8)],
}

const announced: EncodedSet = { templates: [template] }
const announcedStatistics: EncodedSet = { optionsTemplates: [statistics] }
const told: EncodedSet = { data: statistics, records: [[1, 0]] }

function flows(count = 1): EncodedSet {
  const [first, last] = [testExportMs - 9000, testExportMs - 1000]
  const record = ['10.0.0.1', '10.0.0.2', 100, first, last] as const
  return { data: template, records: Array.from({ length: count }, () => record) }
}

type Sent = readonly [domain: number, set: EncodedSet]

const recordsIn = (set: EncodedSet) => ('data' in set ? set.records.length : 0)

/** Messages as Open vSwitch sends them: one counter of records, whatever their domain. */
function oneCounter(sent: readonly Sent[]): Uint8Array[] {
  let sequence = 1
  return sent.map(([observationDomain, set]) => {
    const message = encodeIpfix({ sequence, observationDomain, sets: [set] })
    sequence += recordsIn(set)
    return message
  })
}

/** Messages as the standard says: each domain with its own counter, from the given numbers. */
function ownCounters(sent: readonly Sent[], numbers: Record<number, number>): Uint8Array[] {
  return sent.map(([observationDomain, set]) => {
    const sequence = numbers[observationDomain]!
    numbers[observationDomain] = sequence + recordsIn(set)
    return encodeIpfix({ sequence, observationDomain, sets: [set] })
  })
}

const lostOf = ({ decoder }: Pick<Decoded, 'decoder'>) => decoder.exporters()[0]!.lost.flows
const inGaps = (events: readonly SequenceEvent[]) =>
  events.flatMap(({ gaps }) => gaps).reduce((sum, gap) => sum + gap.flows, 0)

const repeated = (count: number, ...sent: Sent[]) =>
  Array.from({ length: count }, () => sent).flat()

/** What Open vSwitch sends of a bridge every template interval. */
const ofBridge: Sent[] = [[123, announced], [0, announcedStatistics], [0, told], ...repeated(300, [123, flows()])] // prettier-ignore
/** What it sends of a sampling flow table: the templates in one domain only. */
const ofTable: Sent[] = [[7, announced], [0, announcedStatistics], [0, told], ...repeated(9, [7, flows()], [8, flows()])] // prettier-ignore

describe('one counter for all domains', () => {
  test('statistics of domain 0 among the data of another: nothing is lost', () => {
    const decoded = decodeAll(oneCounter([...ofBridge, ...ofBridge, ...ofBridge]))
    assert.equal(decoded.rows.length, 900)
    assert.equal(lostOf(decoded), 0)
    assert.equal(inGaps(decoded.events), 0)
  })

  test('a domain that announces no templates uses those of the others, for what waited, too', () => {
    const decoded = decodeAll(oneCounter(ofTable))
    assert.equal(decoded.rows.length, 18)
    const domains = decoded.rows.map((row) => row['observationDomainId'])
    assert.equal(domains.filter((domain) => domain === 8).length, 9)
    assert.equal(lostOf(decoded), 0)
  })

  test('what is lost is seen, once, and taken back if it was only late', () => {
    const messages = oneCounter([...ofTable, ...ofTable])
    const [late] = messages.splice(30, 1)
    messages.splice(25, 1)
    const decoded = decodeAll(messages)
    assert.equal(lostOf(decoded), 2)
    decoded.decoder.decode({ ...from, payload: late! })
    assert.equal(lostOf(decoded), 1)
    assert.equal(inGaps(decoded.events), 1)
  })

  test('a restart of the collector before that is clear: no more than was counted before it is lost', () => {
    const messages = oneCounter([...ofBridge, ...ofBridge])
    const { decoder } = decodeAll(messages.slice(0, ofBridge.length))
    assert.equal(decoder.exporters()[0]?.lost.flows, 1)
    const again = openDecoder()
    assert.ok(again.decoder.restore(structuredClone(decoder.snapshot())))
    for (const payload of messages.slice(ofBridge.length)) again.decoder.decode({ ...from, payload }) // prettier-ignore
    assert.equal(lostOf(again), 1)
  })

  test('also after a restart of the collector', () => {
    const messages = oneCounter([...ofTable, ...repeated(9, [7, flows()], [8, flows(2)])])
    const { decoder } = decodeAll(messages.slice(0, ofTable.length))
    const again = openDecoder()
    assert.ok(again.decoder.restore(structuredClone(decoder.snapshot())))
    for (const payload of messages.slice(ofTable.length)) again.decoder.decode({ ...from, payload })
    assert.equal(again.flows.count, 27)
    assert.equal(lostOf(again), 0)
  })
})

describe('a counter for each domain', () => {
  const sent: Sent[] = [[1, announced], [2, announced], ...repeated(60, [1, flows()], [2, flows()])] // prettier-ignore

  for (const [name, numbers] of Object.entries({
    'far apart': { 1: 5000, 2: 90 },
    'in step, so that either could be meant': { 1: 0, 2: 0 },
  }))
    test(`${name}: each loses its own`, () => {
      for (const index of [3, 4, 5, 6, 40, 41]) {
        const messages = ownCounters(sent, { ...numbers })
        messages.splice(index, 1)
        const decoded = decodeAll(messages)
        assert.equal(lostOf(decoded), 1, `without message ${index}`)
        assert.equal(decoded.decoder.exporters()[0]?.takenBack?.flows, 0)
      }
    })

  test('one of them that announces no templates has none', () => {
    const own: Sent[] = [[1, announced], ...repeated(9, [1, flows()], [2, flows()])]
    const decoded = decodeAll(ownCounters(own, { 1: 5000, 2: 90 }))
    assert.equal(decoded.rows.length, 9)
  })
})
