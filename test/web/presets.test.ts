/** FlowViewer's statistics and printed forms: all present, and each a query that the API answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Errors } from 'typebox/value'

import { Flow, FlowsAnswer, FlowsQuery, TopAnswer, TopQuery } from '../../api/schema/schema.ts'
import { filterOf, presets, printed, statistics } from '../../web/reports/presets.ts'
import { appUnderTest } from '../api/app-under-test.ts'
import { scratchFolder } from '../processes.ts'
import { archive, t0, testFlow } from '../store/archive/archived.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import { NetworkSet } from '../../flow/address.ts'

test('there are 21 statistics and 13 printed forms, each under its own name', () => {
  assert.equal(statistics.length, 21)
  assert.equal(printed.length, 13)
  assert.equal(new Set(presets.map(({ id }) => id)).size, presets.length)
})

test('each is answered from the archive', async (t) => {
  const folder = await scratchFolder()
  await archive(folder, [testFlow({ first: t0, last: t0 + 1000 }), testFlow({ first: t0, last: t0 + 1000, source: '2001:db8::1', destination: '2001:db8::2' })]) // prettier-ignore
  const flows = await openFlowStore(folder, { local: new NetworkSet([]) })
  t.after(() => flows.close())
  const { app } = await appUnderTest(t, { options: { flows } })
  for (const preset of presets) {
    const { id, kind, order } = preset
    const range = { from: String(t0 / 1000 - 60), to: String(t0 / 1000 + 60), order }
    const filter = filterOf(preset)
    const query = { ...range, ...(filter ? { filter } : {}), ...(kind === 'top' ? { by: preset.by } : {}) } // prettier-ignore
    assert.deepEqual([...Errors(kind === 'top' ? TopQuery : FlowsQuery, query)], [], id)
    const response = await app.inject(`/api/${kind}?${new URLSearchParams(query).toString()}`)
    assert.equal(response.statusCode, 200, `${id}: ${response.body.slice(0, 200)}`)
    const answer = response.json<TopAnswer & FlowsAnswer>()
    const rows = kind === 'top' ? answer.rows : answer.flows
    assert.ok(rows.length > 0, id)
    if (preset.kind === 'flows')
      for (const column of preset.columns)
        assert.ok(column === 'duration' || column in Flow.properties, `${id}: ${column}`)
  }
})
