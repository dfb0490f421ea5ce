/** How certainly counts are lower than chance explains. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { fallBeyondChance, signsOfLife } from '../../../../flow/incident/effect/chance.ts'
import { Scene } from '../../../../flow/incident/scene/scene.ts'
import { t0, tableOf, type TestFlow } from '../tables.ts'

const seconds = 1200
const run = { from: 600, to: 620 }
const events = [run]

/** `many` at once every `every` seconds; in the run, `within` each second. */
const counts = (many: number, every: number, within = 0) =>
  Float64Array.from({ length: seconds }, (_, t) =>
    t >= run.from && t < run.to ? within : t % every === 0 ? many : 0,
  )

suite('a fall beyond chance', () => {
  test('for a steady count: as many as were due', () => {
    assert.equal(fallBeyondChance(counts(1, 1), { run, usual: 1, events }), 20)
  })

  test('hardly any if half came', () => {
    const sure = fallBeyondChance(counts(1, 1, 0.5), { run, usual: 1, events })
    assert.ok(sure > 3 && sure < 3.1, `${sure}`)
  })

  test('none if as many came as were due, or more', () => {
    assert.equal(fallBeyondChance(counts(1, 1, 2), { run, usual: 1, events }), 0)
    assert.equal(fallBeyondChance(counts(1, 1), { run, usual: 0, events }), 0)
  })

  test('less if more come at once', () => {
    const sure = fallBeyondChance(counts(30, 30), { run, usual: 1, events })
    assert.ok(sure < 2, `${sure}`)
  })

  test('a scan elsewhere does not reduce it', () => {
    const scanned = counts(1, 1)
    scanned.fill(500, 100, 110)
    const sure = fallBeyondChance(scanned, { run, usual: 1, events })
    assert.ok(sure > 15, `${sure}`)
  })
})

suite('signs of life', () => {
  const scene = (flows: readonly Partial<TestFlow>[]) =>
    new Scene(tableOf(flows), { from: t0, seconds: 60 })
  const asks = (at: number, port: number, host = '10.0.0.22'): Partial<TestFlow> => ({
    first: t0 + at * 1000,
    last: t0 + at * 1000 + 100,
    source: host,
    sourcePort: port,
  })
  const answers = (at: number, port: number): Partial<TestFlow> => ({
    first: t0 + at * 1000 + 20,
    last: t0 + at * 1000 + 100,
    source: '203.0.113.80',
    destination: '10.0.0.22',
    sourcePort: 443,
    destinationPort: port,
  })
  const seen = (values: Float64Array) =>
    [...values.entries()].filter(([, count]) => count > 0).map(([t, count]) => [t, count])

  test('a host counts once in five seconds, whatever the order of its flows', () => {
    const flows = [asks(13, 3), asks(11, 1), asks(11, 2), asks(16, 4), asks(12, 5, '10.0.0.23')]
    const [opened, answered] = signsOfLife(scene(flows), () => true)
    assert.deepEqual(seen(opened!), [[11, 1], [12, 1], [16, 1]]) // prettier-ignore
    assert.deepEqual(seen(answered!), [])
  })

  test('answers are what came from outside', () => {
    const [, answered] = signsOfLife(
      scene([asks(11, 1), answers(11, 1), answers(14, 2)]),
      () => true,
    )
    assert.deepEqual(seen(answered!), [[11, 1]])
  })

  test('excluded hosts do not count', () => {
    const told = scene([asks(11, 1), answers(11, 1)])
    const own = told.hosts.find('10.0.0.22')
    for (const counts of signsOfLife(told, (host) => host !== own))
      assert.deepEqual(seen(counts), [])
  })
})
