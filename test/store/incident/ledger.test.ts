import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import type { Incident } from '../../../flow/incident/incident.ts'
import { IncidentLedger, IncidentReader } from '../../../store/incident/ledger.ts'
import { scratchFolder } from '../../processes.ts'

function incident(from: number, to: number, change: Partial<Incident> = {}): Incident {
  return {
    id: `e-${from}`,
    exporter: 'e',
    kind: 'silence',
    from,
    to,
    isOngoing: false,
    actors: [],
    othersKept: null,
    facts: [],
    total: { in: 0, out: 0, connections: 0 },
    lost: { flows: 0, estimated: false },
    sampling: 1,
    idleMs: 60_000,
    ...change,
  }
}

const span = { from: 0, to: 1000, isWhole: true }

suite('the ledger of incidents', () => {
  test('judging again replaces earlier findings, under their old ids', async () => {
    const ledger = await IncidentLedger.open(await scratchFolder())
    await ledger.judged({ ...span, found: [incident(100, 200), incident(700, 800)] })
    await ledger.judged({ ...span, found: [incident(90, 210)] })
    assert.deepEqual(
      (await ledger.incidents()).map(({ id, from, to }) => ({ id, from, to })),
      [{ id: 'e-100', from: 90, to: 210 }],
    )
    await ledger.close()
  })

  test('an exporter’s absence within a congestion is another incident, and both keep their ids', async () => {
    const ledger = await IncidentLedger.open(await scratchFolder())
    const away = incident(400, 500, { kind: 'exporter' })
    const around = incident(300, 700, { kind: 'congestion' })
    const later = { ...around, id: 'e-290', from: 290 }
    const ids = async (found: Incident[]) => {
      await ledger.judged({ ...span, found })
      return (await ledger.incidents()).map(({ id, kind }) => `${id} ${kind}`).sort()
    }
    assert.deepEqual(await ids([away]), ['e-400 exporter'])
    for (const found of [
      [around, away],
      [later, away],
      [away, later],
    ])
      assert.deepEqual(await ids(found), ['e-300 congestion', 'e-400 exporter'])
    await ledger.close()
  })

  test('one that goes on for longer than can be judged at once stays until its end is found', async () => {
    const ledger = await IncidentLedger.open(await scratchFolder())
    const [hour, minutes] = [3_600_000, 300_000]
    const ongoing = incident(0, 12 * hour, { kind: 'congestion', isOngoing: true })
    await ledger.judged({ from: 0, to: 12 * hour, isWhole: true, found: [ongoing] })
    const next = { from: 12 * hour, to: 12 * hour + minutes }
    assert.deepEqual(await ledger.reachOf(next), { from: 0, to: next.to }, 'as a whole')
    const reaching = { ...ongoing, to: next.to }
    await ledger.judged({ ...next, isWhole: true, found: [reaching] })
    const later = { from: next.from + minutes, to: next.to + minutes }
    assert.deepEqual(await ledger.reachOf(later), later)
    // Its last interval again, without the time before.
    await ledger.judged({ ...next, from: next.from + 1, isWhole: true, found: [] })
    assert.deepEqual(await ledger.incidents(), [reaching])
    const end = incident(hour, 13 * hour, { kind: 'congestion', isOpenStart: true })
    await ledger.judged({ from: 12 * hour, to: 13 * hour, isWhole: true, found: [end] })
    const [told] = await ledger.incidents()
    assert.deepEqual([told!.id, told!.from, told!.to], ['e-0', 0, 13 * hour])
    await ledger.close()
  })

  test('a time that could not be judged whole removes nothing', async () => {
    const ledger = await IncidentLedger.open(await scratchFolder())
    await ledger.judged({ ...span, found: [incident(100, 200)] })
    await ledger.judged({ ...span, isWhole: false, found: [incident(700, 800)] })
    assert.equal((await ledger.incidents()).length, 2)
    await ledger.close()
  })

  test('pending intervals survive a restart, and leave the list once judged', async () => {
    const folder = await scratchFolder()
    const first = await IncidentLedger.open(folder)
    await first.addPending([0, 300_000, 600_000])
    await first.close()
    const second = await IncidentLedger.open(folder)
    assert.deepEqual(second.pending(), [0, 300_000, 600_000])
    await second.judged({ from: 0, to: 600_000, isWhole: true, found: [] })
    assert.deepEqual(second.pending(), [600_000])
    await second.close()
  })

  test('an interval that changes while others are judged stays on the list', async () => {
    const ledger = await IncidentLedger.open(await scratchFolder())
    await ledger.addPending([0, 300_000])
    const judged = { from: 0, to: 600_000, isWhole: true, found: [] }
    await Promise.all([
      ledger.judged(judged, (interval) => interval === 300_000),
      ledger.addPending([600_000]),
    ])
    assert.deepEqual(ledger.pending(), [300_000, 600_000])
    await ledger.close()
  })

  test('an incident that a span touches or continues is judged as a whole', async () => {
    const ledger = await IncidentLedger.open(await scratchFolder())
    const hour = 3_600_000
    await ledger.judged({ ...span, to: 9 * hour, found: [incident(hour, 2 * hour)] })
    const reachOf = (from: number, to: number) => ledger.reachOf({ from, to })
    const after = 2 * hour + 300_000
    assert.deepEqual(await reachOf(after, 3 * hour), { from: hour, to: 3 * hour })
    const later = { from: after + 600_000, to: 3 * hour }
    assert.deepEqual(await ledger.reachOf(later), later)
    const whole = { from: hour, to: 2 * hour }
    assert.deepEqual(await reachOf(hour, hour + 300_000), whole, 'and to its end')
    assert.deepEqual(await reachOf(hour + 600_000, hour + 900_000), whole)
    await ledger.close()
  })

  test('readers see it while it is written, newest first', async () => {
    const folder = await scratchFolder()
    const reader = new IncidentReader(folder)
    assert.deepEqual(await reader.between(0, 1000), [])
    const ledger = await IncidentLedger.open(folder)
    await ledger.judged({ ...span, found: [incident(100, 200), incident(300, 400)] })
    assert.deepEqual(
      (await reader.between(150, 350)).map(({ from }) => from),
      [300, 100],
    )
    assert.deepEqual(await reader.between(200, 300), [])
    await ledger.close()
  })

  test('incidents that began at the same time have a stable order', async () => {
    const exporters = ['d', 'a', 'c', 'b']
    for (const order of [exporters, [...exporters].reverse()]) {
      const folder = await scratchFolder()
      const ledger = await IncidentLedger.open(folder)
      const found = order.map((exporter) => incident(100, 200, { exporter, id: `${exporter}-100` }))
      await ledger.judged({ ...span, found })
      const told = await new IncidentReader(folder).between(0, 1000)
      assert.deepEqual(
        told.map(({ exporter }) => exporter),
        ['a', 'b', 'c', 'd'],
      )
      await ledger.close()
    }
  })
})
