/** An event lasts from the first of its connections to their end, whatever else the host did. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { boundsOf, returnOf } from '../../../../flow/incident/congestion/bounds.ts'
import { Scene } from '../../../../flow/incident/scene/scene.ts'
import { t0, tableOf, type TestFlow } from '../tables.ts'

const grid = { from: t0, seconds: 600 }
const at = (seconds: number) => t0 + seconds * 1000

/** Traffic received by 10.0.0.22, in seconds of the scene. */
const got = (from: number, to: number, given: Partial<TestFlow>): Partial<TestFlow> => ({
  source: '203.0.113.80',
  destination: '10.0.0.22',
  sourcePort: 443,
  destinationPort: 50_000,
  first: at(from),
  last: at(to),
  ...given,
})

/** Three records of a connection opened at `from`, cut each minute, at 200 kB/s. */
const lasting = (from: number, port: number) =>
  [0, 60, 120].map((later) =>
    got(from + later, from + later + 60, { destinationPort: port, bytes: 12e6 }),
  )

function boundsIn(
  flows: readonly Partial<TestFlow>[],
  others = new Float64Array(grid.seconds),
  run = { from: 205, to: 375 },
) {
  const scene = new Scene(tableOf(flows), grid)
  const actors = new Set([scene.hosts.find('10.0.0.22')!])
  return boundsOf(scene, run, { actors, direction: 'in', others })
}

const six = [0, 1.3, 2.6, 4, 5.3, 6.6].flatMap((later, i) => lasting(200.2 + later, 20_000 + i))

suite('bounds of a congestion', () => {
  test('it begins with the first of its connections, and ends with the last', () => {
    assert.deepEqual(boundsIn(six), { from: 200, to: 387 })
  })

  test('a page that the host fetched just before and just after is not part of it', () => {
    const pages = [
      got(193, 200.5, { destinationPort: 30_000, bytes: 900_000 }),
      got(385, 392, { destinationPort: 30_001, bytes: 900_000 }),
    ]
    assert.deepEqual(boundsIn([...six, ...pages]), { from: 200, to: 387 })
  })

  test('what the host had open throughout is not part of it', () => {
    const open = Array.from({ length: 10 }, (_, i) =>
      got(i * 60, i * 60 + 59.9, { destinationPort: 40_000, bytes: 3e6 }),
    )
    assert.deepEqual(boundsIn([...six, ...open]), { from: 200, to: 387 })
  })

  test('a call before and after it, in which the host had most too, is not part of it', () => {
    const call = Array.from({ length: 10 }, (_, i) =>
      got(i * 60, i * 60 + 59.9, { destinationPort: 40_000, bytes: 3e6 }),
    )
    const short = [0, 1.3, 2.6].map((later, i) =>
      got(200.2 + later, 230 + later, { destinationPort: 20_000 + i, bytes: 12e6 }),
    )
    const run = { from: 1, to: 599 }
    const others = new Float64Array(grid.seconds)
    assert.deepEqual(boundsIn([...short, ...call], others, run), { from: 200, to: 233 })
  })

  test('what goes on at a lower rate is not part of it because the others are cut off some time after it', () => {
    const call = [
      got(100.2, 199.8, { destinationPort: 20_000, bytes: 1e8 }),
      got(199.9, 500, { destinationPort: 20_000, bytes: 3e6 }),
    ]
    const quiet = (from: number) =>
      Float64Array.from({ length: 600 }, (_, t) => (t < from || t >= 400 ? 1 : 0))
    const run = { from: 101, to: 199 }
    assert.deepEqual(boundsIn(call, quiet(300), run), { from: 100, to: 200 })
    assert.deepEqual(boundsIn(call, quiet(110), run), { from: 100, to: 400 })
  })

  test('a slow start belongs to it: it begins with the connection’s first packet', () => {
    const records = [1e3, 1e5, 1e6, 9e6].map((bytes, i) =>
      got(165 + i * 10, 175 + i * 10, { destinationPort: 20_000, bytes }),
    )
    const full = got(205, 380.5, { destinationPort: 20_000, bytes: 2e8 })
    assert.deepEqual(boundsIn([...records, full]), { from: 165, to: 381 })
  })

  test('if an older connection carries it, the rate sets its bounds', () => {
    const slow = got(0, 199.5, { destinationPort: 20_000, bytes: 1e5 })
    const full = got(200.4, 380.5, { destinationPort: 20_000, bytes: 2e8 })
    assert.deepEqual(boundsIn([slow, full]), { from: 200, to: 381 })
  })

  test('if the older connection’s records span the start, the others’ silence sets the bounds', () => {
    const records = [150, 210, 270, 330, 390].map((from) =>
      got(from, from + 60, { destinationPort: 20_000, bytes: 2e7 }),
    )
    const slow = got(0, 149, { destinationPort: 20_000, bytes: 1e5 })
    const others = Float64Array.from({ length: 600 }, (_, t) => (t < 200 || t >= 410 ? 1 : 0))
    assert.deepEqual(boundsIn([slow, ...records], others), { from: 200, to: 410 })
  })

  test('one connection that outlasts the rest belongs to it for as long as the others are silent', () => {
    const last = got(320, 460, { destinationPort: 20_000, bytes: 14e6 })
    const quietTo = (end: number) =>
      Float64Array.from({ length: 600 }, (_, t) => (t < 200 || t >= end ? 1 : 0))
    assert.deepEqual(boundsIn([...six, last], quietTo(461)), { from: 200, to: 461 })
    assert.deepEqual(boundsIn([...six, last], quietTo(380)), { from: 200, to: 387 })
  })

  test('it is over when the others open connections again', () => {
    const openings = Float64Array.from({ length: 600 }, (_, t) => (t < 200 || t >= 384 ? 2 : 0))
    const [span, core] = [
      { from: 200, to: 381 },
      { from: 230, to: 380 },
    ]
    assert.equal(returnOf(openings, { span, core, times: 1 }), 384)
    assert.equal(returnOf(openings, { span: { from: 200, to: 387 }, core, times: 1 }), 387)
    assert.equal(returnOf(new Float64Array(600), { span, core, times: 1 }), 381)
  })
})
