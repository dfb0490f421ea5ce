/** What a replay reports when it has finished the capture. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'

import { importCaptures } from '../../../ingest/import/import.ts'
import { hashCaptures } from '../../../ingest/import/taken.ts'
import { Archive } from '../../../store/archive/archive.ts'
import { openSeriesReader } from '../../../store/open-series.ts'
import { readExporters } from '../../../ingest/status/kept-status.ts'
import { encodeV5, testExportMs, testUptimeMs } from '../../encode/fixed.ts'
import { encodeV9, field } from '../../encode/sets.ts'
import { writeCapture } from '../../encode/pcap-write.ts'
import { scratchFolder } from '../../processes.ts'
import { readSettings } from '../../settings.ts'
import { storedCoverage } from '../../stored.ts'

const dayMs = 86_400_000

let folder: string
before(async () => {
  folder = await scratchFolder()
})

async function replayed(name: string, payloads: readonly Uint8Array[]) {
  const capture = join(folder, `${name}.pcap`)
  const sent = payloads.map((payload) => ({ payload, receivedMs: testExportMs }))
  await writeCapture(capture, '10.0.0.1', sent)
  const settings = readSettings({ WEIR_DATA: join(folder, name), WEIR_FLOW_MAX: '1d' })
  const summary = await importCaptures([capture], {
    settings,
    shiftMs: 7 * dayMs,
    onProgress: () => undefined,
  })
  const [exporter] = await readExporters(settings.data)
  return { summary, exporter }
}

test('a flow too old for the series is counted as such', async () => {
  const hourMs = dayMs / 24
  const { summary, exporter } = await replayed('old', [
    encodeV5({ uptimeMs: 2 * dayMs }, [
      { first: dayMs - hourMs, last: dayMs, octets: 100 },
      { first: dayMs + hourMs, last: dayMs + 2 * hourMs, octets: 100 },
    ]),
  ])
  assert.deepEqual([summary.flows, summary.bytes], [2, 200])
  assert.deepEqual(summary.problems, { 'too-late': 1 })
  assert.deepEqual(exporter?.problems, { 'too-late': 1 })
})

test('data whose template never came is counted as such', async () => {
  const template = { id: 256, fields: [field(1, 4)] }
  const { summary } = await replayed('without-template', [
    encodeV9({ sets: [{ data: template, records: [[100]] }] }),
  ])
  assert.equal(summary.flows, 0)
  assert.deepEqual(summary.problems, { 'template-missing-expired': 1 })
})

test('time whose data could not be read for want of a template is unknown, not zero', async () => {
  const template = {
    id: 256,
    fields: [field(8, 4), field(12, 4), field(1, 4), field(2, 4), field(21, 4), field(22, 4)],
  }
  const record = ['10.0.0.2', '192.0.2.1', 100, 1, testUptimeMs, testUptimeMs]
  const data = { data: template, records: [record] }
  const capture = join(folder, 'late-template.pcap')
  const minutes = { waits: 0, waitsToo: 6, read: 12, unreadable: 18, also: 24 }
  const sent = Object.values(minutes).map((minute, i) => {
    const isOther = minute >= minutes.unreadable
    const set = isOther ? { ...data, data: { ...template, id: 257 } } : data
    const sets = minute === minutes.read ? [{ templates: [template] }, set] : [set]
    const ms = minute * 60_000
    const exported = { exportMs: testExportMs + ms, uptimeMs: testUptimeMs + ms }
    return {
      receivedMs: testExportMs + ms,
      payload: encodeV9({ ...exported, sequence: i, sets }),
    }
  })
  await writeCapture(capture, '10.0.0.1', sent)
  const settings = readSettings({ WEIR_DATA: join(folder, 'late-template') })
  await importCaptures([capture], { settings, shiftMs: 0, onProgress: () => undefined })
  const series = await openSeriesReader(settings)
  const range = { tier: settings.tiers[0]!, from: testExportMs, to: testExportMs + 1_800_000 }
  const coverage = await series.coverage(range)
  await series.close()
  assert.deepEqual(
    coverage.map(({ known, unknown }) => (known === 1 ? 'known' : Object.keys(unknown).join())),
    ['known', 'known', 'known', 'lost', 'lost'],
  )
})

test('a datagram that came twice counts once, is told, and is no problem', async () => {
  const sent = encodeV5({ uptimeMs: dayMs }, [{ first: dayMs, last: dayMs, octets: 100 }])
  const { summary, exporter } = await replayed('twice', [sent, sent])
  assert.deepEqual([summary.datagrams, summary.flows, summary.bytes], [2, 1, 100])
  assert.deepEqual([summary.duplicates, summary.problems], [1, {}])
  assert.deepEqual([exporter?.duplicates, exporter?.problems], [1, {}])
})

test('counts too large to sum are stored nevertheless', async () => {
  const template = { id: 256, fields: [field(8, 4), field(12, 4), field(1, 8), field(152, 8)] }
  const greatest = BigInt(Number.MAX_SAFE_INTEGER)
  const record = ['10.0.0.1', '192.0.2.1', greatest, testExportMs - 1000]
  const data = { data: template, records: Array.from({ length: 600 }, () => record) }
  const { summary } = await replayed('beyond', [
    encodeV9({ sequence: 0, sets: [{ templates: [template] }, data] }),
    encodeV9({ sequence: 1, sets: [data] }),
  ])
  assert.deepEqual([summary.flows, summary.problems], [1200, {}])
})

test('captures that end within a packet are read up to there; truncated packets and captures are counted', async () => {
  const capture = join(folder, 'cut.pcap')
  const v5 = (sequence: number) =>
    encodeV5({ uptimeMs: dayMs, sequence }, [{ first: dayMs, last: dayMs, octets: 100 }])
  const sent = { receivedMs: testExportMs }
  await writeCapture(capture, '10.0.0.1', [
    { ...sent, payload: v5(0) },
    { ...sent, payload: v5(1), capturedBytes: 60 },
    { ...sent, payload: v5(2) },
    { ...sent, payload: v5(3) },
  ])
  const whole = await readFile(capture)
  await truncate(capture, whole.length - 1)
  const settings = readSettings({ WEIR_DATA: join(folder, 'cut') })
  const options = { settings, shiftMs: 0, onProgress: () => undefined }
  const summary = await importCaptures([capture], options)
  assert.deepEqual([summary.datagrams, summary.flows, summary.bytes], [2, 2, 200])
  assert.deepEqual(summary.problems, { 'capture-cut': 1, 'datagram-cut': 1 })
  assert.equal(summary.lost.flows, 1, 'of the datagram that was cut')
  await writeFile(capture, whole)
  await assert.rejects(importCaptures([capture], options), /begins with what was taken in on 2/)
})

test('a capture is the same one before and after it is compressed', async () => {
  const capture = join(folder, 'packed.pcap')
  const payload = encodeV5({ uptimeMs: dayMs }, [{ first: dayMs, last: dayMs, octets: 100 }])
  await writeCapture(capture, '10.0.0.1', [{ payload, receivedMs: testExportMs }])
  const plain = await readFile(capture)
  await writeFile(`${capture}.gz`, gzipSync(plain))
  await writeFile(`${capture}.zst`, zstdCompressSync(plain))
  await writeFile(`${capture}.cut.gz`, gzipSync(plain).subarray(0, -9))
  const options = (name: string) => {
    const settings = readSettings({ WEIR_DATA: join(folder, name) })
    return { settings, shiftMs: 0, onProgress: () => undefined }
  }
  const refused = (name: string, paths: string[], reason: RegExp) =>
    assert.rejects(importCaptures(paths, options(name)), reason)
  assert.equal((await importCaptures([capture], options('plain-first'))).flows, 1)
  await refused('plain-first', [`${capture}.gz`], /was taken in before/)
  await refused('plain-first', [`${capture}.zst`], /was taken in before/)
  assert.equal((await importCaptures([`${capture}.gz`], options('packed-first'))).flows, 1)
  await refused('packed-first', [capture], /was taken in before/)
  await refused('both', [capture, `${capture}.gz`], /is named twice/)
  const packed = await readFile(`${capture}.gz`)
  const hash = createHash('sha256').update(packed).digest('hex')
  const before = { [hash]: { when: '2026-11-29', bytes: packed.length } }
  await assert.rejects(hashCaptures([`${capture}.gz`], before), /was taken in before/)
  await refused('both', [`${capture}.cut.gz`], /compressed stream is broken/)
})

test('an empty capture does not prevent others', async () => {
  const capture = join(folder, 'empty.pcap')
  const settings = readSettings({ WEIR_DATA: join(folder, 'empty') })
  const options = { settings, shiftMs: 0, onProgress: () => undefined }
  await writeCapture(capture, '10.0.0.1', [])
  assert.equal((await importCaptures([capture], options)).datagrams, 0)
  await assert.rejects(importCaptures([capture], options), /was taken in before/)
  const payload = encodeV5({ uptimeMs: dayMs }, [{ first: dayMs, last: dayMs, octets: 100 }])
  await writeCapture(capture, '10.0.0.1', [{ payload, receivedMs: testExportMs }])
  assert.equal((await importCaptures([capture], options)).flows, 1)
})

test('captures are read in order of time, whatever their names', async () => {
  const paths = ['flows-10.pcap', 'flows-2.pcap'].map((name) => join(folder, name))
  const at = (minutes: number) => ({
    payload: encodeV5(
      {
        uptimeMs: dayMs + minutes * 60_000,
        exportMs: testExportMs + minutes * 60_000,
        sequence: minutes,
      },
      [{ first: dayMs, last: dayMs, octets: 100 }],
    ),
    receivedMs: testExportMs + minutes * 60_000,
  })
  await writeCapture(paths[0]!, '10.0.0.1', [2, 3].map(at))
  await writeCapture(paths[1]!, '10.0.0.1', [0, 1].map(at))
  const settings = readSettings({ WEIR_DATA: join(folder, 'order') })
  const summary = await importCaptures(paths, { settings, shiftMs: 0, onProgress: () => undefined })
  const [exporter] = await readExporters(settings.data)
  assert.deepEqual([summary.flows, summary.lost.flows, exporter?.restarts], [4, 0, 0])
  assert.equal(exporter?.lastSeen, testExportMs / 1000 + 180)
})

test('flows are sorted by the hour, and not by the interval before', async () => {
  const capture = join(folder, 'hours.pcap')
  const [intervals, intervalMs] = [24, 300_000]
  const sent = Array.from({ length: intervals }, (_, i) => {
    const times = { uptimeMs: dayMs + i * intervalMs, exportMs: testExportMs + i * intervalMs }
    const flow = { first: times.uptimeMs, last: times.uptimeMs, octets: 100 }
    return { payload: encodeV5({ ...times, sequence: i }, [flow]), receivedMs: times.exportMs }
  })
  await writeCapture(capture, '10.0.0.1', sent)
  const settings = readSettings({ WEIR_DATA: join(folder, 'hours') })
  const summary = await importCaptures([capture], { settings, shiftMs: 0, onProgress: () => undefined }) // prettier-ignore
  assert.equal(summary.flows, intervals)
  const archive = await Archive.open(join(settings.data, 'archive'))
  const rows = archive.entries().reduce((sum, each) => sum + each.rows, 0)
  const replaced = archive.value<unknown[]>('replaced')!.length
  await archive.close()
  assert.equal(rows, intervals)
  // Chunks and files of each of at most three hours and two days.
  assert.ok(replaced <= 3 + 3, `${replaced} files were made and replaced`)
})

test('a flow of several days is in the series of each, which are written a day at a time', async () => {
  const [octets, days] = [216_000_000, 3]
  const capture = join(folder, 'days.pcap')
  const flow = { first: dayMs, last: (1 + days) * dayMs, octets }
  const payload = encodeV5({ uptimeMs: (1 + days) * dayMs }, [flow])
  await writeCapture(capture, '10.0.0.1', [{ payload, receivedMs: testExportMs }])
  const settings = readSettings({ WEIR_DATA: join(folder, 'days') })
  await importCaptures([capture], { settings, shiftMs: 0, onProgress: () => undefined })
  const files = await readdir(join(settings.data, 'series', '5m', 'total'))
  const ofDays = files.filter((name) => /^\d{4}-\d\d-\d\d-/.test(name))
  assert.equal(ofDays.length, days - 1, files.join())
  const series = await openSeriesReader(settings)
  const [from, to] = [testExportMs - days * dayMs, testExportMs]
  const asked = { measurement: 'total', by: ['exporter'], order: 'bytes', limit: 1 } as const
  const sums = async (begin: number, end: number) => {
    const [row] = await series.top({ ...asked, tier: settings.tiers[0]!, from: begin, to: end })
    return row?.sum.bytes
  }
  const whole = Math.ceil(from / dayMs) * dayMs
  assert.equal(await sums(from - dayMs, to + dayMs), octets)
  assert.equal(await sums(whole, whole + dayMs), octets / days)
  await series.close()
})

test('an interval of which two captures have a part is known, with the losses of both', async () => {
  const settings = readSettings({ WEIR_DATA: join(folder, 'shared') })
  const options = { settings, shiftMs: 0, onProgress: () => undefined }
  for (const [part, seconds] of [
    [0, [0, 60]],
    [1, [120, 180]],
  ] as const) {
    const capture = join(folder, `shared-${part}.pcap`)
    const sent = seconds.map((second, i) => {
      const [exportMs, uptimeMs] = [testExportMs + second * 1000, testUptimeMs + second * 1000]
      const times = { first: uptimeMs, last: uptimeMs }
      const payload = encodeV5({ exportMs, uptimeMs, sequence: 100 * part + 4 * i }, [times])
      return { payload, receivedMs: exportMs }
    })
    await writeCapture(capture, '10.0.0.1', sent)
    await importCaptures([capture], options)
  }
  const [coverage, ...more] = await storedCoverage(settings.data)
  assert.deepEqual(more, [])
  assert.deepEqual([coverage?.known, coverage?.datagrams, coverage?.lostFlows], [1, 4, 6])
})

test('a capture that goes on where another ended is read with its templates and sampling rates', async () => {
  const settings = readSettings({ WEIR_DATA: join(folder, 'goes-on') })
  const template = {
    id: 256,
    fields: [field(8, 4), field(12, 4), field(1, 4), field(2, 4), field(21, 4), field(22, 4)],
  }
  const sampler = { id: 257, scopes: [field(1, 4)], fields: [field(34, 4)] }
  const data = { data: template, records: [['10.0.0.2', '192.0.2.1', 5, 1, 0, 0]] }
  const announced = [
    { templates: [template] },
    { optionsTemplates: [sampler] },
    { data: sampler, records: [[0, 100]] },
  ]
  const taken = async (name: string, ms: number, sets: Parameters<typeof encodeV9>[0]['sets']) => {
    const capture = join(folder, `${name}.pcap`)
    const payload = encodeV9({ exportMs: testExportMs + ms, sequence: ms, sets })
    await writeCapture(capture, '10.0.0.1', [{ payload, receivedMs: testExportMs + ms }])
    const { bytes, problems } = await importCaptures([capture], {
      settings,
      shiftMs: 0,
      onProgress: () => undefined,
    })
    return { bytes, problems }
  }
  const minute = 60_000
  const whole = { bytes: 500, problems: {} }
  const unread = { bytes: 0, problems: { 'template-missing-expired': 1 } }
  assert.deepEqual(await taken('first', 0, [...announced, data]), whole)
  assert.deepEqual(await taken('goes-on', 10 * minute, [data]), whole)
  assert.deepEqual(await taken('goes-on-again', 65 * minute, [data]), whole)
  assert.deepEqual(await taken('earlier', -10 * minute, [data]), unread)
  assert.deepEqual(await taken('much-later', 130 * minute, [data]), unread)
  const [exporter] = await readExporters(settings.data)
  assert.deepEqual([exporter?.datagrams, exporter?.bytes, exporter?.lost.datagrams], [5, 1500, 0])
})
