import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { Errors } from 'typebox/value'

import { FilterAnswer } from '../../api/schema/filter.ts'
import { exporterStatus } from '../exporter-status.ts'
import { appUnderTest } from './app-under-test.ts'

const names = {
  networks: { '10.0.0.0/24': 'office', '10.0.0.22': 'bobby22' },
  exporters: { '192.0.2.1': { name: 'pfsense', interfaces: { 1: 'wan' } } },
}
const status = {
  running: true, startedAt: 0, exporters: [exporterStatus], refused: [], sockets: [],
} // prettier-ignore

suite('/api/filter', () => {
  test('returns the canonical form and the condition of a valid filter', async (t) => {
    const { app } = await appUnderTest(t, { names })
    const ask = async (text: string) => {
      const answer = await app.inject(`/api/filter?filter=${encodeURIComponent(text)}`)
      assert.equal(answer.statusCode, 200, answer.body)
      const body = answer.json<FilterAnswer>()
      assert.deepEqual([...Errors(FilterAnswer, body)], [])
      return body
    }
    const read = await ask('src host bobby22 && dst port http or in if wan')
    assert.equal(
      read.filter,
      'src host 10.0.0.22 and dst port 80 or exporter 192.0.2.1 and in if 1',
    )
    assert.match(read.sql!, /"destinationTransportPort" = 80/)
    assert.equal(read.error, null)
    assert.equal((await ask('')).filter, 'any')
    const refused = await ask('host bobby23')
    assert.deepEqual([refused.filter, refused.sql, refused.error?.position], [null, null, 5])
  })

  test('suggests known names', async (t) => {
    const { app } = await appUnderTest(t, { names, status: status as never })
    const ask = async (path: string) =>
      (await app.inject(path)).json<FilterAnswer>().suggestions.map(({ text }) => text)
    assert.deepEqual(await ask('/api/filter?filter=exporter+'), ['pfsense'])
    assert.deepEqual(await ask('/api/filter?filter=host+of&position=7'), ['office'])
    assert.deepEqual(await ask('/api/filter?filter=in+if+w'), ['wan'])
  })
})
