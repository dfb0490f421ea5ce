/** What waits in the spool is never forgotten, and what the sender counts is counted once. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { Quarantine } from '../../store/spool/quarantine.ts'
import { Sender, type SpooledStore } from '../../store/spool/sender.ts'
import { Spool } from '../../store/spool/spool.ts'
import { StoreFault } from '../../store/spool/fault.ts'
import { scratchFolder, t0 } from './archive/archived.ts'
import { coverageOf, stepOf, tiers } from './series-rows.ts'

test('a lost list of steps that wait is refused, because they would be forgotten', async (t) => {
  const folder = await scratchFolder(t)
  const options = { bytesMax: 1e9, wholeFrom: t0, now: Date.now }
  const spool = await Spool.open(folder, options)
  await spool.put(tiers['5m'], [stepOf(coverageOf(t0, '192.0.2.1'), {})])
  await spool.close()
  await truncate(join(folder, 'spool.jsonl'))
  await assert.rejects(Spool.open(folder, options), /spool.jsonl is missing or empty/)
})

test('steps too old for the store are counted once, though the others of their group fail at first', async (t) => {
  const folder = await scratchFolder(t)
  const spool = await Spool.open(folder, { bytesMax: 1e9, wholeFrom: t0, now: Date.now })
  const tier = tiers['5m']
  const [old, young] = [t0, t0 + tier.stepMs]
  await spool.put(tier, [old, young].map((time) => stepOf(coverageOf(time, '192.0.2.1'), {}))) // prettier-ignore
  let tries = 0
  const away = { store: 'A store', kind: 'away', message: 'away', remedy: 'wait' } as const
  const store: SpooledStore = {
    kind: 'clickhouse',
    url: '',
    linesMax: 10,
    requestsMax: 1,
    ready: async () => undefined,
    post: async () => undefined,
    faultOf: () => new StoreFault({ ...away, retryAfterMs: 0 }),
    figures: () => ({ inFlight: 0, sent: 0, failed: 0 }),
    isTooOld: ({ time }) => time === old,
    batches: async () => {
      if (tries++ === 0) throw new Error('away')
      return [{ target: 'a', lines: ['a line'] }]
    },
  }
  const sender = new Sender({ spool, store, quarantine: new Quarantine(folder, 'q'), now: Date.now }) // prettier-ignore
  await sender.settled()
  await sender.close(0)
  await spool.close()
  assert.equal(tries, 2)
  assert.equal(spool.points.refusedByRetention, 1)
})

test(
  'a step that the full disk does not let go is not counted as dropped',
  { skip: process.getuid?.() !== 0 && 'mounting a small disk takes root' },
  async (t) => {
    const folder = await scratchFolder(t)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
    try {
      const tier = tiers['5m']
      const spool = await Spool.open(folder, { bytesMax: 1e9, wholeFrom: t0, now: Date.now })
      const times = Array.from({ length: 50 }, (_, i) => t0 + i * tier.stepMs)
      await spool.put(tier, times.map((time) => stepOf(coverageOf(time, '192.0.2.1'), {}))) // prettier-ignore
      await assert.rejects(writeFile(join(folder, 'fill'), new Uint8Array(1 << 20)))
      // There is room for some of them in the last page of the list.
      const loseAll = async () => {
        for (const entry of spool.nextGroup(1000)) await spool.lose(entry)
      }
      await assert.rejects(loseAll())
      assert.ok(spool.pendingCount > 0)
      assert.equal(spool.points.dropped, times.length - spool.pendingCount)
      await truncate(join(folder, 'fill'))
      await loseAll()
      assert.equal(spool.points.dropped, times.length)
      await spool.close()
    } finally {
      // A failed test leaves files open.
      execFileSync('umount', ['--lazy', folder])
    }
  },
)
