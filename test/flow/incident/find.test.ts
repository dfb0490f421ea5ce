/** Findings for an office with bursty traffic: none, unless the line was cut. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { findEvents } from '../../../flow/incident/find.ts'
import type { ExporterBreak } from '../../../flow/incident/incident.ts'
import { Scene } from '../../../flow/incident/scene/scene.ts'
import { sensitivityTable } from '../../../flow/incident/sensitivity.ts'
import { seeded } from '../../random.ts'
import { officeFlows, type Office } from './office.ts'
import { t0, tableOf, type TestFlow } from './tables.ts'

const seconds = 5400
const grid = { from: t0, seconds }

function foundIn(
  flows: readonly Partial<TestFlow>[],
  within = grid,
  breaks: readonly ExporterBreak[] = [],
) {
  const scene = new Scene(tableOf(flows), within)
  const found = findEvents(scene, { sensitivity: sensitivityTable.normal, breaks })
  return found.map(({ kind, from, to, actors, wentOn }) => ({
    kind,
    from,
    to,
    wentOn,
    actors: actors.map((host) => scene.hosts.text(host)),
  }))
}

interface Tried extends Omit<Office, 'seed' | 'seconds'> {
  /** Seeds in which large downloads end together, or hosts pause at once. */
  seeds: readonly number[]
}

const offices: Record<string, Tried> = {
  'sixty hosts, a connection a second': { hosts: 60, pages: 0.9, connections: 1, seeds: [3, 6, 34] },
  'thirty hosts, pages of six connections': { hosts: 30, pages: 0.35, connections: 6, seeds: [23, 24] },
  'a branch with twenty flows a second': { hosts: 12, pages: 1.8, connections: 5, seeds: [5, 9, 31] },
  'a branch with ten flows a second': { hosts: 12, pages: 1.1, connections: 4, seeds: [8, 18, 70] },
} // prettier-ignore

suite('bursts and lulls are not incidents', () => {
  for (const [name, { seeds, ...office }] of Object.entries(offices))
    test(name, () => {
      const alarms = seeds.flatMap((seed) => foundIn(officeFlows({ ...office, seed, seconds })))
      assert.deepEqual(alarms, [])
    })

  test('eighty hosts, of which some are busy beside a lull', () => {
    const office = { seed: 158, hosts: 80, pages: 80 / 600, connections: 20, seconds: 2400 }
    assert.deepEqual(foundIn(officeFlows(office), { from: t0, seconds: office.seconds }), [])
  })

  test('eighty hosts that seldom do anything, beside a download', () => {
    const office = { seed: 93, hosts: 80, pages: 0.13, connections: 20, seconds: 2400 }
    const pieces = Array.from({ length: 2 }, (_, i): Partial<TestFlow> => {
      const [first, last] = [t0 + 1_200_000 + i * 47_000, t0 + 1_247_000 + i * 47_000]
      return { source: '203.0.113.80', destination: '10.0.0.12', sourcePort: 443, destinationPort: 2000, first, last, bytes: 1e9 } // prettier-ignore
    })
    assert.deepEqual(
      foundIn([...officeFlows(office), ...pieces], { from: t0, seconds: office.seconds }),
      [],
    )
  })

  test('eighty hosts, of which ten fetch from a local server now and then', () => {
    const alarms = [7, 16, 20].flatMap((seed) => {
      const office = { seed, hosts: 80, pages: 0.13, connections: 20, seconds: 2400 }
      const random = seeded(seed * 7 + 1)
      const fetched = Array.from({ length: 300 }, (): Partial<TestFlow> => {
        const first = t0 + Math.round(office.seconds * 1000 * random())
        const host = `10.0.0.${10 + Math.floor(10 * random())}`
        const last = first + Math.round(5000 + 30_000 * random())
        const bytes = Math.round(2e7 * random())
        return { source: '10.0.0.200', destination: host, sourcePort: 443, destinationPort: 2000, first, last, bytes } // prettier-ignore
      })
      return foundIn([...officeFlows(office), ...fetched], { from: t0, seconds: office.seconds })
    })
    assert.deepEqual(alarms, [])
  })
})

suite('a cut during which hosts keep trying', () => {
  const cut = { from: 2700, to: 2880 }
  const office: Office = { seed: 7, hosts: 30, pages: 1, connections: 4, seconds, cut }

  test('without a culprit is a silence', () => {
    const [silence, ...more] = foundIn(officeFlows(office))
    assert.deepEqual(more, [])
    assert.equal(silence?.kind, 'silence')
    assert.ok(Math.abs(silence.from - cut.from) <= 5 && Math.abs(silence.to - cut.to) <= 5)
  })

  test('during a download is a congestion', () => {
    const download = Array.from({ length: 6 }, (_, i): Partial<TestFlow> => ({
      source: '203.0.113.80',
      destination: '10.0.0.100',
      sourcePort: 443,
      destinationPort: 30_000 + i,
      first: t0 + (cut.from + i * 0.3) * 1000,
      last: t0 + cut.to * 1000 - 100,
      bytes: 2e8,
    }))
    const [congestion, ...more] = foundIn([...officeFlows(office), ...download])
    assert.deepEqual(more, [])
    assert.deepEqual([congestion?.kind, congestion?.actors], ['congestion', ['10.0.0.100']])
    assert.ok(Math.abs(congestion!.from - cut.from) <= 2 && Math.abs(congestion!.to - cut.to) <= 3)
  })

  test('during a download that goes on where the flows end is a congestion', () => {
    const within = { from: t0, seconds: cut.to }
    const flows = officeFlows(office).filter(({ last }) => last! < t0 + cut.to * 1000)
    const download = transfer('10.0.0.100', cut.from, cut.to, 5e6)
    const found = foundIn([...flows, ...download], within)
    assert.deepEqual(
      found.map(({ kind, from, actors }) => [kind, from, actors]),
      [['congestion', cut.from, ['10.0.0.100']]],
    )
  })
})

test('a download during which most leave, whose machines go on trying what never answers, is no congestion yet', () => {
  const [left, to] = [2700, 2940]
  const office = officeFlows({ seed: 7, hosts: 30, pages: 1, connections: 4, seconds })
  const goesOn = ({ first }: Partial<TestFlow>) => first! < t0 + left * 1000 || first! % 10 === 0
  const blocked = Array.from({ length: 3 * to }, (_, i): Partial<TestFlow> => {
    const at = t0 + Math.round((i * 1000) / 3)
    return { source: `10.0.0.${10 + (i % 30)}`, destination: '203.0.113.200', sourcePort: 20_000 + i, destinationPort: 8443, first: at, last: at, bytes: 60, packets: 1, tcpFlags: 2 }
  })
  const seen = [...office.filter(goesOn), ...blocked].filter(({ last }) => last! < t0 + to * 1000)
  const download = transfer('10.0.0.100', left, to, 5e6)
  assert.deepEqual(foundIn([...seen, ...download], { from: t0, seconds: to }), [])
}) // prettier-ignore

suite('a download that begins some time after the others were cut off did not cut them off', () => {
  const cut = { from: 2700, to: 2940 }
  const download = (from: number) =>
    Array.from({ length: 6 }, (_, i): Partial<TestFlow> => ({
      source: '203.0.113.80', destination: '10.0.0.100', sourcePort: 443, destinationPort: 30_000 + i,
      first: t0 + (from + i * 0.3) * 1000, last: t0 + cut.to * 1000 - 100, bytes: 2e8,
    }))
  const tried: [string, Omit<Office, 'seed' | 'seconds'>, number[]][] = [
    ['in an office of thirty', { hosts: 30, pages: 1, connections: 4 }, [12, 40, 75, 100]],
    ['in a small one', { hosts: 12, pages: 0.4, connections: 3 }, [30, 60, 90]],
  ]
  for (const [name, hosts, later] of tried)
    test(name, () => {
      const office = officeFlows({ ...hosts, seed: 7, seconds, cut })
      const accused = (from: number) =>
        foundIn([...office, ...download(from)])
          .filter(({ kind }) => kind === 'congestion')
          .map(({ actors }) => actors)
      assert.deepEqual(accused(cut.from), [['10.0.0.100']])
      for (const each of later) assert.deepEqual(accused(cut.from + each), [], `${each} s later`)
    })

  test('beside somebody’s call that went on', () => {
    const office = officeFlows({ hosts: 30, pages: 1, connections: 4, seed: 7, seconds, cut })
    const call = transfer('10.0.0.101', 1500, 3300, 3e5)
    const late = transfer('10.0.0.100', cut.from + 55, cut.to, 1.2e6)
    assert.deepEqual(foundIn([...office, ...call, ...late]), [])
  })
}) // prettier-ignore

test('a lull of some seconds just before a download did not cut the others off: they went on until it began', () => {
  const cut = { from: 2700, to: 2940 }
  const office = officeFlows({ hosts: 30, pages: 1, connections: 4, seed: 7, seconds, cut })
  const isIn = (at: number) => at >= t0 + (cut.from - 7) * 1000 && at < t0 + (cut.from - 2) * 1000
  const flows = [
    ...office.filter(({ first }) => !isIn(first!)),
    ...transfer('10.0.0.100', cut.from, cut.to, 5e6, 240),
  ]
  assert.deepEqual(foundIn(flows).map(({ actors }) => actors), [['10.0.0.100']])
}) // prettier-ignore

test('a name server that tries its forwarders again and again does not keep the others from connecting', () => {
  const cut = { from: 1500, to: 1700 }
  const office: Office = { seed: 7, hosts: 30, pages: 2, connections: 4, seconds: 2700, cut }
  const call = (i: number, minute: number): Partial<TestFlow> => ({
    source: `198.51.100.${200 + i}`, destination: `10.0.0.${10 + i}`, protocol: 17, sourcePort: 3478, destinationPort: 50_001,
    first: t0 + minute * 60_000 + i * 500, last: t0 + minute * 60_000 + i * 500 + 59_900, bytes: 5e6,
  }) // prettier-ignore
  const calls = Array.from({ length: 7 * 45 }, (_, i) => call(i % 7, Math.floor(i / 7)))
  const ask = (at: number, isAnswered: boolean): Partial<TestFlow>[] => {
    const ends = { protocol: 17, first: t0 + at * 1000, last: t0 + at * 1000, bytes: 70, packets: 1, tcpFlags: 0 }
    const port = 1024 + (Math.round(at * 100) % 60_000)
    const question = { ...ends, source: '10.0.0.3', destination: '192.0.2.53', sourcePort: port, destinationPort: 53 }
    const answer = { ...ends, first: ends.first + 20, last: ends.last + 20, source: '192.0.2.53', destination: '10.0.0.3', sourcePort: 53, destinationPort: port }
    return isAnswered ? [question, answer] : [question]
  } // prettier-ignore
  const tries = Array.from({ length: 200 * 80 }, (_, i) => ask(cut.from + i / 80, false)).flat()
  const kinds = (...before: Partial<TestFlow>[]) =>
    foundIn([...officeFlows(office), ...calls, ...tries, ...before], { from: t0, seconds: office.seconds }).map(
      ({ kind, actors }) => [kind, ...actors],
    ) // prettier-ignore
  // The like to a host that had never answered may be a flood.
  assert.deepEqual(kinds(), [['congestion', '10.0.0.3']])
  const answered = Array.from({ length: 1400 }, (_, i) => ask(i, true)).flat()
  assert.deepEqual(kinds(...answered), [['surge', '10.0.0.3']])
})

/** A transfer from outside at a steady rate, in records of `piece`; times in seconds. */
const transfer = (host: string, from: number, to: number, rate: number, piece = 60): Partial<TestFlow>[] =>
  Array.from({ length: Math.ceil((to - from) / piece) }, (_, i) => {
    const [begin, end] = [from + i * piece, Math.min(to, from + (i + 1) * piece)]
    const ends = { source: '203.0.113.80', destination: host, sourcePort: 443, destinationPort: 30_000 }
    return { ...ends, first: t0 + begin * 1000, last: t0 + end * 1000 - 10, bytes: rate * (end - begin) }
  }) // prettier-ignore

test('a transfer that goes on as before beside a culprit is not named', () => {
  const cut = { from: 1500, to: 1740 }
  const office: Office = { seed: 7, hosts: 60, pages: 6, connections: 4, seconds: 2700, cut }
  const flows = officeFlows(office)
  const culprit = transfer('10.0.0.100', cut.from, cut.to, 1e6)
  const named = (beside: Partial<TestFlow>[]) =>
    foundIn([...flows, ...culprit, ...beside], { from: t0, seconds: office.seconds }).map(
      ({ actors }) => actors,
    )
  const before = transfer('10.0.0.101', cut.from - 400, cut.to + 400, 2e5)
  assert.deepEqual(named(before), [['10.0.0.100']])
  const asMuch = transfer('10.0.0.101', cut.from - 400, cut.to + 400, 9e5)
  assert.deepEqual(named(asMuch), [['10.0.0.100']])
  // Nor does one that has always been there hide the culprit.
  assert.deepEqual(named(transfer('10.0.0.101', 0, office.seconds, 9e5)), [['10.0.0.100']])
  // Whoever goes on while the others are cut off, as when their name server fails, did not cut them off.
  const alone = foundIn([...flows, ...transfer('10.0.0.101', cut.from - 400, cut.to + 400, 7e5)], {
    from: t0,
    seconds: office.seconds,
  })
  assert.deepEqual(
    alone.filter(({ actors }) => actors.length > 0),
    [],
  )
  // Who begins then, too, is one of two.
  const meanwhile = transfer('10.0.0.101', cut.from, cut.to, 2e5)
  assert.deepEqual(named(meanwhile), [['10.0.0.100', '10.0.0.101']])
})

test('who takes the line for a minute and a half, a minute after another transfer began, is named alone', () => {
  const cut = { from: 1500, to: 1590 }
  const office: Office = { seed: 7, hosts: 60, pages: 6, connections: 4, seconds: 2700, cut }
  const flows = [
    ...officeFlows(office),
    ...transfer('10.0.0.100', cut.from, cut.to, 1e6),
    ...transfer('10.0.0.101', cut.from - 80, cut.to + 400, 9e5),
  ]
  const found = foundIn(flows, { from: t0, seconds: office.seconds })
  assert.deepEqual(
    found.map(({ actors, wentOn }) => [actors, wentOn]),
    [[['10.0.0.100'], 1]],
  )
})

test('a download beside another is not named because transfers of few others, in short records, end and begin', () => {
  const few = Array.from({ length: 5 }, (_, i) => [
    ...transfer(`10.0.0.${10 + i}`, 20 * i, 1445 + 11 * i, 1e5, 5),
    ...transfer(`10.0.0.${10 + i}`, 1600 + 9 * i, 2700, 1e5, 5),
  ])
  const beside = [
    ...transfer('10.0.0.101', 0, 2700, 9e5),
    ...transfer('10.0.0.102', 1490, 1605, 9e5),
  ]
  assert.deepEqual(foundIn([...few.flat(), ...beside], { from: t0, seconds: 2700 }), [])
})

test('of a large network the hosts that were compared are said to be the busiest', () => {
  const cut = { from: 900, to: 1080 }
  const within = { from: t0, seconds: 1800 }
  for (const [hosts, said] of [[60, /^the other 5\d hosts kept/], [240, /^the 1\d\d busiest other hosts kept/]] as const) {
    const office = officeFlows({ seed: 7, hosts, pages: 3, connections: 2, seconds: 1800, cut })
    const scene = new Scene(tableOf([...office, ...downloadFlows(900, 1080, () => 6e9)]), within)
    const [found] = findEvents(scene, { sensitivity: sensitivityTable.normal, breaks: [] })
    assert.match(found!.facts[1]!, said)
  }
}) // prettier-ignore

suite('an exporter’s clock', () => {
  const office = { seed: 1, hosts: 30, pages: 1.5, connections: 4, seconds: 1800 }
  const at = (second: number) => t0 + second * 1000
  const set = { exporter: '192.0.2.1', isRestart: false, lostFlows: 0, lostDatagrams: 0 }
  const within = { from: t0, seconds: office.seconds }

  test('that is set forward leaves a gap, which begins earlier by the exporter’s timeouts', () => {
    const [by, timeout] = [30_000, 30_000]
    const flows = officeFlows(office).map((flow) => {
      const moved = flow.last! >= at(900) - timeout ? by : 0
      return { ...flow, first: flow.first! + moved, last: flow.last! + moved }
    })
    const clock = { from: at(899), to: at(900) + by }
    const known = { ...set, from: at(899), to: at(900), clock }
    assert.deepEqual(foundIn(flows, within).map(({ kind }) => kind), ['silence']) // prettier-ignore
    assert.deepEqual(foundIn(flows, within, [known]), [])
  })

  test('that seems set, because datagrams were late before a cut, does not hide the cut', () => {
    const flows = officeFlows({ ...office, cut: { from: 900, to: 960 } })
    const clock = { from: at(910), to: at(962) }
    const late = { ...set, from: at(919), to: at(962), clock }
    assert.deepEqual(foundIn(flows, within, [late]).map(({ kind }) => kind), ['silence']) // prettier-ignore
  })
})

/** The records of a download, each of a minute, from one second to another. */
function downloadFlows(from: number, to: number, bytesOf: () => number): Partial<TestFlow>[] {
  return Array.from({ length: (to - from) / 60 }, (_, i) => ({
    source: '203.0.113.80',
    destination: '10.0.0.100',
    sourcePort: 443,
    destinationPort: 30_000,
    first: t0 + (from + 60 * i) * 1000,
    last: t0 + (from + 60 * (i + 1)) * 1000,
    bytes: bytesOf(),
  }))
}

suite('a download, and the exporter is away', () => {
  const office = officeFlows({ seed: 7, hosts: 20, pages: 0.5, connections: 3, seconds: 3600 })
  const isApart = ({ first, last }: Partial<TestFlow>, from: number, to: number) =>
    last! < t0 + from * 1000 || first! >= t0 + to * 1000
  const kindsIn = (
    flows: readonly Partial<TestFlow>[],
    [from, to]: [number, number],
    begin = 0,
  ) => {
    const times = { from: t0 + from * 1000, to: t0 + to * 1000 }
    const away = { exporter: '192.0.2.1', ...times, isRestart: false, lostFlows: 900, lostDatagrams: 90 } // prettier-ignore
    const reported = flows.filter((flow) => isApart(flow, from, to))
    const scene = { from: t0 + begin * 1000, seconds: 3600 - begin }
    return foundIn(reported, scene, [away]).map(({ kind }) => kind)
  }

  test('what was after the gap does not show that the others were cut off before it', () => {
    // Nobody is there yet; when the exporter is back, everybody is.
    const early = office.filter(({ first }) => first! >= t0 + 2400_000 || first! % 20 === 0)
    const download = downloadFlows(1000, 1480, () => 6e8)
    assert.deepEqual(kindsIn([...early, ...download], [1500, 2400], 1000), ['exporter'])
  })

  test('a congestion goes on across a gap that is shorter than what is known of it', () => {
    const cut = [...office.filter((flow) => isApart(flow, 1200, 2400)), ...downloadFlows(1200, 2400, () => 6e8)] // prettier-ignore
    assert.deepEqual(kindsIn(cut, [1680, 1860]), ['congestion', 'exporter'])
    assert.deepEqual(kindsIn(cut, [1380, 2220]), ['exporter'])
  })
})

test('a download while the collector is stopped and started again is no congestion', () => {
  const stop = { from: t0 + 1500_000, to: t0 + 1560_000 }
  const office = officeFlows({ seed: 7, hosts: 20, pages: 0.5, connections: 3, seconds: 2700 })
  const download = downloadFlows(1330, 1810, () => 6e8)
  // A record is sent fifteen seconds after its last packet, or when it has lasted a minute; nobody
  // receives it meanwhile.
  const sentAt = ({ first, last }: Partial<TestFlow>) => Math.min(last! + 15_000, first! + 60_000)
  const isReceived = (flow: Partial<TestFlow>) =>
    sentAt(flow) < stop.from || sentAt(flow) >= stop.to
  const flows = [...office, ...download].filter(isReceived)
  const known = { ...stop, exporter: '192.0.2.1', isRestart: false, lostFlows: 0, lostDatagrams: 0, isOurs: true } as const // prettier-ignore
  const found = foundIn(flows, { from: t0, seconds: 2700 }, [known])
  // The verdicts leave it out: see judge.ts.
  assert.deepEqual(found.map(({ kind, actors }) => [kind, actors]), [['exporter', []]]) // prettier-ignore
})

test('a congestion that goes on since eight hours is found, with one hour before it', () => {
  const [begin, end] = [3600, 9 * 3600]
  const random = seeded(5)
  const office = officeFlows({ seed: 7, hosts: 20, pages: 0.3, connections: 3, seconds: begin })
  // The rate of a long download is uneven: a tenth of its minutes have half of the usual bytes.
  const download = downloadFlows(begin, end, () => (random() < 0.1 ? 3e8 : 6e8))
  const found = foundIn([...office, ...download], { from: t0, seconds: end })
  assert.deepEqual(
    found.map(({ kind, actors }) => [kind, actors]),
    [['congestion', ['10.0.0.100']]],
  )
  assert.ok(Math.abs(found[0]!.from - begin) <= 2, JSON.stringify(found))
})
