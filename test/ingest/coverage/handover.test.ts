/** An exporter that moves between two collectors: their losses add up to what a single one would count. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { clearFlowColumns, createFlowColumns } from '../../../flow/columns.ts'
import type { ExporterBreak } from '../../../flow/incident/incident.ts'
import { intervalMs, intervalStart } from '../../../flow/interval.ts'
import { takenBackBy } from '../../../flow/merge-exporters.ts'
import { CoverageTracker } from '../../../ingest/coverage/coverage.ts'
import { Decoder } from '../../../ingest/decode/decoder.ts'
import { decoderRowsMax } from '../../../ingest/decode/limits.ts'
import { Handover, spansMax } from '../../../ingest/coverage/handover.ts'
import { mergeCoverage } from '../../../store/merge-steps.ts'
import { testExportMs } from '../../encode/fixed.ts'
import { encodeIpfix } from '../../encode/sets.ts'
import { seeded } from '../../random.ts'
import { send, versions, type Sent, type Version } from '../decode/streams.ts'

const exporter = '192.0.2.1'

/** A collector, reduced to its loss accounting. */
class Collector {
  readonly coverage = new CoverageTracker(testExportMs - intervalMs)
  handover = new Handover(this.coverage)
  readonly #flows = createFlowColumns(2 * decoderRowsMax)
  readonly decoder: Decoder = new Decoder(this.#flows, {
    onSequence: (event) => {
      this.coverage.take(event)
      this.handover.take(event, this.decoder.lastStream(event.exporter)!)
    },
  })

  hear({ payload, sentMs }: Pick<Sent, 'payload' | 'sentMs'>, sourcePort = 50_000): void {
    this.decoder.decode({ payload, source: exporter, sourcePort, receivedMs: sentMs + 20 })
    if (this.#flows.capacity - this.#flows.count < decoderRowsMax) clearFlowColumns(this.#flows)
  }

  /** Its losses, corrected by what others heard. */
  lost() {
    const [status] = this.decoder.exporters()
    const off = this.handover.correctionOf(exporter) ?? { datagrams: 0, flows: 0 }
    const { datagrams = 0, flows = 0 } = status?.lost ?? {}
    return { datagrams: datagrams + off.datagrams, flows: flows + off.flows }
  }

  /** What was ever counted: counters must not decrease. */
  counted(): number[] {
    const [status] = this.decoder.exporters()
    const off = this.handover.correctionOf(exporter)
    const back = takenBackBy(status?.takenBack, off?.takenBack)
    const { datagrams, flows } = this.lost()
    const restarts = (status?.restarts ?? 0) + (off?.restarts ?? 0)
    return [datagrams + back.datagrams, flows + back.flows, restarts + back.restarts]
  }

  /** A start after a crash: state is restored from what was published. */
  restart(): void {
    const snapshot = JSON.parse(JSON.stringify(this.handover.snapshot())) as never
    this.handover = new Handover(this.coverage)
    this.handover.restore(snapshot)
  }
}

/** The two exchange what they heard, and judge. */
function talk(one: Collector, two: Collector): void {
  const before = [...one.counted(), ...two.counted()]
  for (const each of [one, two]) each.handover.follow(each.decoder.streams())
  const [ofOne, ofTwo] = [one.handover.spans(), two.handover.spans()]
  one.handover.settle(ofTwo)
  two.handover.settle(ofOne)
  for (const [i, now] of [...one.counted(), ...two.counted()].entries())
    assert.ok(now >= before[i]!, 'a counter decreased')
}

/** Ten minutes of alternating sending and silence. */
function morning(version: Version, random: () => number): Sent[] {
  const all: Sent[] = []
  let exporterNow: Parameters<typeof send>[3] = { sequence: 2 ** 32 - 700 }
  for (let stretch = 0; stretch < 12; stretch++) {
    const { sent, exporter: after } = send(version, 50 * (1 + Math.floor(random() * 4)), random, {
      ...exporterNow,
      ...(version === 'v9' && { flowsMax: 1 }),
    })
    all.push(...sent)
    const pauseMs = random() < 0.3 ? Math.floor(random() * 4 * intervalMs) : 2000
    exporterNow = {
      ...after,
      exportMs: after.exportMs + pauseMs,
      uptimeMs: after.uptimeMs + pauseMs,
    }
  }
  return all
}

for (const version of versions)
  describe(version, () => {
    for (const seed of [1, 2, 3, 4, 5, 6])
      test(`moves, losses and restarts, seed ${seed}`, () => {
        const random = seeded(seed)
        const [whole, one, two] = [new Collector(), new Collector(), new Collector()]
        let at = one
        let left = 60
        /** This many more datagrams are heard by nobody, as when a worker has died. */
        let unheard = 0
        let lostDatagrams = 0
        let isTwoTold = false
        const sent = morning(version, random)
        for (const [i, datagram] of sent.entries()) {
          const announces = i % 50 === 0
          // A collector without templates cannot detect a loss: the second begins with one.
          if (left-- <= 0 && (isTwoTold || announces)) {
            left = 15 + Math.floor(random() * 120)
            at = at === one ? two : one
            if (isTwoTold && random() < 0.5) unheard = Math.ceil(random() * 40)
            isTwoTold = true
          }
          if (unheard-- > 0 || (random() < 0.01 && !announces)) {
            lostDatagrams++
            continue
          }
          whole.hear(datagram)
          at.hear(datagram)
          if (random() < 0.02) talk(one, two)
          if (random() < 0.002) at.restart()
        }
        // Each reads what the other published last.
        talk(one, two)
        talk(one, two)
        assert.ok(lostDatagrams > 5)
        const truth = whole.lost()
        const [a, b] = [one.lost(), two.lost()]
        if (version === 'v9') assert.equal(a.datagrams + b.datagrams, truth.datagrams)
        assert.equal(a.flows + b.flows, truth.flows)
        const end = sent.at(-1)!.sentMs
        for (let t = intervalStart(testExportMs); t <= end; t += intervalMs) {
          const expected = whole.coverage.of(exporter, t)
          const parts = [one, two].flatMap((each) => each.coverage.of(exporter, t) ?? [])
          const found = parts.length === 2 ? mergeCoverage(parts[0]!, parts[1]!) : parts[0]
          if (!expected || !found) {
            assert.equal(found ?? null, expected)
            continue
          }
          assert.equal(found.known, expected.known, new Date(t).toISOString())
          assert.deepEqual(found.unknown, expected.unknown, new Date(t).toISOString())
          assert.equal(found.datagrams, expected.datagrams)
          assert.equal(found.lostFlows, expected.lostFlows, new Date(t).toISOString())
        }
        const told = [...one.coverage.breaks.list(), ...two.coverage.breaks.list()]
        const breaks = told.sort((x, y) => x.from - y.from)
        // If flows are numbered, datagrams are estimated, by the mean of what each heard.
        const exact = (list: readonly ExporterBreak[]) =>
          list.map((each) => ({ ...each, lostDatagrams: 0 }))
        assert.deepEqual(exact(breaks), exact(whole.coverage.breaks.list()))
      })
  })

test('an exporter that moves as it restarts from a large number lost nothing', () => {
  for (const version of versions) {
    const random = seeded(1)
    const [one, two] = [new Collector(), new Collector()]
    const before = send(version, 50, random, { sequence: 3_000_000_000 })
    const exportMs = before.exporter.exportMs + 40_000
    const after = send(version, 50, random, { sequence: 0, uptimeMs: 30_000, exportMs })
    for (const each of before.sent) one.hear(each)
    talk(one, two)
    for (const each of after.sent) two.hear(each)
    talk(one, two)
    assert.deepEqual([one.lost(), two.lost()], [{ datagrams: 0, flows: 0 }, { datagrams: 0, flows: 0 }], version) // prettier-ignore
  }
})

test('of two processes of an exporter, the one that moves away and back lost nothing', () => {
  const random = seeded(1)
  const [one, two] = [new Collector(), new Collector()]
  const moving = send('ipfix', 600, random, { sequence: 1_000_000 }).sent
  const staying = send('ipfix', 600, random, { sequence: 2_000_000_000 }).sent
  for (let i = 0; i < moving.length; i++) {
    one.hear(staying[i]!, 50_001)
    const isAway = i >= 200 && i < 400
    ;(isAway ? two : one).hear(moving[i]!)
    // A collector without templates cannot detect a loss.
    if (i === 0) two.hear(moving[i]!)
  }
  talk(one, two)
  talk(one, two)
  assert.equal(one.lost().flows + two.lost().flows, 0)
})

test('however many streams an exporter names, a limited number of stretches is held, the newest', () => {
  const collector = new Collector()
  for (let i = 1; i <= spansMax + 1; i++)
    collector.hear({
      payload: encodeIpfix({ observationDomain: i, sets: [] }),
      sentMs: testExportMs + i,
    })
  const held = collector.handover.spans()
  assert.ok(held.length <= spansMax && held.length > spansMax / 2, `${held.length}`)
  assert.equal(held.at(-1)?.toMs, testExportMs + spansMax + 1 + 20)
})
