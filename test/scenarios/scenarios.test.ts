/** Some of the scenarios, from packets to the verdict; the long tests run all of them. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'

import { intervalStart } from '../../flow/interval.ts'
import { judgeNow } from '../../ingest/incidents/judge-now.ts'
import { IncidentLedger, IncidentReader } from '../../store/incident/ledger.ts'
import { encodeV5 } from '../encode/fixed.ts'
import { writeCapture, type SentDatagram } from '../encode/pcap-write.ts'
import { relay } from '../encode/relay.ts'
import { scratchFolder } from '../processes.ts'
import { seeded } from '../random.ts'
import { readSettings } from '../settings.ts'
import { skipWithout } from '../setup/parts.ts'
import { fortnight } from './fortnight.ts'
import { harderMorning } from './harder.ts'
import { meter } from './meter.ts'
import type { Packet } from './packets.ts'
import { incidentsOf, runScenario, runUnseen } from './run.ts'
import { hosts, morning, office, usual } from './office.ts'
import { scenarios } from './scenarios.ts'
import { smallOutage } from './outages.ts'
import { softflowd } from './softflowd.ts'
import { unseenMorning } from './unseen.ts'

const quick = new Set([
  'upload',
  'a cut with nobody to blame',
  'an ordinary morning',
  'one that takes the line beside eight with a little',
  'an upload by IPv6 in a network that nothing says is local',
  'a cut over which records reach',
  'six crawlers with most flows that pause while ten others go on',
  'one that begins a minute after another has cut the others off',
  'one that goes on where another ends',
  'a download while cameras send to a recorder inside',
  'a download in a branch that works with servers of another site',
  'a download of three and a half hours',
  'a download that goes on since two hours',
  'the exporter was cut off',
  'nothing comes from an exporter without sequence numbers',
  'a scan that leaves the others no connections',
  'a dead line on which one host tries 9000 times',
  'answers of name servers that nobody asked',
  'a stream from outside to a multicast group',
  'a flood of pings from outside that the host answers',
  'a dead line while two hosts inside copy',
  'a download during a backup that goes on',
  'twelve hosts that fetch from one server at once',
  'two culprits behind a router that reports both sides of its translation',
])

/** A datagram of 20 flows each minute of two hours; 25 are lost, up to one hour after the start. */
function minutely(from: number, second: number): SentDatagram[] {
  const all = Array.from({ length: 120 }, (_, minute) => {
    const receivedMs = from + minute * 60_000 + second * 1000
    const uptimeMs = 3_600_000 + receivedMs - from
    const flow = { octets: 7_500_000, packets: 7500, first: uptimeMs - 59_999, last: uptimeMs - 1 }
    const flows = Array.from({ length: 20 }, (_each, i) => ({ ...flow, sourcePort: 40_000 + i }))
    return { receivedMs, payload: encodeV5({ uptimeMs, exportMs: receivedMs, sequence: minute * 20 }, flows) } // prettier-ignore
  })
  return all.filter((_, minute) => minute < 35 || minute >= 60)
}

suite('scenarios, some', () => {
  for (const scenario of scenarios.filter(({ name }) => quick.has(name)))
    test(scenario.name, () => runScenario(scenario))

  test('a cut of two hours is reported, and does not change when a part of it is judged again', async () => {
    const folder = await scratchFolder()
    try {
      const { packets, meter: options, expected } = scenarios.find(({ name }) => name === 'a cut of two hours')! // prettier-ignore
      const capture = join(folder, 'cut.pcap')
      await writeCapture(capture, '192.168.9.1', meter(packets(), options))
      const found = await incidentsOf(folder, [capture])
      assert.deepEqual(found.map(({ kind }) => kind), ['silence']) // prettier-ignore
      assert.ok(Math.abs(found[0]!.to - expected!.to) <= 2000, JSON.stringify(found))
      const settings = readSettings({ WEIR_DATA: join(folder, 'data') })
      for (const at of [expected!.from, expected!.to]) {
        const ledger = await IncidentLedger.open(settings.data)
        await ledger.addPending([intervalStart(at)])
        await ledger.close()
        await judgeNow(settings)
        assert.deepEqual(await new IncidentReader(settings.data).between(0, 8.64e15), found)
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('three cuts of twelve seconds within a minute are three', async () => {
    const cuts = [20, 20.4, 20.8].map((minutes) => {
      const from = morning + minutes * 60_000
      return { from, to: from + 12_000, except: [], keeps: 0 }
    })
    const folder = await scratchFolder()
    try {
      const capture = join(folder, 'cuts.pcap')
      await writeCapture(capture, '192.168.9.1', meter(office({ seed: 101, cuts })(), usual))
      const found = (await incidentsOf(folder, [capture])).sort((a, b) => a.from - b.from)
      const told = JSON.stringify(found, null, 1)
      assert.deepEqual(found.map(({ kind }) => kind), ['silence', 'silence', 'silence'], told) // prettier-ignore
      for (const [i, { from, to }] of cuts.entries())
        assert.ok(Math.abs(found[i]!.from - from) <= 2000 && Math.abs(found[i]!.to - to) <= 2000, told) // prettier-ignore
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('a fail-over is told as one, and not if the other firewall had traffic of others, or of the same hosts all the time', async () => {
    const cut = { from: morning + 20 * 60_000, to: morning + 23 * 60_000 }
    const isCut = ({ time }: Packet) => time >= cut.from && time < cut.to
    const ours = office({ seed: 31 })()
    const theirs = office({ seed: 32, hosts: hosts(25).map((host) => host.replace('10.0.0', '10.1.0')) })()
    const stopped = ours.filter((packet) => !isCut(packet))
    const tried: [Packet[], { exporter: string; hosts: number; of: number } | undefined][] = [
      [ours.filter(isCut), { exporter: '192.168.9.2', hosts: 25, of: 25 }],
      [theirs, undefined],
      [office({ seed: 32 })(), undefined],
      [office({ seed: 32 })().concat(ours.filter(isCut)).sort((a, b) => a.time - b.time), { exporter: '192.168.9.2', hosts: 22, of: 25 }],
    ]
    for (const [other, carried] of tried) {
      const folder = await scratchFolder()
      try {
        const captures = [join(folder, '1.pcap'), join(folder, '2.pcap')]
        for (const [i, packets] of [stopped, other].entries())
          await writeCapture(captures[i]!, `192.168.9.${1 + i}`, meter(packets, usual))
        const found = await incidentsOf(folder, captures)
        assert.deepEqual(
          found.map(({ kind, exporter, carried: by }) => [kind, exporter, by]),
          [['silence', '192.168.9.1', carried]],
        )
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    }
  }) // prettier-ignore

  test('a day with a backup, a batch, calls and large downloads: no alarm', async () => {
    const folder = await scratchFolder()
    try {
      assert.deepEqual(await incidentsOf(folder, await fortnight(folder, 1)), [])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('six people, one of fifty datagrams lost: the exporter was not away', async () => {
    const folder = await scratchFolder()
    try {
      const { packets, meter: options } = scenarios.find(({ name }) => name === 'six people')!
      const loss = { loss: 0.02, reordering: 0, duplicates: 0, reorderWithin: 0 }
      const { arrived, lost } = relay(meter(packets(), options), seeded(9), loss)
      assert.ok(lost.length > 10)
      const capture = join(folder, 'lossy.pcap')
      await writeCapture(capture, '192.168.9.1', arrived)
      assert.deepEqual(await incidentsOf(folder, [capture]), [])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  for (const second of [0, 20])
    test(`flows lost until an exporter comes back at second ${second} are its incident's`, async () => {
      const folder = await scratchFolder()
      try {
        const capture = join(folder, 'away.pcap')
        await writeCapture(capture, '192.168.9.1', minutely(morning, second))
        const found = await incidentsOf(folder, [capture])
        const told = found.map(({ kind, lost }) => [kind, lost.flows])
        assert.deepEqual(told, [['exporter', 20 * 25]])
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    })

  for (const seed of [34, 48, 65, 99]) {
    const unseen = unseenMorning(seed)
    test(`morning ${unseen.name}`, () => runUnseen(unseen))
  }

  for (const seed of [4, 5, 9, 13]) {
    const harder = harderMorning(seed)
    test(`harder morning ${harder.name}`, () => runUnseen(harder))
  }

  const skip = skipWithout('softflowd')
  for (const version of ['5', '9', '10'] as const)
    test(`an outage through a real softflowd -v ${version}`, { skip }, async () => {
      const folder = await scratchFolder()
      try {
        const { packets, from, to } = smallOutage(Date.now())
        const capture = join(folder, 'softflowd.pcap')
        await writeCapture(capture, '192.168.9.1', await softflowd(folder, packets, version))
        const found = await incidentsOf(folder, [capture])
        const told = JSON.stringify(found, null, 1)
        assert.equal(found.length, 1, told)
        const [incident] = found
        assert.equal(incident?.kind, 'congestion', told)
        assert.ok(Math.abs(incident.from - from) <= 2000, told)
        assert.ok(Math.abs(incident.to - to) <= 2000, told)
        assert.deepEqual(
          incident.actors.map(({ host, direction }) => [host, direction]),
          [['10.0.0.12', 'in']],
        )
        assert.ok(Math.abs(incident.actors[0]!.bytes / 1.5e9 - 1) < 0.01, told)
        assert.ok(Math.abs(incident.actors[0]!.connections - 25) <= 10, told)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    })
})
