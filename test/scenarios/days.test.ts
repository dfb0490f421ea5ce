/** Made days, judged by the sentence that a user reads. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { replayDay } from './replayed.ts'
import { hosts, morning, office, take, usual } from './office.ts'
import { scenarios } from './scenarios.ts'

const minute = 60_000
const cutAt = morning + 20 * minute + 7000

test('a cut that may have begun before the data lasted at least as long', async (t) => {
  const [from, to] = [morning - 10 * minute, cutAt + 240_000]
  const client = '10.0.0.17'
  const packets = office({
    seed: 203,
    span: { from: morning - 30 * minute, to: morning + 60 * minute },
    cuts: [{ from, to, except: [client], keeps: 0.01 }],
    more: (line) =>
      take(line, { client, from, seconds: (to - from) / 1000, connections: 40, bytes: 1.2e10 }),
  })().filter(({ time }) => time >= morning)
  const { found, report } = await replayDay(t, [{ packets }])
  assert.deepEqual(found.map(({ kind }) => kind), ['congestion']) // prettier-ignore
  const said = await report(morning, morning + 45 * minute)
  assert.match(said, /09:00:00: traffic through \S+ was cut for at least 24 min \d s\./)
  assert.match(
    said,
    /This may have begun before the first of these flows: figures are at least these\./,
  )
  assert.match(said, /\| 09:00:00 \| first seen \(it may have begun before\): 10\.0\.0\.17 \|/)
  assert.match(said, /of the bytes that they had just after\n/)
})

test('times after midnight have their date in the tables of a report', async (t) => {
  const midnight = Date.UTC(2026, 10, 18)
  const [from, to] = [midnight - 3 * minute, midnight + 4 * minute]
  const client = '10.0.0.17'
  const packets = office({
    seed: 204,
    span: { from: midnight - 25 * minute, to: midnight + 25 * minute },
    cuts: [{ from, to, except: [client], keeps: 0.01 }],
    more: (line) => take(line, { client, from, seconds: 420, connections: 10, bytes: 5e9 }),
  })()
  const { report } = await replayDay(t, [{ packets }])
  const said = await report(midnight - 20 * minute, midnight + 20 * minute)
  assert.match(said, /\| 23:5\d:\d\d \| it begins: 10\.0\.0\.17 \|/)
  assert.match(said, /\| 2026-11-18 00:04:0\d \| it is over \|/)
  assert.match(said, /\| 23:59:0\d\.\d{3} \| 2026-11-18 00:00:0\d\.\d{3} \|/)
})

test('of many hosts that fetch the same, a report says how many, and how many of them it does not list', async (t) => {
  const { packets } = scenarios.find(({ name }) => name === 'twelve hosts that fetch from one server at once')! // prettier-ignore
  const { report } = await replayDay(t, [{ packets: packets() }])
  const said = await report(morning, morning + 40 * minute)
  assert.match(said, /^# \S+: The traffic of 12 hosts took the line/)
  assert.match(said, /12 hosts downloaded 3\.6 GB at the same time, nearly all of it from 203\.0\.113\.80: 10\.0\.0\.10 303\.\d MB, .* and 4 more\./)
  assert.match(said, /it begins: 10\.0\.0\.10, 10\.0\.0\.11, 10\.0\.0\.12, 10\.0\.0\.13 and 8 more \|/)
  assert.match(said, /## Who\n(?:.*\n)+?\nand 8 more\n\n## With whom/)
}) // prettier-ignore

test('what two exporters saw is told once: of a cut, and of who had most', async (t) => {
  const client = '10.0.0.17'
  const [from, to] = [cutAt, cutAt + 200_000]
  const packets = office({
    seed: 205,
    cuts: [{ from, to, except: [client], keeps: 0.01 }],
    more: (line) => take(line, { client, from, seconds: 200, connections: 20, bytes: 2e9 }),
  })()
  const exporters = ['192.168.9.1', '192.168.9.2'].map((exporter) => ({ packets, exporter }))
  const { found, explain, report } = await replayDay(t, exporters)
  assert.deepEqual(found.map(({ kind }) => kind), ['congestion', 'congestion']) // prettier-ignore
  const { actors } = await explain(from - minute, to + minute)
  assert.deepEqual(actors.map(({ host, connections }) => [host, connections >= 20]), [[client, true]]) // prettier-ignore
  assert.ok(Math.abs(actors[0]!.bytes / 2e9 - 1) < 0.01, JSON.stringify(actors))
  const quiet = [morning + minute, morning + 10 * minute] as const
  const { window, top, sentence } = await explain(...quiet)
  assert.equal(window.kind, 'none')
  assert.equal(new Set(top.map(({ host }) => host)).size, 3, JSON.stringify(top))
  // The figures are of one of them, which is named.
  assert.match(sentence, new RegExp(`${top[0]!.host} had most: .* through ${top[0]!.exporter}\\.`))
  assert.match(
    await report(...quiet),
    /\| Host \| Through \|.*\n.*\n\| 10\.\S+ \| 192\.168\.9\.[12] \|/,
  )
})

suite('the exporter is away within a congestion', () => {
  const client = '10.0.0.17'
  const at = (seconds: number) => cutAt + seconds * 1000
  const packets = (seconds: number) =>
    office({
      seed: 201,
      span: { from: morning, to: morning + 45 * minute },
      cuts: [{ from: cutAt, to: at(seconds), except: [client], keeps: 0.01 }],
      more: (line) =>
        take(line, { client, from: cutAt, seconds, connections: 40, bytes: 1e7 * seconds }),
    })()

  test('both are told, the one with the gap of the other', async (t) => {
    const drops = [{ from: at(240), to: at(330) }]
    const { found, report } = await replayDay(t, [{ packets: packets(600), drops }])
    assert.deepEqual(found.map(({ kind }) => kind), ['congestion', 'exporter']) // prettier-ignore
    assert.ok(Math.abs(found[0]!.from - cutAt) <= 2000, JSON.stringify(found))
    assert.ok(Math.abs(found[0]!.to - at(600)) <= 2000, JSON.stringify(found))
    const said = await report(at(0), at(200))
    assert.match(said, /was cut for 10 min( 1 s)?\. 10\.0\.0\.17 opened 1\d\d connections outward, 40 of them to 203\.0\.113\.80,/)
    assert.match(said, /What passed from 09:23:5\d to 09:25:3\d is not known, for 192\.168\.9\.1 itself was away or cut off, and about \d+ flows of that time were lost: figures are at least these\./)
    assert.match(said, /\| 09:23:5\d \| nothing is known from here: the exporter was away or cut off \|\n\| 09:25:3\d \| known again \|/)
    assert.doesNotMatch(said, /from here to its end/, 'a mean over a gap is not known')
  }) // prettier-ignore

  test('a congestion that ends meanwhile lasted at least until then', async (t) => {
    const drops = [{ from: at(240), to: at(420) }]
    const { found, report } = await replayDay(t, [{ packets: packets(300), drops }])
    assert.deepEqual(found.map(({ kind }) => kind), ['congestion', 'exporter']) // prettier-ignore
    const said = await report(at(0), at(200))
    assert.match(said, /was cut for at least (2 min 5\d s|3 min)/)
    assert.match(said, /What passed from 09:24:0\d to 09:27:0\d is not known/)
  })
})

test('an exporter’s clock that is set forward is no cut, and the answer says why', async (t) => {
  const packets = office({ seed: 309, hosts: hosts(24) })()
  for (const version of ['v9', 'ipfix'] as const)
    for (const [by, said] of [
      [180_000, '3 min'],
      [30_000, '30 s'],
    ] as const) {
      const clockSet = { at: morning + 20 * minute, by }
      const { found, report } = await replayDay(t, [
        { packets, meter: { ...usual, version, clockSet } },
      ])
      assert.deepEqual(found, [])
      const answer = await report(morning + 15 * minute, morning + 30 * minute)
      assert.match(answer, /nothing out of the usual was found .* The clock of 192\.168\.9\.1 was set forward by .*, so no flow has a time in between, which is no gap in the traffic\./) // prettier-ignore
      assert.ok(answer.includes(`set forward by ${said}`), answer)
    }
})
