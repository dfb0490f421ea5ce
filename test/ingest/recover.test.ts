/** A start after a kill: what the journal says of time in which nobody listened, and what it lacks. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { parseAddress } from '../../flow/address.ts'
import { intervalMs } from '../../flow/interval.ts'
import { CoverageTracker } from '../../ingest/coverage/coverage.ts'
import { recover } from '../../ingest/open/recover.ts'
import { Pipeline } from '../../ingest/pipeline.ts'
import { Journal } from '../../ingest/receive/journal.ts'
import { Archive } from '../../store/archive/archive.ts'
import { encodeV5, testExportMs } from '../encode/fixed.ts'
import { scratchFolder } from '../processes.ts'
import { t0 } from '../store/archive/archived.ts'

const second = 1000
const exporter = '192.0.2.1'

/** A datagram with one flow, received at a time. */
function datagram(sequence: number, receivedMs: number) {
  return {
    source: parseAddress(exporter)!,
    destination: parseAddress('192.0.2.9')!,
    sourcePort: 40_000,
    destinationPort: 2055,
    payload: encodeV5({ sequence, exportMs: receivedMs, uptimeMs: receivedMs - t0 + 1e6 }, [{}]),
  }
}

/**
 * What a start knows of the first intervals, after a kill; datagrams came at `times`, which begin
 * 10 s after the last publication.
 */
async function recovered(folder: string, times: readonly number[]): Promise<(string | undefined)[]> {
  const journal = await Journal.open(folder)
  journal.append(datagram(0, t0), t0)
  const published = journal.position
  for (const [i, at] of times.entries()) journal.append(datagram(i + 1, at), at)
  await journal.close()
  const before = new CoverageTracker(t0 - second)
  const pipeline = (coverage: CoverageTracker) => new Pipeline({ archive, coverage, flowMaxMs: 1e9 })
  const archive = await Archive.open(join(folder, 'archive'))
  try {
    pipeline(before).take({ payload: datagram(0, t0).payload, source: exporter, sourcePort: 40_000, receivedMs: t0 })
    before.heartbeat(times[0]! - 10 * second)
    await archive.publish({ journal: published, set: { coverage: before.snapshot() } })
    const coverage = new CoverageTracker(times.at(-1)! + intervalMs)
    const upTo = { segment: 2, offset: 0 }
    await recover(folder, { archive, coverage, pipeline: pipeline(coverage), upTo })
    return [0, 1, 2, 3].map((i) => {
      const { known, unknown } = coverage.of(exporter, t0 + i * intervalMs) ?? {}
      return known === 1 ? 'known' : Object.keys(unknown ?? {})[0]
    })
  } finally {
    await archive.close()
  }
} // prettier-ignore

test('time that the clock skipped just before a kill is unknown', async () => {
  const times = [t0 + 20 * second, t0 + 3 * intervalMs, t0 + 3 * intervalMs + 20 * second]
  assert.deepEqual(await recovered(await scratchFolder(), times), [
    'not-listening',
    'not-listening',
    'not-listening',
    'known',
  ])
})

test('a silence of which every tick was published is known', async () => {
  const times = [t0 + 3 * intervalMs, t0 + 3 * intervalMs + 20 * second]
  assert.deepEqual(await recovered(await scratchFolder(), times), [
    'known',
    'known',
    'known',
    'known',
  ])
})

test('a state of the decoder that the disk has damaged is counted', async () => {
  const folder = await scratchFolder()
  await (await Journal.open(folder)).close()
  await writeFile(join(folder, '000000000001.json'), '{"crc32":"00000000","state":{"decoder":1}}')
  const archive = await Archive.open(join(folder, 'archive'))
  try {
    await archive.publish({ journal: { segment: 1, offset: 24 } })
    const coverage = new CoverageTracker(t0)
    const pipeline = new Pipeline({ archive, coverage, flowMaxMs: 1e9 })
    const upTo = { segment: 2, offset: 0 }
    assert.equal((await recover(folder, { archive, coverage, pipeline, upTo })).damagedStates, 1)
  } finally {
    await archive.close()
  }
})

test('flows too late for the series are counted again with what the archive has already', async () => {
  const counted = async (name: 'take' | 'takeAgain') => {
    const archive = await Archive.open(join(await scratchFolder(), 'archive'))
    const coverage = new CoverageTracker(0)
    const pipeline = new Pipeline({ coverage, archive, flowMaxMs: 60_000 })
    const payload = encodeV5({}, [{ first: 0, last: 3_600_000, octets: 100, packets: 1 }])
    pipeline[name]({ payload, source: '192.0.2.1', sourcePort: 2055, receivedMs: testExportMs })
    pipeline.drain()
    await archive.close()
    return pipeline.exporters()[0]?.problems
  }
  assert.deepEqual(await counted('take'), { 'too-late': 1 })
  assert.deepEqual(await counted('takeAgain'), { 'too-late': 1 })
})
