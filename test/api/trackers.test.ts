/** A tracker's life: created, revised with a dated comment, renamed, archived, restarted, removed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { AnnotationsAnswer } from '../../api/schema/state.ts'
import type { Tracker, TrackersAnswer } from '../../api/schema/trackers.ts'
import { openApiState } from '../../api/documents/state.ts'
import { scratchFolder } from '../processes.ts'
import { appUnderTest } from './app-under-test.ts'
import { flow } from './memory-flows.ts'

const hourMs = 3_600_000
const noon = Date.UTC(2026, 10, 16, 12)

test('a tracker from creation to removal', async (t) => {
  let nowMs = noon
  const now = () => nowMs
  const state = openApiState(await scratchFolder(), now)
  const first = noon - 24 * hourMs
  const flows = [flow({ first, last: first + 1000 })]
  const { app } = await appUnderTest(t, { flows, options: { state, now } })
  const ask = async <Answer>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: object,
  ) => {
    const asked = { method, url: `/api/trackers${path}`, ...(body ? { payload: body } : {}) }
    const response = await app.inject(asked)
    assert.ok(response.statusCode < 300, `${method} ${path}: ${response.body}`)
    return response.json<Answer>()
  }
  const made = await ask<Tracker>('POST', '', { name: 'Mirror', filter: 'dst net 203.0.113.0/24', from: (noon - 48 * hourMs) / 1000 }) // prettier-ignore
  assert.deepEqual(
    made.spans.map(({ from, to }) => [from, to]),
    [[Math.floor(first / 300_000) * 300, null]],
    'it begins with the archive at the earliest',
  )
  const path = `/${made.id}`
  nowMs += hourMs
  const comment = 'the mirror has a second network'
  const filter = 'dst net 203.0.113.0/24 or dst net 198.51.100.0/24'
  const revised = await ask<Tracker>('PUT', path, { filter, comment })
  assert.equal(revised.spans.length, 2)
  assert.equal(revised.spans[0]!.to, revised.spans[1]!.from, 'no time between the filters')
  const { annotations } = (await app.inject(`/api/annotations?tracker=${made.id}`)).json<AnnotationsAnswer>() // prettier-ignore
  assert.deepEqual(
    annotations.map(({ from, text }) => [from, text]),
    [[nowMs / 1000, comment]],
  )
  const renamed = await ask<Tracker>('PUT', path, {
    name: 'Mirrors',
    group: 'Servers',
    side: 'below',
  })
  assert.deepEqual([renamed.name, renamed.group, renamed.side], ['Mirrors', 'Servers', 'below'])
  assert.deepEqual(renamed.spans, revised.spans)
  nowMs += hourMs
  const archived = await ask<Tracker>('PUT', path, { state: 'archived' })
  assert.equal(archived.state, 'archived')
  assert.equal(archived.spans.at(-1)!.to, nowMs / 1000 + 300)
  nowMs += hourMs
  const restarted = await ask<Tracker>('PUT', path, { state: 'running' })
  assert.equal(restarted.state, 'running')
  assert.equal(restarted.filter, filter)
  assert.ok(
    restarted.spans.at(-1)!.from > archived.spans.at(-1)!.to!,
    'the time between is not followed',
  )
  await ask('DELETE', path)
  assert.deepEqual((await ask<TrackersAnswer>('GET', '')).trackers, [])
})

for (const [body, said] of [
  [{ name: 'Mirror' }, '"filter" is missing'],
  [{ name: 7, filter: 'port 443' }, '"name" is not of type string'],
  [{ name: 'Mirror', filter: 'port 443', from: 'yesterday' }, '"from" is not of type number'],
] as const)
  test(`an invalid body is refused with a reason: ${said}`, async (t) => {
    const { app } = await appUnderTest(t, {
      options: { state: openApiState(await scratchFolder(), () => noon), now: () => noon },
    })
    const answer = await app.inject({ method: 'POST', url: '/api/trackers', payload: body })
    assert.equal(answer.statusCode, 400)
    assert.equal(answer.json<{ error: { message: string } }>().error.message, said)
  })
