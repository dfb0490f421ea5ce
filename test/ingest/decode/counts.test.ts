/** Implausible counts, by themselves or after scaling by the sampling rate. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { encodeIpfix, field, type EncodedSet, type EncodedTemplate } from '../../encode/sets.ts'
import { decodeAll, pick } from './decoded.ts'
import { optionsOf, recordOf, times, type FieldValues } from './layout.ts'

const rateMax = 2 ** 32 - 1
const ends: FieldValues = [[8, 4, '10.0.0.1'], [12, 4, '192.0.2.1'], [4, 1, 6]] // prettier-ignore

describe('a count that its rate takes beyond 2^53 is 0, and counted', () => {
  test('by a rate in the record', () => {
    const given: FieldValues = [...ends, [1, 8, 2n ** 40n], [2, 8, 3], [34, 4, rateMax], ...times]
    const { rows, problems, decoder } = decodeAll([encodeIpfix({ sets: recordOf(256, given) })])
    assert.deepEqual(pick(rows, 'octetDeltaCount', 'packetDeltaCount'), [
      { octetDeltaCount: 0, packetDeltaCount: 3 },
    ])
    assert.deepEqual(problems, { 'counter-too-large': 1 })
    const { bytes, packets } = decoder.exporters()[0]!
    assert.deepEqual([bytes, packets], [0, 3 * rateMax])
  })

  test('by a rate set for all: only the one record of several', () => {
    const template: EncodedTemplate = {
      id: 257,
      fields: [field(8, 4), field(12, 4), field(1, 8), field(2, 8), field(152, 8), field(153, 8)],
    }
    const of = (octets: bigint) => ['10.0.0.1', '192.0.2.1', octets, 3, times[0]![2], times[1]![2]]
    const data: EncodedSet = { data: template, records: [of(300n), of(2n ** 52n), of(400n)] }
    const sets = [...optionsOf(258, [[149, 4, 0]], [[34, 4, 1000]]), { templates: [template] }, data] // prettier-ignore
    const { rows, problems, decoder } = decodeAll([encodeIpfix({ sets })])
    assert.deepEqual(rows.map((row) => row['octetDeltaCount']), [300, 0, 400]) // prettier-ignore
    assert.deepEqual(problems, { 'counter-too-large': 1 })
    assert.equal(decoder.exporters()[0]?.bytes, 700_000)
  })

  test('in the reverse direction', () => {
    const back: FieldValues = [[1, 8, 2n ** 52n, 29_305], [2, 8, 7, 29_305]] // prettier-ignore
    const given: FieldValues = [...ends, [1, 8, 300], [2, 8, 3], ...back, [34, 4, 1000], ...times]
    const { rows, problems, decoder } = decodeAll([encodeIpfix({ sets: recordOf(256, given) })])
    assert.deepEqual(pick(rows, 'octetDeltaCount', 'packetDeltaCount'), [
      { octetDeltaCount: 300, packetDeltaCount: 3 },
      { octetDeltaCount: 0, packetDeltaCount: 7 },
    ])
    assert.deepEqual(problems, { 'counter-too-large': 1 })
    assert.equal(decoder.exporters()[0]?.bytes, 300_000)
  })
})
