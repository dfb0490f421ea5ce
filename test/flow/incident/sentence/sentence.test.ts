import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import type { ActorFacts, Incident } from '../../../../flow/incident/incident.ts'
import { sayIncident } from '../../../../flow/incident/sentence/sentence.ts'
import { sayClockUnder, sayRange } from '../../../../flow/incident/sentence/wording.ts'

const from = Date.UTC(2026, 10, 16, 11, 32, 10)
const actor: ActorFacts = {
  host: '10.0.0.22',
  direction: 'in',
  bytes: 3_999_999_960,
  packets: 67_000,
  connections: 312,
  accepted: 0,
  peers: 8,
  newPeers: 8,
  mainPeer: { address: '203.0.113.80', connections: 280, bytes: 3.6e9 },
  share: 1,
  normal: null,
}
const incident: Incident = {
  id: 'x',
  exporter: '10.0.0.1',
  kind: 'congestion',
  from,
  to: from + 263_000,
  isOngoing: false,
  actors: [actor],
  othersKept: 0,
  facts: [],
  total: { in: 4e9, out: 1e6, connections: 312 },
  lost: { flows: 0, estimated: false },
  sampling: 1,
  idleMs: 60_000,
}
const names: Record<string, string> = { '10.0.0.22': 'bobby22.bigbiz.local' }
const wording = {
  zone: 'UTC',
  hostName: (address: string) => names[address] ?? null,
  exporterName: () => 'pfsense',
}

function say(change: Partial<Incident>, actorChange: Partial<ActorFacts> = {}): string {
  const actors = change.actors ?? [{ ...actor, ...actorChange }]
  return sayIncident({ ...incident, ...change, actors }, wording)
}

suite('sentences', () => {
  test('the story', () => {
    assert.equal(
      say({}),
      'Monday 16 November 2026, 11:32:10: traffic through pfsense was cut for 4 min 23 s. ' +
        '10.0.0.22 (bobby22.bigbiz.local) opened 312 connections outward, 280 of them to ' +
        '203.0.113.80, and downloaded 4.0 GB.',
    )
  })

  test('what went on is not said to have been cut', () => {
    assert.match(
      say({ wentOn: 1 }),
      /: traffic through pfsense was cut for 4 min 23 s, except that of 1 other host, which went on\. 10\.0\.0\.22 /,
    )
    assert.match(
      say({ wentOn: 2, othersKept: 0.3 }),
      /held up for 4 min 23 s: 2 other hosts went on, and the rest kept 30 % of theirs\. 10\.0\.0\.22 /,
    )
  })

  test('three hosts that did the same are told together, and two are not', () => {
    const peer = { address: '203.0.113.80', connections: 4, bytes: 1e9 }
    const actors = [22, 23, 24].map((n) => ({ ...actor, host: `10.0.0.${n}`, bytes: 1.1e9, connections: 9, mainPeer: peer }))
    assert.match(
      say({ actors }),
      /4 min 23 s\. 3 hosts downloaded 3\.3 GB at the same time, 3\.0 GB of it from 203\.0\.113\.80: 10\.0\.0\.22 \(bobby22\.bigbiz\.local\) 1\.1 GB, 10\.0\.0\.23 1\.1 GB, 10\.0\.0\.24 1\.1 GB\.$/,
    )
    const several = actors.map((each, i) => ({ ...each, mainPeer: { ...peer, address: `203.0.113.${i}` } }))
    assert.match(say({ actors: several }), /3 hosts downloaded 3\.3 GB at the same time: 10\.0\.0\.22 /)
    const many = Array.from({ length: 10 }, () => actors[1]!)
    assert.match(say({ actors: many }), /10 hosts downloaded 11\.0 GB .*10\.0\.0\.23 1\.1 GB and 2 more\.$/)
    const asked = actors.map((each, i) => (i === 2 ? { ...each, askedBy: 1, accepted: 9 } : each))
    for (const some of [actors.slice(1), asked])
      assert.match(say({ actors: some }), /10\.0\.0\.23 opened 9 connections outward, 4 of them to 203\.0\.113\.80, and downloaded 1\.1 GB\. /)
  }) // prettier-ignore

  test('of a scan no peer is singled out, and it uploaded nothing', () => {
    const scan = { direction: 'out' as const, connections: 40_018, openedTo: 40_014, bytes: 1.8e6, packets: 40_172 }
    const server = { address: '192.0.2.53', connections: 4, bytes: 280 }
    assert.match(
      say({ connectionsKept: 0 }, { ...scan, mainPeer: server }),
      /\) opened 40,018 connections outward to 40,014 hosts and sent 1\.8 MB in 40,172 packets\.$/,
    )
    assert.match(
      say({}, { openedTo: 90, mainPeer: { ...server, connections: 32 } }),
      /opened 312 connections outward, 32 of them to 192\.0\.2\.53, and downloaded 4\.0 GB, 280 bytes of it from there\.$/,
    )
  }) // prettier-ignore

  test('a silence of one firewall while another carries its hosts', () => {
    const carried = { exporter: '10.0.0.2', hosts: 23, of: 25 }
    const exporterName = (address: string) => (address === '10.0.0.2' ? 'fw2' : 'fw1')
    assert.equal(
      sayIncident(
        { ...incident, kind: 'silence', actors: [], carried },
        { ...wording, exporterName },
      ),
      'Monday 16 November 2026, 11:32:10: traffic through fw1 stopped for 4 min 23 s, but 23 of the 25 hosts ' +
        'that had received from outside through it just before went on through fw2, as in a fail-over.',
    )
  })

  test('one connection, none, all to one, upward', () => {
    const one = {
      connections: 1,
      mainPeer: { address: '203.0.113.80', connections: 1, bytes: 4e9 },
    }
    assert.match(
      say({}, one),
      /opened 1 connection outward, to 203\.0\.113\.80, and downloaded 4\.0 GB\.$/,
    )
    const none = { ...one, connections: 0, direction: 'out' as const }
    assert.match(say({}, none), /\) uploaded 4\.0 GB to 203\.0\.113\.80\.$/)
    const old = { mainPeer: { address: '203.0.113.80', connections: 0, bytes: 3.9e9 } }
    assert.match(
      say({}, old),
      /opened 312 connections outward and downloaded 4\.0 GB, 3\.9 GB of it from 203\.0\.113\.80\.$/,
    )
    const all = {
      connections: 9,
      mainPeer: { address: '203.0.113.80', connections: 9, bytes: 4e9 },
    }
    assert.match(say({}, all), /opened 9 connections outward, all of them to 203\.0\.113\.80,/)
    const inside = { ...all, opensInside: true as const }
    assert.match(say({}, inside), /opened 9 connections, all of them to 203\.0\.113\.80,/)
  })

  test('the peer with most connections is not said to have had most bytes', () => {
    const few = { mainPeer: { address: '203.0.113.80', connections: 280, bytes: 6e8 } }
    assert.match(say({}, few), /280 of them to \S+, and downloaded 4\.0 GB, 600\.0 MB of it from there\.$/)
    assert.match(say({}, { ...few, direction: 'out' }), / uploaded 4\.0 GB, 600\.0 MB of it there\.$/)
    const none = { mainPeer: { ...few.mainPeer, bytes: 0 } }
    assert.match(say({}, none), / downloaded 4\.0 GB, none of it from there\.$/)
  }) // prettier-ignore

  test('a surge names as many hosts as it had connections with', () => {
    const surge = { openedTo: 4000, acceptedFrom: 1, accepted: 9000, peers: 4040 }
    const told = { kind: 'surge' as const }
    assert.match(say(told, { ...surge, direction: 'out' }), /opened 312 connections in 4 min 23 s to 4,000 hosts,/)
    assert.match(say(told, surge), /9,000 connections were opened to \S+ \(\S+\) in 4 min 23 s from 1 address,/)
  }) // prettier-ignore

  test('what passed in a silence counts once, and is only what was seen', () => {
    const silence = { kind: 'silence', actors: [], total: { in: 5000, out: 5000, connections: 0 } } as const
    assert.match(say({ ...silence, actors: [], passed: 5000 }), /: only 5\.0 kB passed, and/)
    assert.match(say({ ...silence, actors: [], passed: 19 }), /: nothing passed, and/)
    assert.match(say({ ...silence, actors: [], passed: 20 }), /: only 20 bytes passed, and/)
    const sampled = { ...silence, actors: [], passed: 0, sampling: 100 }
    assert.match(say(sampled), /: nothing was seen to pass, and/)
    assert.match(say({ ...sampled, fromOutside: 0 }), /: nothing was seen to come from outside, though/)
  }) // prettier-ignore

  test('one lost flow is one', () => {
    const lost = (flows: number) => say({ lost: { flows, estimated: true } })
    assert.match(lost(1), /About 1 flow of that time was lost: figures/)
    assert.match(lost(0.3), /About 1 flow of that time was lost: figures/)
  })

  test('a server or the victim of a flood did not begin it', () => {
    const asked = { connections: 11, accepted: 59_999, askedBy: 35_072, packets: 67e6 }
    assert.match(
      say({}, asked),
      /s\. 59,999 connections were opened to 10\.0\.0\.22 \(bobby22\.bigbiz\.local\) by 35,072 hosts, and it received 4\.0 GB in 67,000,000 packets\.$/,
    )
    assert.match(
      say({}, { ...asked, accepted: 600, askedBy: 200, packets: 3e6, sentNothing: true }),
      /s\. 600 connections came to 10\.0\.0\.22 \(bobby22\.bigbiz\.local\) from 200 addresses, and it received 4\.0 GB, most of it in connections in which it sent nothing\.$/,
    )
    const served = { ...asked, direction: 'out' as const, accepted: 300, askedBy: 3, packets: 3e6 }
    assert.match(
      say({}, served),
      /300 connections were opened to \S+ \(\S+\) by 3 hosts, 280 of them by 203\.0\.113\.80, and it sent 4\.0 GB\.$/,
    )
    const byOne = (connections: number) =>
      say({}, { ...served, accepted: 1, askedBy: 1, mainPeer: { ...actor.mainPeer!, connections } })
    assert.match(byOne(1), / 1 connection was opened to \S+ \(\S+\) by 203\.0\.113\.80, and it sent/)
    assert.match(byOne(0), / 1 connection was opened to \S+ \(\S+\) by 1 host, and it sent/)
  }) // prettier-ignore

  test('of several, the one that does so every day is said to', () => {
    const backup = { ...actor, host: '10.0.0.5', isUsual: true as const }
    const said = say({ actors: [actor, backup] })
    assert.match(said, /downloaded 4\.0 GB\. 10\.0\.0\.5 opened .* downloaded 4\.0 GB\. It did the like at this hour on earlier days\.$/)
  }) // prettier-ignore

  test('a tunnel, and a multicast group', () => {
    const tunnel = 'GRE'
    assert.match(say({}, { tunnel }), /downloaded 4\.0 GB\. Most of it was in a tunnel \(GRE, by its protocol or port\): flows do not show which hosts behind it took the line\.$/)
    for (const address of ['239.1.2.3', 'ff02::fb', '255.255.255.255']) {
      const mainPeer = { address, connections: 1, bytes: 4e9 }
      const said = say({}, { direction: 'out', connections: 1, mainPeer })
      assert.ok(said.endsWith(`) sent 4.0 GB to ${address}, an address of many hosts.`), said)
    }
  }) // prettier-ignore

  test('an address that may be one of many', () => {
    const mainPeer = { address: '10.0.0.255', connections: 1, bytes: 4e9, isBroadcast: true } as const
    assert.match(say({}, { direction: 'out', mainPeer }), /\) sent 4\.0 GB to 10\.0\.0\.255, which sent nothing back and may be a broadcast address\.$/)
  }) // prettier-ignore

  test('figures that are at least these', () => {
    assert.match(say({ isOpenStart: true }), /was cut for at least 4 min 23 s\./)
    assert.match(say({ isOngoing: true }), /has been cut for at least 4 min 23 s\./)
    const lost = { flows: 7, estimated: false }
    const gap = { from: from + 60_000, to: from + 120_000 }
    const said = say({ isOpenStart: true, lost, gaps: [gap] })
    assert.match(said, /This may have begun before the first of these flows, and what passed from 11:33:10 to 11:34:10 is not known, for pfsense itself was away or cut off, and 7 flows of that time were lost: figures are at least these\.$/)
    assert.match(say({ gaps: [gap] }), /was cut for 4 min 23 s\./)
    assert.match(say({ gaps: [{ ...gap, isOurs: true }] }), /What passed from 11:33:10 to 11:34:10 is not known, for Weir was not listening: figures are at least these\.$/)
    assert.match(say({ gaps: [{ ...gap, isOurs: true, isUnreadable: true }] }), /What passed from 11:33:10 to 11:34:10 is not known, for the flows received then cannot be read: figures/)
    assert.match(say({ gaps: [{ from: from + 200_000, to: from + 400_000 }] }), /at least 4 min/)
  }) // prettier-ignore

  test('traffic that still passed is mentioned', () => {
    assert.match(
      say({ othersKept: 0.24 }),
      /was held up for 4 min 23 s: the other hosts kept 24 % of theirs\./,
    )
  })

  test('a silence in which hosts sent on', () => {
    const silence = {
      kind: 'silence',
      actors: [],
      total: { in: 0, out: 7e7, connections: 0 },
    } as const
    assert.match(
      say({ ...silence, actors: [], fromOutside: 0 }),
      /No host took the line: nothing came from outside, though hosts sent on as before, and no report/,
    )
    assert.match(
      say({ ...silence, actors: [], fromOutside: 3000 }),
      /: only 3\.0 kB came from outside,/,
    )
    assert.match(
      say({ ...silence, actors: [], spanned: 'outside' }),
      /No host took the line: hardly a flow from outside began or ended in it, and no report/,
    )
    assert.match(
      say({ ...silence, actors: [], sampling: 100, spanned: 'all' }),
      /: hardly a flow was seen to begin or end in it, and no report/,
    )
  })

  test('connections that did not come about, while bytes passed', () => {
    const full = { othersKept: 0.9, connectionsKept: 0.02 }
    assert.match(
      say(full),
      /: new connections through pfsense were cut for 4 min 23 s\. 10\.0\.0\.22/,
    )
    assert.match(
      say({ ...full, connectionsKept: 0.2, isOngoing: true }),
      /: new connections through pfsense have been held up for at least 4 min 23 s: the other hosts kept 20 % of theirs\./,
    )
  })

  test('without a culprit, and with an absent exporter', () => {
    const silence = say({ kind: 'silence', actors: [], total: { in: 0, out: 0, connections: 0 } })
    assert.match(
      silence,
      /was cut for 4 min 23 s\. No host took the line: nothing passed, and no report of pfsense is missing\.$/,
    )
    const lossy = say({ kind: 'silence', actors: [], lost: { flows: 3, estimated: false } })
    assert.match(lossy, /only 4\.0 GB was seen to pass, and pfsense went on reporting\./)
    const away = say({ kind: 'exporter', actors: [], facts: ['the exporter was started anew'] })
    assert.match(
      away,
      /pfsense itself was away or cut off for 4 min 23 s: the exporter was started anew\. What passed in that time is not known\.$/,
    )
    assert.match(
      say({ kind: 'exporter', actors: [], mayBeSilence: true }),
      /: nothing came from pfsense for 4 min 23 s: it was away or cut off, or nothing passed through it\. Which of these, its reports do not show\.$/,
    )
  })

  test('estimates and losses are mentioned', () => {
    const said = say({ sampling: 100, lost: { flows: 1200, estimated: true } })
    assert.match(said, /Bytes are estimated, for 1 of 100 packets was looked at: there were more connections and hosts than were seen\./)
    const some = say({ sampling: 1000, samplingVaries: true })
    assert.match(some, /Bytes are estimated, for 1 of up to 1,000 packets was looked at: /)
    const part = say({ estimatedFrom: 8 })
    assert.match(part, /Figures are estimated from 1 of 8 connections, but hosts are only those seen in these\./)
    assert.match(said, /About 1,200 flows of that time were lost: figures are at least these\./)
  }) // prettier-ignore

  test('of sampled packets, connections are those that were seen', () => {
    const sampled = { sampling: 100 }
    assert.match(say(sampled), /\) was seen to open 312 connections outward, 280 of them to \S+, and downloaded 4\.0 GB\./)
    const asked = { accepted: 300, askedBy: 20 }
    assert.match(say(sampled, asked), / 300 connections were seen to be opened to \S+ \(\S+\) by 20 hosts, 280 of them by \S+, and it received/)
    const surge = { ...sampled, kind: 'surge' as const }
    assert.match(say(surge, { direction: 'out', openedTo: 40 }), /\) was seen to open 312 connections in 4 min 23 s to 40 hosts,/)
    assert.match(say(surge, asked), /300 connections were seen to be opened to \S+ \(\S+\) in 4 min 23 s from 8 addresses,/)
  }) // prettier-ignore

  test('who is not seen to have asked is not said to have downloaded or uploaded', () => {
    const isUnasked = true
    assert.match(say({}, { isUnasked }), /\) opened 312 connections outward, 280 of them to \S+, and received 4\.0 GB\.$/)
    const none = { isUnasked, connections: 0, direction: 'out' as const, mainPeer: { address: '203.0.113.80', connections: 0, bytes: 4e9 } } as const
    assert.match(say({}, none), /\) sent 4\.0 GB to 203\.0\.113\.80\.$/)
  }) // prettier-ignore

  test('in the requested time zone', () => {
    const said = sayIncident(incident, { ...wording, zone: 'Europe/Brussels' })
    assert.match(said, /^Monday 16 November 2026, 12:32:10:/)
  })
})

test('a range includes the date of its end if that differs, in local time', () => {
  assert.equal(
    sayRange(from, from + 263_000, 'UTC'),
    'Monday 16 November 2026, 11:32:10 to 11:36:33',
  )
  const night = from + 12 * 3_600_000
  assert.match(
    sayRange(night, night + 3_600_000, 'UTC'),
    /23:32:10 to Tuesday 17 November 2026, 00:/,
  )
  assert.match(
    sayRange(night, night + 3_600_000, 'Asia/Tokyo'),
    /^Tuesday 17 .* 08:32:10 to 09:32:10$/,
  )
})

test('a time in a table includes its date if that is not the heading’s, in local time', () => {
  const late = Date.UTC(2026, 10, 16, 23, 58)
  const time = (minutes: number, zone: string) => sayClockUnder(late, late + minutes * 60_000, zone)
  assert.equal(time(1, 'UTC'), '23:59:00')
  assert.equal(time(2, 'UTC'), '2026-11-17 00:00:00')
  assert.equal(time(2, 'Europe/Brussels'), '01:00:00')
  assert.equal(time(-60, 'Europe/Brussels'), '2026-11-16 23:58:00')
})

test('times have their offset where an hour comes twice', () => {
  const [change, zone] = [Date.UTC(2026, 9, 25, 1), 'Europe/Berlin']
  assert.equal(
    sayRange(change - 120_000, change + 180_000, zone),
    'Sunday 25 October 2026, 02:58:00 UTC+2 to 02:03:00 UTC+1',
  )
  assert.equal(sayClockUnder(change, change, zone, '.007'), '02:00:00.007 UTC+1')
  assert.equal(sayClockUnder(change, change + 7_200_000, zone), '04:00:00')
  assert.equal(sayClockUnder(change, change, 'UTC'), '01:00:00')
})
