/** Runs a scenario: packets → metering exporter → capture → replay → the incidents found. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Incident } from '../../flow/incident/incident.ts'
import { importCaptures } from '../../ingest/import/import.ts'
import { IncidentReader } from '../../store/incident/ledger.ts'
import { writeCapture } from '../encode/pcap-write.ts'
import { scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { meter } from './meter.ts'
import type { Scenario } from './scenario.ts'
import { didOf, type UnseenMorning } from './unseen.ts'

/** The incidents found in captures of one exporter. */
export async function incidentsOf(
  folder: string,
  captures: readonly string[],
): Promise<Incident[]> {
  const settings = readSettings({ WEIR_DATA: join(folder, 'data') })
  await importCaptures(captures, { settings, shiftMs: 0, onProgress: () => undefined })
  return new IncidentReader(settings.data).between(0, 8.64e15)
}

/** Fails unless exactly the scenario's incidents are found. */
export async function runScenario(scenario: Scenario): Promise<void> {
  const { expected, tolerance = 2 } = scenario
  const folder = await scratchFolder()
  try {
    const { drops = [], lateMs = 0 } = scenario
    const sent = meter(scenario.packets(), scenario.meter)
      .filter(({ receivedMs: t }) => !drops.some(({ from, to }) => t >= from && t < to))
      .map((datagram) => ({ ...datagram, receivedMs: datagram.receivedMs + lateMs }))
    const capture = join(folder, 'scenario.pcap')
    await writeCapture(capture, '192.168.9.1', sent)
    const found = await incidentsOf(folder, [capture])
    const told = JSON.stringify(found, null, 1)
    assert.equal(found.length, expected === null ? 0 : 1, told)
    if (expected === null) return
    const [incident] = found
    assert.equal(incident!.kind, expected.kind, told)
    for (const side of ['from', 'to'] as const) {
      const off = Math.abs(incident![side] - expected[side]) / 1000
      assert.ok(off <= tolerance, `${side} is ${off} s off: ${told}`)
    }
    assert.equal(incident!.mayBeSilence ?? false, scenario.mayBeSilence ?? false, told)
    if (scenario.othersKept !== undefined)
      assert.ok((incident!.othersKept ?? 1) <= scenario.othersKept, told)
    isBy(incident!, expected.actors, {
      direction: expected.direction,
      sampling: incident!.sampling,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Tolerance for a host's other traffic: as a share of bytes; and in connections. */
const besideShare = 0.01
const besideConnections = 100

function isBy(
  { actors }: Incident,
  expected: NonNullable<Scenario['expected']>['actors'],
  { direction, sampling }: { direction: 'in' | 'out' | undefined; sampling: number },
): void {
  assert.deepEqual(actors.map(({ host }) => host).sort(), Object.keys(expected).sort())
  for (const actor of actors) {
    const { connections, bytes, mainPeer, isAsked = false } = expected[actor.host]!
    assert.equal(actor.direction, direction)
    if (connections !== undefined && sampling === 1) {
      assert.ok(actor.connections >= connections, `${actor.connections} connections`)
      assert.ok(actor.connections <= connections + besideConnections, `${actor.connections}`)
    }
    if (bytes !== undefined)
      assert.ok(
        Math.abs(actor.bytes / bytes - 1) < (sampling === 1 ? besideShare : 0.2),
        `${actor.bytes}`,
      )
    if (mainPeer !== undefined) assert.equal(actor.mainPeer?.address, mainPeer)
    if (isAsked) assert.notEqual(actor.askedBy, undefined)
  }
}

/** Replays the datagrams of a metering exporter into a scratch folder: the incidents found, in order of time. */
async function foundIn({ packets, meter: options, drops }: UnseenMorning): Promise<Incident[]> {
  const folder = await scratchFolder()
  try {
    const sent = meter(packets, options).filter(
      ({ receivedMs }) => !drops.some(({ from, to }) => receivedMs >= from && receivedMs < to),
    )
    const capture = join(folder, 'morning.pcap')
    await writeCapture(capture, '192.168.9.1', sent)
    return (await incidentsOf(folder, [capture])).sort((a, b) => a.from - b.from)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Fails unless exactly the incidents in a random morning's packets are found. */
export async function runUnseen(morning: UnseenMorning): Promise<void> {
  checkUnseen(morning, await foundIn(morning))
}

/** Fails unless what was found matches the packets. */
function checkUnseen(morning: UnseenMorning, found: readonly Incident[]): void {
  const told = `${morning.name}: ${JSON.stringify(found, null, 1)}`
  assert.equal(found.length, morning.told.length, told)
  for (const [i, expected] of morning.told.entries()) {
    const incident = found[i]!
    assert.equal(incident.kind, expected.kind, told)
    // Flows that an absent exporter had not sent before are missing too.
    const tolerance = expected.kind === 'exporter' ? 70 : 2
    for (const side of ['from', 'to'] as const) {
      const off = Math.abs(incident[side] - expected[side]) / 1000
      assert.ok(off <= tolerance, `${side} is ${off} s off: ${told}`)
    }
    assert.deepEqual(incident.actors.map(({ host }) => host).sort(), Object.keys(expected.actors).sort(), told) // prettier-ignore
    for (const actor of incident.actors) isAsCounted(morning, incident, { actor, told })
  }
}

/** An exporter's whole seconds shift times by this much. */
const secondMs = 1000

/** Whether an actor's figures match the packets of that very window, give or take a second at its ends. */
function isAsCounted(
  { packets }: UnseenMorning,
  { from, to }: Incident,
  { actor, told }: { actor: Incident['actors'][number]; told: string },
): void {
  const least = didOf(packets, actor.host, { from: from + secondMs, to: to - secondMs })
  const most = didOf(packets, actor.host, { from: from - secondMs, to: to + secondMs })
  assert.equal(actor.direction, most.direction, told)
  assert.ok(actor.bytes >= 0.999 * least.bytes && actor.bytes <= 1.001 * most.bytes, told)
  assert.ok(actor.connections >= least.connections && actor.connections <= most.connections, told)
  if (least.mainPeer !== most.mainPeer || most.isTied) return
  assert.equal(actor.mainPeer?.address, most.mainPeer, told)
  const { connections } = actor.mainPeer
  assert.ok(connections >= least.mainConnections && connections <= most.mainConnections, told)
}
