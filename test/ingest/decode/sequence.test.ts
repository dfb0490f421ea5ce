/** Sequence numbers: loss is known exactly, and nothing else is counted as lost. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { clearFlowColumns } from '../../../flow/columns.ts'
import type { SequenceEvent } from '../../../flow/sequence.ts'
import { encodeV1, encodeV5, testExportMs, testUptimeMs } from '../../encode/fixed.ts'
import { encodeV9, field } from '../../encode/sets.ts'
import { relay, type RelayOptions } from '../../encode/relay.ts'
import { seeded } from '../../random.ts'
import { decodeAll, openDecoder } from './decoded.ts'
import { receive, send, unitsOf, versions, type Sent, type Version } from './streams.ts'

const datagrams = 1500

const networks: Record<string, RelayOptions> = {
  'a perfect network': { loss: 0, reordering: 0, duplicates: 0, reorderWithin: 0 },
  'reordering alone': { loss: 0, reordering: 0.05, duplicates: 0, reorderWithin: 32 },
  'duplicates alone': { loss: 0, reordering: 0, duplicates: 0.01, reorderWithin: 32 },
  'loss of 0.1 %, reordering, duplicates': { loss: 0.001, reordering: 0.05, duplicates: 0.01, reorderWithin: 32 },
  'loss of 1 %, reordering, duplicates': { loss: 0.01, reordering: 0.05, duplicates: 0.01, reorderWithin: 32 },
  'loss of 10 %, reordering, duplicates': { loss: 0.1, reordering: 0.05, duplicates: 0.01, reorderWithin: 32 },
} // prettier-ignore

/** How an exporter sends that restarted 40 s after what it sent before. */
function restarted({ exporter }: ReturnType<typeof send>) {
  return { sequence: 0, uptimeMs: 30_000, exportMs: exporter.exportMs + 40_000 }
}

/** What the gaps told by events add up to: datagrams and flows. */
function lostInGaps(events: readonly SequenceEvent[]): number[] {
  const gaps = events.flatMap((event) => event.gaps)
  const sum = (name: 'datagrams' | 'flows') => gaps.reduce((total, gap) => total + gap[name], 0)
  return [sum('datagrams'), sum('flows')]
}

for (const version of versions)
  describe(version, () => {
    for (const [name, network] of Object.entries(networks))
      test(`${name}: reported loss is actual loss, each flow counted once`, () => {
        for (const seed of [1, 2]) {
          const random = seeded(seed)
          const { sent } = send(version, datagrams, random, { sequence: 2 ** 32 - 5000 })
          const { arrived, lost, doubled } = relay(sent, random, network)
          const { status } = receive(arrived)
          const reported = version === 'v9' ? status.lost.datagrams : status.lost.flows
          assert.equal(reported, unitsOf(lost), `seed ${seed}`)
          assert.equal(status.duplicates, doubled, `seed ${seed}`)
          assert.equal(status.restarts, 0, `seed ${seed}`)
          const flows = sent.reduce((sum, datagram) => sum + datagram.flows, 0)
          const lostFlows = lost.reduce((sum, datagram) => sum + datagram.flows, 0)
          assert.equal(status.flows, flows - lostFlows, `seed ${seed}`)
          assert.equal(status.lost.flowsEstimated, version === 'v9' && lost.length > 0)
        }
      })

    test('the events of a stream add up to its loss', () => {
      const random = seeded(7)
      const { sent } = send(version, 1000, random)
      const { arrived } = relay(sent, random, networks['loss of 10 %, reordering, duplicates']!)
      const { status, events } = receive(arrived)
      const sum = (name: 'lostDatagrams' | 'lostFlows') =>
        events.reduce((total, event) => total + event[name], 0)
      assert.deepEqual(
        [sum('lostDatagrams'), sum('lostFlows'), events.length],
        [status.lost.datagrams, status.lost.flows, arrived.length],
      )
      assert.deepEqual(lostInGaps(events), [status.lost.datagrams, status.lost.flows])
      const back = (name: 'lostDatagrams' | 'lostFlows') =>
        events.reduce((total, event) => total + Math.max(0, -event[name]), 0)
      assert.deepEqual(status.takenBack, { datagrams: back('lostDatagrams'), flows: back('lostFlows'), restarts: 0 }) // prettier-ignore
    })

    test('estimates of what is not counted return to 0 when everything arrives after all', () => {
      const random = seeded(5)
      const { sent } = send(version, 1000, random)
      const { arrived } = relay(sent, random, networks['reordering alone']!)
      assert.deepEqual(receive(arrived).status.lost.datagrams, 0)
      assert.deepEqual(receive(arrived).status.lost.flows, 0)
    })

    test('what is lost soon after a restart is counted, where numbers are as before it', () => {
      const random = seeded(8)
      const before = send(version, 30, random)
      const after = send(version, 60, random, restarted(before))
      // Of its first tens, every fifth is missing; IPFIX has no uptime, and so seconds must pass.
      const isLost = (i: number) => (version === 'ipfix' ? i >= 10 && i < 40 : i > 5 && i % 5 === 0)
      const lost = after.sent.filter((_, i) => isLost(i))
      const arrived = after.sent.filter((_, i) => !isLost(i))
      const { status } = receive([...before.sent, ...arrived])
      const reported = version === 'v9' ? status.lost.datagrams : status.lost.flows
      assert.deepEqual([status.restarts, status.reordered], [1, 0])
      assert.equal(reported, unitsOf(lost))
    })

    test('a restart counts as one restart and no loss', () => {
      for (const seed of [1, 2, 3]) {
        const random = seeded(seed)
        const before = send(version, 300, random, { sequence: 1_000_000 })
        const after = send(version, 300, random, restarted(before))
        const { status } = receive([...before.sent, ...after.sent])
        assert.deepEqual(
          [status.restarts, status.lost, status.duplicates, status.reordered],
          [1, { datagrams: 0, flows: 0, flowsEstimated: false }, 0, 0],
        )
      }
    })

    test('a restart from a number so large that the first one seems ahead of it', () => {
      const random = seeded(4)
      const before = send(version, 100, random, { sequence: 3_000_000_000 })
      const after = send(version, 100, random, restarted(before))
      const { status } = receive([...before.sent, ...after.sent])
      const lost = { datagrams: 0, flows: 0, flowsEstimated: false }
      assert.deepEqual([status.restarts, status.lost], [1, lost])
    })

    test('the same after minutes, in which an exporter could have sent as many', () => {
      for (const sequence of [3_000_000_000, 2 ** 32 - 5_000_000]) {
        const random = seeded(4)
        const before = send(version, 100, random, { sequence })
        const exportMs = before.exporter.exportMs + 300_000
        const after = send(version, 100, random, { ...restarted(before), exportMs })
        // The first datagrams after it do not arrive.
        const { status } = receive([...before.sent, ...after.sent.slice(3)])
        const lost = { datagrams: 0, flows: 0, flowsEstimated: false }
        assert.deepEqual([status.restarts, status.lost], [1, lost])
      }
    })

    test('a loss in which the numbers pass 0 is no restart', () => {
      const before = send(version, 100, seeded(4), { sequence: 2 ** 32 - 150_000 })
      const { sequence, uptimeMs, exportMs } = before.exporter
      const passed = { uptimeMs: uptimeMs + 60_000, exportMs: exportMs + 60_000 }
      const after = send(version, 100, seeded(5), { ...passed, sequence: 50_000 })
      const { status } = receive([...before.sent, ...after.sent])
      const reported = version === 'v9' ? status.lost.datagrams : status.lost.flows
      assert.deepEqual([status.restarts, reported], [0, 2 ** 32 - sequence + 50_000])
    })

    test('a restart soon after the start, and late datagrams from before it', () => {
      const random = seeded(11)
      const before = send(version, 20, random)
      const after = send(version, 100, random, {
        uptimeMs: 5000,
        exportMs: before.exporter.exportMs + 10_000,
      })
      const late = before.sent.splice(17, 2)
      const last = before.sent.pop()!
      const arrived = [...before.sent, ...after.sent.slice(0, 3), last, ...after.sent.slice(3)]
      const { status } = receive(arrived)
      assert.equal(status.restarts, 1)
      assert.equal(late.length, 2)
      assert.deepEqual(status.lost, { datagrams: 0, flows: 0, flowsEstimated: false })
    })

    test('two interleaved domains', () => {
      const streams = [1, 2].map((domain) => {
        const { sent } = send(version, 500, seeded(domain), { sequence: domain * 1000 })
        for (const { payload } of sent) {
          const at = { v5: 20, v9: 16, ipfix: 12 }[version]
          new DataView(payload.buffer).setUint16(version === 'v5' ? at : at + 2, domain)
        }
        return sent
      })
      const arrived = streams[0]!.flatMap((datagram, i) => [datagram, streams[1]![i]!])
      const { status } = receive(arrived)
      assert.deepEqual(status.domains, [1, 2])
      assert.deepEqual(status.lost, { datagrams: 0, flows: 0, flowsEstimated: false })
    })
  })

test('fewer flows than a datagram usually has were lost with one datagram', () => {
  const numbered = (sequence: number) => encodeV5({ sequence }, Array.from({ length: 10 }, () => ({}))) // prettier-ignore
  const { decoder } = decodeAll([numbered(0), numbered(10), numbered(21)])
  assert.deepEqual(decoder.exporters()[0]?.lost, { datagrams: 1, flows: 1, flowsEstimated: false })
})

test('nothing was lost before a restart, though its first datagrams did not arrive and the numbers go on upward', () => {
  for (const version of ['v5', 'v9'] as const) {
    const random = seeded(6)
    const before = send(version, 50, random)
    const after = send(version, 300, random, restarted(before))
    const { status } = receive([...before.sent, ...after.sent.slice(100)])
    const lost = { datagrams: 0, flows: 0, flowsEstimated: false }
    assert.deepEqual([status.restarts, status.lost], [1, lost], version)
  }
})

test('uptime that wraps after 49.7 days is not a restart', () => {
  for (const version of ['v5', 'v9'] as const) {
    const { sent } = send(version, 300, seeded(1), { uptimeMs: 2 ** 32 - 10_000 })
    const { status } = receive(sent)
    assert.deepEqual([status.restarts, status.lost.datagrams], [0, 0])
  }
})

test('v1 has no numbers: nothing can be known', () => {
  const { events } = decodeAll([new Uint8Array([0, 1, ...new Uint8Array(66)])])
  assert.deepEqual(
    events.map((event) => event.verdict),
    ['unknown'],
  )
})

test('v1 over two networks, one slower than the other: a second copy does not count', () => {
  const sent = Array.from({ length: 50 }, (_, i) =>
    encodeV1({ exportMs: testExportMs + i * 5000, uptimeMs: testUptimeMs + i * 5000 }, [
      { octets: i },
    ]),
  )
  const { rows, decoder, events } = decodeAll([
    ...sent.flatMap((each, i) => (i < 3 ? [each] : [each, sent[i - 3]!])),
    ...sent.slice(-3),
  ])
  assert.equal(rows.length, 50)
  assert.equal(decoder.exporters()[0]?.duplicates, 50)
  assert.deepEqual(new Set(events.map((event) => event.verdict)), new Set(['unknown', 'duplicate']))
})

describe('exporters with their own numbering', () => {
  type Ways = Record<string, (all: number, flows: number) => { before: number; after: number }>
  const ways: Ways = {
    'the number after the datagram, without options (softflowd)': (_, flows) => ({ before: flows, after: 0 }),
    'without options records': (_, flows) => ({ before: 0, after: flows }),
    'the number after the datagram': (all) => ({ before: all, after: 0 }),
    'datagrams': () => ({ before: 0, after: 1 }),
  } // prettier-ignore
  for (const [name, steps] of Object.entries(ways))
    for (const loss of [0, 0.02])
      test(`IPFIX: ${name}, loss of ${loss * 100} %`, () => {
        const random = seeded(3)
        const { sent } = send('ipfix', 1000, random)
        let sequence = 100
        const units: number[] = []
        for (const datagram of sent) {
          const { before, after } = steps(datagram.units, datagram.flows)
          sequence += before
          new DataView(datagram.payload.buffer).setUint32(8, sequence)
          sequence += after
          units.push(before + after)
        }
        const lostAt = new Set(units.keys().filter((i) => i > 50 && i < 999 && random() < loss))
        const { status, events } = receive(sent.filter((_, i) => !lostAt.has(i)))
        const lost = [...lostAt].reduce((sum, i) => sum + units[i]!, 0)
        const reported = name === 'datagrams' ? status.lost.datagrams : status.lost.flows
        assert.equal(reported, lost)
        assert.equal(status.restarts, 0)
        assert.deepEqual(lostInGaps(events), [status.lost.datagrams, status.lost.flows])
        if (loss === 0) assert.deepEqual([status.lost.datagrams, status.lost.flows], [0, 0])
      })
})

test('an exporter that numbers after the datagram and changes its port goes on', () => {
  const { sent } = send('ipfix', 40, seeded(3))
  let sequence = 100
  const numbered = sent.map(({ payload, flows }, i) => {
    sequence += flows
    new DataView(payload.buffer).setUint32(8, sequence)
    return { payload, sourcePort: i < 20 ? 1 : 2 }
  })
  const { events } = decodeAll(numbered)
  const verdicts = events.map(({ verdict }) => verdict)
  assert.equal(verdicts[20], 'continues')
  assert.equal(verdicts.lastIndexOf('first'), 0)
})

test('two domains that change their port go on, side by side', () => {
  const template = { id: 256, fields: [field(1, 4)] }
  const sent = Array.from({ length: 20 }, (_, i) => {
    const sets = i < 2 ? [{ templates: [template] }] : [{ data: template, records: [[100]] }]
    const sourceId = i % 2
    return { payload: encodeV9({ sourceId, sequence: i >> 1, sets }), sourcePort: i < 10 ? 1 : 2 }
  })
  const { events, decoder } = decodeAll(sent)
  const verdicts = events.map(({ verdict }) => verdict)
  assert.equal(verdicts.lastIndexOf('first'), 1)
  assert.equal(decoder.exporters()[0]?.lost.datagrams, 0)
})

describe('a loss while the source port changes', () => {
  /** What is counted as lost of datagrams of which some did not arrive, and those after them came from another port. */
  const lostAround = (version: Version, count: number, lost: number, furtherAhead = 0) => {
    const { sent } = send(version, count, seeded(4))
    const from = count - 20
    for (const { payload } of furtherAhead > 0 ? sent.slice(from) : []) {
      const view = new DataView(payload.buffer, payload.byteOffset)
      view.setUint32(8, view.getUint32(8) + furtherAhead)
    }
    const at = (port: number) => (datagram: Sent) => ({
      payload: datagram.payload,
      receivedMs: datagram.sentMs + 20,
      sourcePort: port,
    })
    const { decoder, flows } = openDecoder()
    for (const each of [...sent.slice(0, from - lost).map(at(1)), ...sent.slice(from).map(at(2))]) {
      decoder.decode({ source: '192.0.2.1', ...each })
      clearFlowColumns(flows)
    }
    const status = decoder.exporters()[0]!
    const reported = version === 'v9' ? status.lost.datagrams : status.lost.flows
    return [reported, unitsOf(sent.slice(from - lost, from))]
  }
  for (const version of ['v5', 'v9', 'ipfix'] as const) {
    test(`${version}: is counted, if the exporter has no other stream`, () => {
      const [reported, lost] = lostAround(version, 3200, 50)
      assert.equal(reported, lost)
    })
    test(`${version}: is none, while another stream may still be unknown`, () => {
      assert.equal(lostAround(version, 200, 50)[0], 0)
    })
    test(`${version}: is none, if the other port sent a moment ago`, () => {
      assert.equal(lostAround(version, 3200, 5)[0], 0)
    })
  }

  test('ipfix: is none, if the exporter cannot have sent as much: another process sends', () => {
    assert.equal(lostAround('ipfix', 3200, 50, 1_000_000)[0], 0)
  })
})

test('an exporter that always sends the same number: all its flows count, a second copy does not', () => {
  const sent = Array.from({ length: 50 }, (_, i) =>
    encodeV5({ sequence: 0, exportMs: testExportMs + i * 5000 }, [{ octets: i }]),
  )
  const { rows, decoder, problems } = decodeAll([...sent, sent[49]!])
  assert.equal(rows.length, 50)
  assert.deepEqual(problems, {})
  const [exporter] = decoder.exporters()
  assert.deepEqual([exporter?.duplicates, exporter?.restarts, exporter?.reordered], [1, 0, 0])
})

test('a second copy gives no rows, an identical later datagram does', () => {
  const records = [{}]
  const first = encodeV5({ sequence: 0 }, records)
  const second = encodeV5({ sequence: 1, exportMs: testExportMs + 1000, uptimeMs: testUptimeMs + 1000 }, records) // prettier-ignore
  const { rows, events } = decodeAll([first, first, second, first, second])
  assert.equal(rows.length, 2)
  assert.deepEqual(
    events.map((event) => event.verdict),
    ['first', 'duplicate', 'continues', 'duplicate', 'duplicate'],
  )
})
