/** Who of a short run is an actor of the whole event. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { actorsOfWhole } from '../../../../flow/incident/congestion/candidates-beside.ts'
import { Scene } from '../../../../flow/incident/scene/scene.ts'
import { t0, tableOf } from '../tables.ts'

test('who had much only where an event begins is no actor of the whole', () => {
  const part = (destination: string, from: number, to: number, rate: number) => {
    const [first, last] = [t0 + from * 1000, t0 + to * 1000]
    return { source: '203.0.113.80', destination, first, last, bytes: rate * (to - from) }
  }
  const table = tableOf([
    part('10.0.0.1', 0, 600, 9e5),
    part('10.0.0.2', 100, 400, 1e6),
    part('10.0.0.3', 75, 110, 1e6),
    part('10.0.0.3', 110, 400, 2e4),
  ])
  const scene = new Scene(table, { from: t0, seconds: 600 })
  const [steady, culprit, soon] = [1, 2, 3].map((n) => scene.hosts.find(`10.0.0.${n}`)!)
  const run = { from: 95, to: 112, direction: 'in' as const, bytes: 1 }
  const candidate = { ...run, actors: [culprit!, soon!], steady: [steady!] }
  assert.deepEqual(actorsOfWhole(scene, candidate, run), [culprit, soon])
  assert.deepEqual(actorsOfWhole(scene, candidate, { from: 75, to: 400 }), [culprit])
  // Without a transfer that goes on, too.
  assert.deepEqual(actorsOfWhole(scene, { ...run, actors: [steady!, soon!] }, { from: 75, to: 600 }), [steady]) // prettier-ignore
})

test('of many alike, none of which has much of the whole, all are', () => {
  const alike = Array.from({ length: 12 }, (_, i) => ({
    source: '203.0.113.80', destination: `10.0.0.${1 + i}`, first: t0, last: t0 + 60_000, bytes: 1e8 / (1 + i / 4),
  })) // prettier-ignore
  const scene = new Scene(tableOf(alike), { from: t0, seconds: 60 })
  const actors = alike.map(({ destination }) => scene.hosts.find(destination)!)
  const run = { from: 0, to: 60, direction: 'in' as const, bytes: 1, actors }
  assert.deepEqual(actorsOfWhole(scene, run, run), actors)
})
