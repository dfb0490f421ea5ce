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

/** New connections of the others by second, none in a time. */
const quiet = (from: number, to: number) =>
  Float64Array.from({ length: grid.seconds }, (_, t) => (t < from || t >= to ? 1 : 0))

function boundsIn(
  flows: readonly Partial<TestFlow>[],
  openings = new Float64Array(grid.seconds),
  run = { from: 205, to: 375 },
  hosts = ['10.0.0.22'],
) {
  const scene = new Scene(tableOf(flows), grid)
  const actors = new Set(hosts.map((host) => scene.hosts.find(host)!))
  const others = { openings, answers: new Float64Array(grid.seconds) }
  const { from, to } = boundsOf(scene, run, { actors, direction: 'in', others })
  return { from, to }
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

  test('a call that the host begins within it and keeps on does not lengthen it', () => {
    const call = Array.from({ length: 6 }, (_, i) =>
      got(215 + i * 60, 274.9 + i * 60, { destinationPort: 40_000, bytes: 1.2e7 }),
    )
    const short = [0, 1.3, 2.6].map((later, i) =>
      got(200.2 + later, 259.9, { destinationPort: 20_000 + i, bytes: 12e7 }),
    )
    const run = { from: 201, to: 574 }
    assert.deepEqual(boundsIn([...short, ...call], quiet(200, 260), run), { from: 200, to: 260 })
  })

  test('it begins with its slower part, if the others were quiet then', () => {
    const slow = got(200.2, 359.9, { destinationPort: 20_000, bytes: 1.6e8 })
    const fast = got(330.3, 359.9, { destinationPort: 20_001, bytes: 12e7 })
    const run = { from: 200, to: 360 }
    assert.deepEqual(boundsIn([slow, fast], quiet(200, 360), run), { from: 200, to: 360 })
  })

  test('what another had before the others were quiet is not part of it', () => {
    const other = got(60.2, 199.8, { destination: '10.0.0.23', bytes: 1.4e8 })
    const own = got(200.2, 259.9, { destinationPort: 20_000, bytes: 6e7 })
    const { from, to } = boundsIn([other, own], quiet(200, 260), { from: 60, to: 260 }, [
      '10.0.0.22',
      '10.0.0.23',
    ])
    assert.ok(from >= 180 && from <= 200 && to === 260, `${from} to ${to}`)
  })

  test('a silence of the others is not the event of a host that stopped as it began', () => {
    const full = got(140.2, 205, { destinationPort: 20_000, bytes: 6e7 })
    const rest = got(205.1, 399.9, { destinationPort: 20_000, bytes: 1e4 })
    const run = { from: 141, to: 205 }
    // Its bounds are those of its own traffic: that the others fell then is judged by them.
    assert.deepEqual(boundsIn([full, rest], quiet(200, 400), run), { from: 140, to: 205 })
  })

  test('nor of a host that had its full rate for minutes before it', () => {
    const even = got(80.2, 399.9, { destinationPort: 20_000, bytes: 3.2e8 })
    const run = { from: 81, to: 399 }
    assert.deepEqual(boundsIn([even], quiet(200, 400), run), { from: 80, to: 400 })
  })

  test('a slow beginning that a long record spreads belongs to it', () => {
    const spread = got(145.2, 204.9, { destinationPort: 20_000, bytes: 5.4e7 })
    const full = got(205, 379.9, { destinationPort: 20_000, bytes: 1.75e8 })
    assert.deepEqual(boundsIn([spread, full], quiet(200, 380)), { from: 145, to: 380 })
  })

  test('what goes on at a lower rate is not part of it because the others are cut off some time after it', () => {
    const call = [
      got(100.2, 199.8, { destinationPort: 20_000, bytes: 1e8 }),
      got(199.9, 500, { destinationPort: 20_000, bytes: 3e6 }),
    ]
    const run = { from: 101, to: 199 }
    assert.deepEqual(boundsIn(call, quiet(300, 400), run), { from: 100, to: 200 })
    assert.deepEqual(boundsIn(call, quiet(110, 400), run), { from: 100, to: 400 })
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
    assert.deepEqual(boundsIn([slow, ...records], quiet(200, 410)), { from: 200, to: 410 })
  })

  test('one connection that outlasts the rest belongs to it for as long as the others are silent', () => {
    const last = got(320, 460, { destinationPort: 20_000, bytes: 14e6 })
    assert.deepEqual(boundsIn([...six, last], quiet(200, 461)), { from: 200, to: 461 })
    assert.deepEqual(boundsIn([...six, last], quiet(200, 380)), { from: 200, to: 380 })
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
