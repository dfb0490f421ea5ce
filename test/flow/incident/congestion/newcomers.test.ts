/** Who had as much beside an event did no harm then, and is not named for it. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { newcomers } from '../../../../flow/incident/congestion/newcomers.ts'
import { Scene } from '../../../../flow/incident/scene/scene.ts'
import { t0, tableOf } from '../tables.ts'

const at = (seconds: number) => t0 + seconds * 1000

/** What is said of 10.0.0.22, which downloads from one second of the scene to another, evenly. */
function saidOf(from: number, to: number, isPart = true) {
  const flow = { source: '203.0.113.80', destination: '10.0.0.22', sourcePort: 443, destinationPort: 50_000 } // prettier-ignore
  const table = tableOf([{ ...flow, first: at(from), last: at(to), bytes: (to - from) * 1e6 }])
  const scene = new Scene(table, { from: t0, seconds: 600 })
  const host = scene.hosts.find('10.0.0.22')!
  const span = { from: 250, to: 350, isPart }
  const given = { span, direction: 'in' as const, events: [], steady: [], least: 0.6 }
  const { began, wentOn, facts } = newcomers(scene, [host], given)
  return { isNamed: began.includes(host), wentOn: wentOn.length, facts }
}

suite('newcomers of an event', () => {
  test('who began with it and ended with it is named', () => {
    assert.deepEqual(saidOf(250, 350), { isNamed: true, wentOn: 0, facts: [] })
  })

  test('who had as much before it is not, nor who had as much after what is only a part of what it had', () => {
    const why = (side: string) => `another host had much, but no more than just ${side}: it is not named` // prettier-ignore
    assert.deepEqual(saidOf(20, 350), { isNamed: false, wentOn: 1, facts: [why('before')] })
    assert.deepEqual(saidOf(250, 590, false), { isNamed: true, wentOn: 0, facts: [] })
    assert.deepEqual(saidOf(250, 590), { isNamed: false, wentOn: 0, facts: [why('after')] })
  })
})
