/**
 * The corpus named by WEIR_CORPUS, case by case; and the comparison itself, over a corpus made here,
 * to show that it finds differences.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'

import { testExportMs } from '../encode/fixed.ts'
import { encodeV9, field } from '../encode/sets.ts'
import { caseNames } from './case.ts'
import { checkCase } from './check-case.ts'
import { differenceLine, lineOf, summaryOf } from './report.ts'

const corpus = process.env['WEIR_CORPUS']
if (corpus !== undefined)
  describe('the corpus', () => {
    for (const name of caseNames(corpus))
      test(name, async (t) => {
        const checked = await checkCase(corpus, name)
        t.diagnostic(lineOf(checked))
        assert.deepEqual(checked.unexplained.slice(0, 5).map(differenceLine), [])
      })
  })

const template = {
  id: 256,
  fields: [field(8, 4), field(12, 4), field(7, 2), field(1, 4), field(2, 4), field(152, 8)],
}
const records = [['10.0.0.1', '10.0.0.2', 443, 1500, 3, testExportMs - 1000]] as const
const announced = encodeV9({ sets: [{ templates: [template] }] })
const data = encodeV9({ sequence: 1, sets: [{ data: template, records }] })

/** tshark's output for the only flow; a test changes one value of it. */
const flow = {
  'cflow.srcaddr': '10.0.0.1',
  'cflow.dstaddr': '10.0.0.2',
  'cflow.srcport': '443',
  'cflow.octets': '1500',
  'cflow.packets': '3',
}

describe('the comparison', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-corpus-'))
  after(() => rmSync(folder, { recursive: true }))

  const check = (name: string, flows: object[], payloads: Uint8Array[] = [announced, data]) => {
    const at = join(folder, name)
    mkdirSync(at)
    payloads.forEach((payload, i) => writeFileSync(join(at, `${i}.bin`), payload))
    const files = payloads.map((_, i) => ({ file: `${i}.bin`, datagrams: 1, form: 'raw UDP payload' })) // prettier-ignore
    const description = { id: name, files_in_order: files, expected: [], tshark: { flows: flows.length } } // prettier-ignore
    writeFileSync(join(at, 'case.json'), JSON.stringify(description))
    const set = Object.fromEntries(flows.map((one, i) => [`Flow ${i + 1}`, one]))
    const layers = payloads.map((payload) => ({ cflow: payload === data ? { 'FlowSet 1 [id=256] (1 flows)': set } : {} })) // prettier-ignore
    writeFileSync(join(at, '_tshark.json'), JSON.stringify(layers))
    return checkCase(folder, name)
  }

  test('the same result', async () => {
    const checked = await check('same', [flow])
    assert.deepEqual([checked.values, checked.unexplained, [...checked.explained]], [5, [], []])
    assert.match(lineOf(checked), /^same .* {2}same$/)
  })
  for (const [key, value] of Object.entries({
    'cflow.srcaddr': '10.0.0.9',
    'cflow.srcport': '80',
    'cflow.octets': '1501',
    'cflow.tos': '0x10',
    'cflow.inputint': '7',
    'cflow.abstimestart': 'Jan  1, 2020 00:00:00.000000000 UTC',
  }))
    test(`another ${key}`, async () => {
      const checked = await check(key, [{ ...flow, [key]: value }])
      assert.equal(checked.unexplained.length, 1)
      assert.match(lineOf(checked), /DIFFERENT 1/)
      assert.match(summaryOf([checked]), /1 different; \d+ values compared, 1 unexplained/)
    })
  test('a record that we lack, and one that only we have', async () => {
    const more = await check('more', [flow, { ...flow, 'cflow.srcport': '80' }])
    assert.deepEqual(more.unexplained.map(({ kind }) => kind), ['record-missing']) // prettier-ignore
    const none = await check('none', [])
    assert.deepEqual(none.unexplained.map(({ kind }) => kind), ['row-extra']) // prettier-ignore
  })
  test('data before its template, and sent twice, is explained by the contents of the datagrams', async () => {
    const waited = await check('waited', [flow], [data, announced, data])
    assert.deepEqual([...waited.explained.keys()], ['repeated'])
    assert.deepEqual(waited.unexplained, [])
  })
})
