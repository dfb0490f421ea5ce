/** `weir rebuild` where the archive no longer has everything, or nothing, of the time asked for. */
import assert from 'node:assert/strict'
import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { intervalMs } from '../../flow/interval.ts'
import { Archive } from '../../store/archive/archive.ts'
import { openParquetSeriesReader } from '../../store/parquet/series.ts'
import { mondayFolder } from '../monday.ts'
import { runWeir, scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { columnsOf, t0, testFlow } from '../store/archive/archived.ts'

async function bytesBetween(data: string, from: number, to: number): Promise<number> {
  const tier = readSettings({}).tiers[0]!
  const series = await openParquetSeriesReader(join(data, 'series'))
  const [whole] = await series.top({
    tier, from, to, measurement: 'total', by: [], order: 'bytes', limit: 1,
  }) // prettier-ignore
  await series.close()
  return whole?.sum.bytes ?? 0
}

test('totals of flows that the archive has deleted stay, although a later flow began among them', async () => {
  const WEIR_DATA = await mondayFolder()
  const before = await bytesBetween(WEIR_DATA, t0, t0 + intervalMs)
  // The last flows before were received at 13:00.
  const received = Date.parse('2026-11-16T13:10:00Z')
  const archive = await Archive.open(join(WEIR_DATA, 'archive'))
  archive.add(columnsOf([testFlow({ first: t0, last: received, received })]))
  const [late] = await archive.publish({})
  const keepMs = Number.POSITIVE_INFINITY
  await archive.expire({ keepMs, maxBytes: late!.bytes, now: received })
  const left = archive.entries().map(({ file }) => file)
  await archive.close()
  assert.deepEqual(left, [late!.file])

  const span = ['--from', '1980-01-01', '--to', '2099-01-01']
  const { code, stdout } = await runWeir(['rebuild', ...span], { WEIR_DATA })
  assert.equal(code, 0)
  assert.equal(await bytesBetween(WEIR_DATA, t0, t0 + intervalMs), before)
  assert.match(
    stdout,
    /^1 intervals rebuilt.*\nthose before 2026-11-16T13:10:00Z stay as they are: .*deleted/,
  )
})

test('totals of a file that cannot be read stay, and are counted', async () => {
  const WEIR_DATA = await mondayFolder()
  const before = await bytesBetween(WEIR_DATA, t0, t0 + intervalMs)
  const archive = await Archive.open(join(WEIR_DATA, 'archive'))
  const { file } = archive.entries().find(({ interval }) => interval <= t0)!
  await archive.close()
  await truncate(join(WEIR_DATA, 'archive', file), 200)
  const span = ['--from', '2026-11-16T09:00Z', '--to', '2026-11-16T13:00Z']
  const failed = await runWeir(['rebuild', ...span], { WEIR_DATA })
  assert.equal(failed.code, 1)
  const { stdout } = await runWeir(['rebuild', ...span], { WEIR_DATA })
  assert.match(stdout, /^\d+ stay as they are stored: /m)
  assert.equal(await bytesBetween(WEIR_DATA, t0, t0 + intervalMs), before)
})

test('a time of which the archive has no flows is said, with the time of those it has', async () => {
  const empty = await scratchFolder()
  const last = ['rebuild', '--from', 'now-2h', '--to', 'now-1h']
  const none = await runWeir(last, { WEIR_DATA: empty })
  assert.equal(none.stderr.trim(), `weir: there are no flows in ${empty}: set WEIR_DATA to the data folder`) // prettier-ignore
  const WEIR_DATA = await mondayFolder()
  const { stdout, stderr } = await runWeir(last, { WEIR_DATA })
  assert.equal(stdout, '0 intervals rebuilt from the archive\n')
  assert.match(stderr, /the flows in .* are of 2026-11-16T09:00:00Z to 2026-11-16T13:00:35Z: name/)
})
