/** A starting API warms up on the newest flows, after the first requests, and stops at its end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { until } from '../until.ts'
import { appUnderTest, exporter } from './app-under-test.ts'
import { flow } from './memory-flows.ts'

const noon = Date.UTC(2026, 10, 16, 12)
const hourMs = 3_600_000
const flows = [flow({ first: noon, last: noon + 1000 }), flow({ first: noon - 5 * hourMs, last: noon - 5 * hourMs })] // prettier-ignore
const steps = { '5m': [{ time: noon, exporter }] }

test('an API that has started to listen queries the four hours before the newest flow four times', async (t) => {
  const { app, flows: store } = await appUnderTest(t, { flows, steps })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const spans = () => store.asked.map(({ from, to }) => [to - from, to])
  // A look is six queries of the store: three for series, three for tables.
  const last = () =>
    spans().filter(([length, to]) => length === 4 * hourMs && to === noon + 300_000 - 3 * 600_000)
  await until(() => last().length === 6)
  const ofTables = spans().filter(([length]) => length === 4 * hourMs)
  for (let look = 0; look < 4; look++)
    assert.ok(
      ofTables.some(([, to]) => to === noon + 300_000 - look * 600_000),
      `look ${look}`,
    )
  const count = store.asked.length
  await sleep(300)
  assert.equal(store.asked.length, count, 'and then no more')
})

test('it stops when the API ends', async (t) => {
  const { app, flows: store } = await appUnderTest(t, { flows, steps })
  await app.listen({ host: '127.0.0.1', port: 0 })
  await until(() => store.asked.length > 0)
  await app.close()
  const count = store.asked.length
  await sleep(200)
  assert.equal(store.asked.length, count)
})

test('without flows there is nothing to query', async (t) => {
  const { app, flows: store } = await appUnderTest(t)
  const extent = t.mock.method(store, 'extent')
  await app.listen({ host: '127.0.0.1', port: 0 })
  await until(() => extent.mock.callCount() > 0)
  // Closing waits for the query to end.
  await app.close()
  assert.equal(extent.mock.callCount(), 1)
  assert.equal(store.asked.length, 0)
})
