/** What share of an exporter's flows is lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { LostShares } from '../../../ingest/alerts/lost-shares.ts'

const exporter = { address: '192.0.2.1', lastSeen: 1, flows: 0, flowsLeftOut: 0 }
const lostOf = (flows: number) => ({ datagrams: 1, flows, flowsEstimated: false })

test('flows that the rules leave out are not lost', () => {
  const shares = new LostShares()
  shares.take([{ ...exporter, flowsLeftOut: 1000, lost: lostOf(0) }], 0)
  const now = { ...exporter, flows: 50, flowsLeftOut: 1049, lost: lostOf(1) }
  assert.deepEqual([...shares.take([now], 0)], [[exporter.address, 1]])
})
