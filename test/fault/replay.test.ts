/** Replays that are killed, and finished by the next start of ingest: nothing is lost, nothing is stored twice. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { exitCodes } from '../../cli/command.ts'
import { IncidentReader } from '../../store/incident/ledger.ts'
import { openSeriesStore } from '../../store/open-series.ts'
import { ManifestReader } from '../../store/manifest/reader.ts'
import { readExporters } from '../../ingest/status/kept-status.ts'
import { encodeV5, testExportMs } from '../encode/fixed.ts'
import { writeCapture, type SentDatagram } from '../encode/pcap-write.ts'
import { encodeSflow } from '../encode/sflow.ts'
import { RunningIngest, runWeir, scratchFolder, spawnWeir } from '../processes.ts'
import { meter } from '../scenarios/meter.ts'
import { morning } from '../scenarios/office.ts'
import { smallOutage } from '../scenarios/outages.ts'
import { readSettings } from '../settings.ts'
import { archiveSums, seriesSums, storedCoverage } from '../stored.ts'

const waitMsMax = 120_000

/** Files of the data folder, and what each of them contains once a replay has come so far. */
const points = {
  'its flows are published': ['archive/manifest.jsonl', '"taken"'],
  'its files are sorted': ['archive/manifest.jsonl', '"replaced"'],
  'its 5-minute series are written': ['archive/manifest.jsonl', '"redo":[]'],
  'its incidents are sought': ['incidents/manifest.jsonl', '"pending"'],
} as const

suite('a killed replay', () => {
  let folder: string
  let capture: string
  let whole: Awaited<ReturnType<typeof storedIn>>

  before(async () => {
    folder = await scratchFolder()
    capture = join(folder, 'outage.pcap')
    const { packets } = smallOutage(morning)
    await writeCapture(capture, '192.168.9.1', meter(packets, { activeMs: 60_000, inactiveMs: 15_000 })) // prettier-ignore
    const data = join(folder, 'whole')
    const { code, stderr } = await runWeir(['replay', capture], { WEIR_DATA: data })
    assert.equal(code, 0, stderr)
    whole = await storedIn(data)
    assert.equal(whole.incidents.length, 1)
  })
  after(() => rm(folder, { recursive: true }))

  for (const [name, point] of Object.entries(points))
    test(`is finished if killed when ${name}`, async () => {
      const data = join(folder, name)
      await killAt(point, data, capture)
      const again = await runWeir(['replay', capture], { WEIR_DATA: data })
      assert.equal(again.code, exitCodes.taken, again.stderr)
      const ingest = await RunningIngest.start(data)
      await ingest.until(({ redo, incidents }) => redo === 0 && incidents?.waiting === 0, waitMsMax)
      const steps = new ManifestReader(join(data, 'state', 'consolidation.jsonl'))
      const judged = new ManifestReader(join(data, 'incidents', 'manifest.jsonl'))
      const isDone = async () =>
        (await steps.entries()).length === 0 &&
        (await judged.value<number[]>('pending'))?.length === 0
      for (const until = performance.now() + waitMsMax; !(await isDone()); await sleep(50))
        assert.ok(performance.now() < until, 'it is not finished')
      assert.equal((await ingest.stop()).code, 0)
      assert.deepEqual(await storedIn(data), whole)
    })

  test('says so when stopped by a signal, and is finished when it is run again', async () => {
    const data = join(folder, 'again')
    const { signal, said } = await killAt(points['its flows are published'], data, capture, 'SIGTERM') // prettier-ignore
    assert.equal(signal, 'SIGTERM')
    assert.equal(said, 'weir: stopped by SIGTERM: run it again to finish it\n')
    const again = await runWeir(['replay', capture], { WEIR_DATA: data })
    assert.equal(again.code, exitCodes.taken)
    assert.match(
      again.stderr,
      /was taken in before, .*; what was left to be made of it is made now/,
    )
    assert.deepEqual(await storedIn(data), whole)
  })

  test('is finished by a replay of another capture', async () => {
    const data = join(folder, 'another')
    await killAt(points['its flows are published'], data, capture)
    const other = join(folder, 'other.pcap')
    await writeCapture(other, '192.168.9.2', [{ payload: encodeV5({}, [{}]), receivedMs: testExportMs }]) // prettier-ignore
    const { code, stderr } = await runWeir(['replay', other], { WEIR_DATA: data })
    assert.equal(code, 0, stderr)
    const { coverage, exporters, incidents } = await storedIn(data)
    const ofFirst = coverage.filter(({ exporter }) => exporter === '192.168.9.1')
    assert.deepEqual(ofFirst, whole.coverage)
    assert.deepEqual(exporters[0], whole.exporters[0])
    assert.deepEqual(incidents, whole.incidents)
  })

  test('has the counters of interfaces, which no flow repeats', async () => {
    const counted = join(folder, 'sflow.pcap')
    await writeCapture(counted, '192.168.9.3', counterSamples())
    const data = join(folder, 'counters')
    await killAt(points['its flows are published'], data, counted)
    assert.deepEqual(await storedCounters(data), [])
    const { code, stderr } = await runWeir(['replay', counted], { WEIR_DATA: data })
    assert.equal(code, exitCodes.taken, stderr)
    const ingest = await RunningIngest.start(data)
    await ingest.until(({ redo }) => redo === 0, waitMsMax)
    assert.equal((await ingest.stop()).code, 0)
    // The last half minute is too little for its interval to be known.
    assert.deepEqual(await storedCounters(data), [30_000, 30_000])
  })
})

/** An interface's samples every ten seconds for ten and a half minutes, each with 1,000 octets more. */
function counterSamples(): SentDatagram[] {
  return Array.from({ length: 64 }, (_, i) => ({
    payload: encodeSflow({
      sequence: i + 1,
      uptimeMs: 1e6 + i * 10_000,
      samples: [{ counters: { index: 3, speed: 1e9, octetsIn: i * 1000, octetsOut: 0, sequence: i + 1 } }],
    }),
    receivedMs: morning + i * 10_000,
  })) // prettier-ignore
}

/** What the interface received, by interval. */
async function storedCounters(data: string): Promise<number[]> {
  const settings = readSettings({ WEIR_DATA: data })
  const store = await openSeriesStore(settings)
  try {
    const query = { tier: settings.tiers[0]!, from: morning, to: morning + 3_600_000 }
    const rows = await store.read({ ...query, measurement: 'counter', by: ['counter'], keys: [{ counter: '3' }] })
    // The rows `other` are 0.
    return [...rows.sum.bytes.subarray(0, rows.count)].filter((bytes) => bytes > 0)
  } finally {
    await store.close()
  }
} // prettier-ignore

async function storedIn(data: string) {
  const incidents = await new IncidentReader(data).between(0, 8.64e15)
  const exporters = await readExporters(data)
  return {
    flows: await archiveSums(data),
    series: await seriesSums(data),
    coverage: await storedCoverage(data),
    exporters: exporters.map(({ address, flows, bytes, lost }) => ({
      address,
      flows,
      bytes,
      lost,
    })),
    incidents,
  }
}

/** Starts a replay, and kills it once a file of its data folder contains a text. */
async function killAt(
  [file, text]: readonly [string, string],
  data: string,
  capture: string,
  how: NodeJS.Signals = 'SIGKILL',
) {
  const replay = spawnWeir(['replay', capture], { WEIR_DATA: data })
  const closed = once(replay, 'close') as Promise<[number | null, string | null]>
  const said = replay.stderr!.toArray()
  const isThere = () => readFile(join(data, file), 'utf8').then((content) => content.includes(text))
  while (!(await isThere().catch(() => false))) {
    assert.equal(replay.exitCode, null, `it ended before ${file} contained ${text}`)
    await sleep(1)
  }
  replay.kill(how)
  const [, signal] = await closed
  return { signal, said: (await said).join('') }
}
