/** An explanation and the list of incidents: of one time they do not tell two things. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { explainAnswer } from '../../api/query/explain/answer.ts'
import { findEvent } from '../../api/query/explain/find-event.ts'
import { NetworkSet, parseNetwork } from '../../flow/address.ts'
import type { Incident } from '../../flow/incident/incident.ts'
import type { FlowStore } from '../../store/flows.ts'
import type { SeriesReader } from '../../store/series.ts'
import { officeFlows } from '../flow/incident/office.ts'
import { eventFlows, t0, type TestFlow } from '../flow/incident/tables.ts'
import { readSettings } from '../settings.ts'

const seconds = 5400
const cut = { from: 2700, to: 2940 }
const office = officeFlows({ seed: 7, hosts: 30, pages: 1, connections: 4, seconds, cut })
const settings = {
  ...readSettings({}),
  local: new NetworkSet([parseNetwork('10.0.0.0/8')!]),
}
/** Nothing is known of earlier days. */
const series = { coverage: async () => [], extent: async () => null } as unknown as SeriesReader

function download(host: string, from: number, to: number, rate: number): Partial<TestFlow>[] {
  return Array.from({ length: 6 }, (_, i) => ({
    source: '203.0.113.80',
    destination: host,
    sourcePort: 443,
    destinationPort: 30_000 + i,
    first: t0 + (from + i * 0.3) * 1000,
    last: t0 + to * 1000 - 100,
    bytes: ((to - from) * rate) / 6,
  }))
}

/** What is said of the whole time, or of a part of it. */
async function explained(
  all: readonly Partial<TestFlow>[],
  { from = 0, to = seconds, listed = [] as Incident[] } = {},
) {
  const flows = {
    extent: async () => ({ rows: all.length, first: t0, last: t0 + seconds * 1000 }),
    breaks: async () => [],
    scan: async (query, start) =>
      start()(
        eventFlows(all.filter(({ first, last }) => first! < query.to && last! >= query.from)),
      ),
  } as Partial<FlowStore> as FlowStore
  const window = {
    from: t0 + from * 1000,
    to: t0 + to * 1000,
    filter: undefined,
    exporter: undefined,
    include: 'any',
    isFixed: true,
  } as const
  const incidents = { between: async () => listed } as never
  const event = await findEvent(window, { settings, series, flows, incidents })
  const wording = { zone: 'UTC', hostName: () => null, exporterName: () => null }
  const { sentence } = await explainAnswer(event, null, wording)
  return { event, sentence }
}

test('who stands out only from a long window is not accused', async () => {
  // Ten minutes before, the line carried eight times as much and nobody suffered.
  const flows = [
    ...office,
    ...download('10.0.0.101', 2000, 2450, 40e6),
    ...download('10.0.0.100', cut.from, cut.to, 5e6),
  ]
  for (const window of [{}, { from: 2700, to: 3000 }])
    assert.equal((await explained(flows, window)).event.incident, null)
})

test('what is not in the list is told with just that', async () => {
  const flows = [...office, ...download('10.0.0.100', cut.from, cut.to, 5e6)]
  const { event, sentence } = await explained(flows)
  assert.deepEqual(event.incident?.actors.map(({ host }) => host), ['10.0.0.100'])
  assert.match(sentence, /received 1\.2 GB, .*\. This is not in the list of incidents: /)
  const listed = [{ ...event.incident, id: 'listed' }]
  const again = await explained(flows, { listed })
  assert.equal(again.event.incident?.id, 'listed')
  assert.doesNotMatch(again.sentence, /not in the list/)
}) // prettier-ignore

test('of an event that the list tells otherwise, the list is right', async () => {
  const flows = [...office, ...download('10.0.0.100', cut.from, cut.to, 5e6)]
  const { event } = await explained(flows)
  const silence: Incident = { ...event.incident!, id: 'listed', kind: 'silence', actors: [] }
  const again = await explained(flows, { listed: [silence] })
  assert.deepEqual([again.event.incident?.kind, again.event.incident?.actors], ['silence', []])
})
