/** What waits in the spool is never forgotten, and what the sender counts is counted once. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cp, open, readdir, rename, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { storeWarnings } from '../../../ingest/status/store-warnings.ts'
import { withDropped } from '../../../store/missing.ts'
import { Quarantine } from '../../../store/spool/quarantine.ts'
import { Sender, type SpooledStore } from '../../../store/spool/sender.ts'
import { Spool } from '../../../store/spool/spool.ts'
import { StoreFault } from '../../../store/spool/fault.ts'
import { scratchFolder } from '../../processes.ts'
import { until } from '../../until.ts'
import { t0 } from '../archive/archived.ts'
import { coverageOf, stepOf, tiers } from '../series-rows.ts'

/** A sender to a store that has everything, as far as `store` says nothing else. */
function senderOf(spool: Spool, folder: string, store: Partial<SpooledStore> = {}): Sender {
  const away = { store: 'A store', kind: 'away', message: 'away', remedy: 'wait' } as const
  return new Sender({
    spool,
    quarantine: new Quarantine(folder, 'q'),
    now: Date.now,
    store: {
      kind: 'clickhouse',
      url: '',
      linesMax: 10,
      requestsMax: 1,
      ready: async () => undefined,
      post: async () => undefined,
      faultOf: () => new StoreFault({ ...away, retryAfterMs: 0 }),
      figures: () => ({ inFlight: 0, sent: 0, failed: 0 }),
      batches: async () => [],
      ...store,
    },
  })
}

class OneDropped extends StoreFault {
  override get dropped(): number {
    return 1
  }
}

test('a lost list of steps that wait is refused, because they would be forgotten', async () => {
  const folder = await scratchFolder()
  const options = { bytesMax: 1e9, wholeFrom: t0, now: Date.now }
  const spool = await Spool.open(folder, options)
  await spool.put(tiers['5m'], [stepOf(coverageOf(t0, '192.0.2.1'), {})])
  await spool.close()
  await truncate(join(folder, 'spool.jsonl'))
  await assert.rejects(Spool.open(folder, options), /spool.jsonl is missing or empty/)
})

test('no count that was shown is less after a crash', async (t) => {
  const [folder, crashed] = [await scratchFolder(), await scratchFolder()]
  const options = { bytesMax: 1e9, wholeFrom: t0, now: Date.now }
  const spool = await Spool.open(folder, options)
  await spool.put(tiers['5m'], [stepOf(coverageOf(t0, '192.0.2.1'), {})])
  const answers: (() => void)[] = []
  const sender = senderOf(spool, folder, {
    post: (_target, _lines, signal) =>
      new Promise((resolve, reject) => {
        answers.push(() => resolve(undefined))
        signal.addEventListener('abort', () => reject(new Error('aborted')))
      }),
    batches: async () => ['a', 'b'].map((target) => ({ target, lines: ['a line'] })),
  })
  t.after(async () => {
    await sender.close(0)
    await spool.close()
  })
  const settled = sender.settled()
  await until(() => answers.length === 1)
  answers[0]!()
  await until(() => answers.length === 2)
  await cp(folder, crashed, { recursive: true })
  const shown = sender.status().points.sent
  const after = await Spool.open(crashed, options)
  assert.ok(after.points.sent >= shown, `${shown} before, ${after.points.sent} after`)
  await after.close()
  answers[1]!()
  await settled
  assert.equal(sender.status().points.sent, 2)
})

test('steps too old for the store are counted once, though the others of their group fail at first', async () => {
  const folder = await scratchFolder()
  const spool = await Spool.open(folder, { bytesMax: 1e9, wholeFrom: t0, now: Date.now })
  const tier = tiers['5m']
  const [old, young] = [t0, t0 + tier.stepMs]
  await spool.put(tier, [old, young].map((time) => stepOf(coverageOf(time, '192.0.2.1'), {}))) // prettier-ignore
  let tries = 0
  const sender = senderOf(spool, folder, {
    isTooOld: ({ time }) => time === old,
    batches: async () => {
      if (tries++ === 0) throw new Error('away')
      return [{ target: 'a', lines: ['a line'] }]
    },
  })
  await sender.settled()
  await sender.close(0)
  await spool.close()
  assert.equal(tries, 2)
  assert.equal(spool.points.refusedByRetention, 1)
  const at = sender.status().notTakenAt.refusedByRetention!
  const warned = (seconds: number) =>
    storeWarnings(sender.status(), seconds).map(({ what }) => what)
  assert.match(warned(at + 3600).join(), /^1 points were older than ClickHouse keeps/)
  assert.deepEqual(warned(at + 2 * 86_400), [])
})

test('what a store did not take is warned of for a day, also after a restart', async (t) => {
  const folder = await scratchFolder()
  const options = { bytesMax: 1e9, wholeFrom: t0, now: Date.now }
  const spool = await Spool.open(folder, options)
  await spool.put(tiers['5m'], [stepOf(coverageOf(t0, '192.0.2.1'), {})])
  const sender = senderOf(spool, folder, {
    batches: async () => ['poison', 'other type'].map((line) => ({ target: 'a', lines: [line, 'a line'] })), // prettier-ignore
    post: async (_target, lines) => {
      const kinds = { poison: 'malformed', 'other type': 'partial' } as const
      for (const [line, kind] of Object.entries(kinds)) if (lines.includes(line)) throw new Error(kind) // prettier-ignore
    },
    faultOf: (error) => {
      const kind = (error as Error).message as 'malformed' | 'partial'
      return new OneDropped({ store: 'A store', kind, message: kind, remedy: 'none' })
    },
  })
  await sender.settled()
  await sender.close(0)
  await spool.close()
  const again = await Spool.open(folder, options)
  t.after(() => again.close())
  const now = Date.now() / 1000
  const warned = (seconds: number) =>
    storeWarnings(senderOf(again, folder).status(), seconds).map(({ what }) => what)
  const [refused, unread, ...others] = warned(now + 3600)
  assert.match(refused!, /^1 points were refused by ClickHouse.*, the last at 20/)
  assert.match(unread!, /^1 points could not be read by ClickHouse, the last at 20/)
  assert.deepEqual([others, warned(now + 86_400)], [[], []])
})

test('a full spool drops the shortest steps first; their time is said until it is written again or expires', async () => {
  const folder = await scratchFolder()
  const [fine, day] = [tiers['5m'], tiers['1d']]
  const t1 = Math.ceil(t0 / day.stepMs) * day.stepMs
  const options = { bytesMax: 2000, wholeFrom: t1, now: Date.now }
  const first = await Spool.open(folder, options)
  const host = Array.from({ length: 50 }, (_, i) => ({ host: `10.0.0.${i}`, direction: 'in' as const, bytes: i })) // prettier-ignore
  const put = (spool: Spool, tier: typeof fine, time: number) =>
    spool.put(tier, [stepOf(coverageOf(time, '192.0.2.1'), { host })])
  await put(first, day, t1)
  for (let i = 0; i < 10; i++) await put(first, fine, t1 + i * fine.stepMs)
  await first.close()

  const spool = await Spool.open(folder, options)
  assert.equal(spool.entriesIn({ tier: day, from: t1, to: t1 + 1 }).length, 1)
  const lost = 11 - spool.pendingCount
  assert.ok(lost > 1 && lost < 10, `${lost} of 10 steps are lost`)
  assert.equal(spool.points.dropped, lost * (host.length + 1))
  assert.deepEqual(spool.missing, { '5m': [[t1, t1 + lost * fine.stepMs]] })
  const sender = senderOf(spool, folder)
  const warning = storeWarnings(sender.status(), 0).at(-1)
  const until = new Date(t1 + lost * fine.stepMs).toISOString().replace('.000', '')
  assert.match(warning!.what, /^ClickHouse lacks steps of 5m from 20\d\d-\d\d-\d\dT00:00:00Z to /)
  assert.ok(warning!.what.includes(`to ${until}: `), warning!.what)
  assert.ok(warning!.remedy.includes(`--to ${until}\``), warning!.remedy)

  await sender.settled()
  await put(spool, fine, t1 + fine.stepMs)
  const left = [[t1, t1 + fine.stepMs], [t1 + 2 * fine.stepMs, t1 + lost * fine.stepMs]] // prettier-ignore
  assert.deepEqual(spool.missing, { '5m': left })
  await spool.expire(day, t1 + day.stepMs)
  assert.deepEqual(spool.missing, { '5m': left })
  await spool.expire(fine, t1 + fine.stepMs)
  assert.deepEqual(spool.missing, { '5m': left.slice(1) })
  await spool.expire(fine, t1 + lost * fine.stepMs)
  await sender.settled()
  assert.deepEqual(storeWarnings(sender.status(), 0), [])
  await sender.close(0)
  await spool.close()
})

test('the list of missing time is bounded: the parts that are closest become one', () => {
  const { stepMs } = tiers['5m']
  const dropped = Array.from({ length: 101 }, (_, i) => {
    return { tier: '5m', time: t0 + (4 * i - (i === 50 ? 1 : 0)) * stepMs }
  })
  const { '5m': parts = [] } = withDropped({}, dropped)
  assert.equal(parts.length, 100)
  for (const { time } of dropped)
    assert.ok(parts.some(([from, to]) => from <= time && to >= time + stepMs))
})

test(
  'a step that the full disk does not let go is not counted as dropped',
  { skip: process.getuid?.() !== 0 && 'mounting a small disk takes root' },
  async () => {
    const folder = await scratchFolder()
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

test('a step that cannot be opened for now is kept, and one that the disk has lost is not waited for', async (t) => {
  const folder = await scratchFolder()
  const spool = await Spool.open(folder, { bytesMax: 1e9, wholeFrom: t0, now: Date.now })
  const tier = tiers['5m']
  const step = stepOf(coverageOf(t0, '192.0.2.1'), {})
  await spool.put(tier, [step])
  const place = spool.entriesIn({ tier, from: t0, to: t0 + 1 })[0]!.now
  const [name] = await readdir(join(folder, 'spool'))
  const path = join(folder, 'spool', name!)
  await rename(path, `${path}.away`)
  await symlink(path, path)
  await assert.rejects(spool.load(place), { code: 'ELOOP' })
  await rename(`${path}.away`, path)
  assert.deepEqual((await spool.load(place))?.coverage, step.coverage)
  const file = await open(path)
  const failing = async () => {
    throw Object.assign(new Error('i/o error'), { code: 'EIO' })
  }
  const methods = Object.getPrototypeOf(file) as typeof file
  const read = t.mock.method(methods, 'read', failing)
  assert.equal(await spool.load(place), null)
  read.mock.restore()
  await file.close()
  await spool.close()
})
