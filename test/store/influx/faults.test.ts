/**
 * Faults between the spool and InfluxDB, one short test each: nothing is lost, at most two requests
 * are in flight, and what cannot be stored is counted and shown.
 */
import assert from 'node:assert/strict'
import { appendFile, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { storeWarnings } from '../../../ingest/status/store-warnings.ts'
import { openInfluxSeries } from '../../../store/influx/series.ts'
import type { StepRows } from '../../../store/series.ts'
import { InfluxProxy } from '../../fault/influx-proxy.ts'
import { outlive, settled, stepInVersion, storedIn } from '../../fault/influx-outlive.ts'
import { RunningInfluxd } from '../../influxd.ts'
import { scratchFolder } from '../../processes.ts'
import { skipWithoutInfluxd } from '../../setup/influxd.ts'
import { until } from '../../until.ts'
import { openEmpty, ownBuckets } from './influx-under-test.ts'
import { coverageOf, dayMs, plain, stepOf, tiers, type Row } from '../series-rows.ts'

const fine = tiers['5m']
const exporter = '192.0.2.1'
const today = Math.floor(Date.now() / dayMs) * dayMs

describe('InfluxDB in trouble', { skip: skipWithoutInfluxd(), concurrency: 4 }, () => {
  let influxd: RunningInfluxd
  before(async () => {
    influxd = await RunningInfluxd.startReady()
  })
  after(() => influxd.remove())

  for (const [name, status, kind] of [
    ['401', 401, 'a token that may write'],
    [
      '404',
      404,
      'weir influx setup makes the buckets; what a lost one held, weir rebuild makes again',
    ],
    ['500', 500, 'look at the load'],
    ['503', 503, 'look at the load'],
    ['400 to everything', 400, 'see the log'],
    ['422 to everything', 422, 'see the log'],
    ['413 to everything', 413, 'see the log'],
  ] as const)
    test(name, async () => {
      const { during, status: last } = await outlive(influxd, {
        begin: (proxy) => {
          proxy.fault = { kind: 'answer', status, body: 'as you like it' }
        },
        ms: 1500,
        until: ({ waiting }) => waiting?.reason.includes(String(status)) === true,
      })
      assert.match(during.waiting!.reason, new RegExp(String(status)))
      assert.match(during.waiting!.remedy, new RegExp(kind))
      assert.equal(during.spool.steps, 12)
      assert.equal(last.waiting, null)
      const { quarantined, refused, dropped } = last.points
      assert.deepEqual([quarantined, refused, dropped], [0, 0, 0])
    })

  test('429 and 503 are not retried before Retry-After, in seconds', async () => {
    for (const status of [429, 503]) {
      const { proxy } = await outlive(influxd, {
        begin: (each) => {
          each.writes.length = 0
          each.fault = { kind: 'answer', status, headers: { 'retry-after': '3' } }
        },
        ms: 1000,
      })
      const [first, ...rest] = proxy.writes
      const early = rest.filter((at) => at - first! > 500 && at - first! < 3000)
      assert.deepEqual(early, [])
    }
  })

  test('a request without an answer is aborted', async () => {
    const { during } = await outlive(influxd, {
      begin: (proxy) => {
        proxy.fault = { kind: 'hang' }
      },
      ms: 3000,
      until: ({ waiting }) => waiting !== null,
      timeoutMs: 1000,
    })
    assert.match(during.waiting!.reason, /no answer within 1 s/)
  })

  test('the connection is reset within a body, and before the answer', async () => {
    for (const kind of ['cut', 'unanswered'] as const)
      await outlive(influxd, {
        begin: (proxy) => {
          proxy.fault = { kind }
        },
        ms: 1500,
      })
  })

  test('413 for a large body: halved until it fits', async () => {
    const { status } = await outlive(influxd, {
      begin: (proxy) => {
        proxy.fault = { kind: 'refuse', status: 413, when: (lines) => lines.length > 300 }
      },
      end: () => undefined,
      ms: 1000,
      hosts: 1000,
    })
    assert.equal(status.points.quarantined, 0)
  })

  test('a poison line among 5,000: 4,999 are stored, one is put aside and shown', async (t) => {
    const held = await openEmpty(influxd)
    t.after(() => held.store.close().catch(() => undefined))
    const rows = Array.from({ length: 4999 }, (_, i): Row => {
      const bytes = i === 2500 ? Number.NaN : i + 1
      return { host: `10.0.${i >> 8}.${i & 255}`, direction: 'in', bytes, flows: 1 }
    })
    const poisoned = stepOf(coverageOf(today, exporter), { host: rows })
    await held.store.write(fine, [poisoned])
    await held.store.settled!()
    const { points, requests } = held.store.status!()
    assert.equal(points.quarantined, 1)
    assert.equal(points.sent, 4999)
    assert.ok(requests.sent < 14, `${requests.sent} requests`)
    const text = await readFile(join(held.folder, 'quarantine.lp'), 'utf8')
    assert.match(text, /^# .*unable to parse[^]*\nhost,.*host=10\.0\.9\.196 bytes=NaNi/)
    const [warning] = storeWarnings(held.store.status!(), Date.now() / 1000)
    assert.match(warning!.what, /^1 points could not be read by InfluxDB/)
    await held.store.close()
    const good = rows.filter(({ bytes }) => !Number.isNaN(bytes))
    const expected = [stepOf(coverageOf(today, exporter), { host: good })]
    assert.deepEqual(await storedIn(held.settings, [today]), plain(expected))
    await held.remove()
  })

  test('a poison line that the answer does not name is found by halving', async () => {
    const { status } = await outlive(influxd, {
      begin: (proxy) => {
        const isBad = (line: string) => line.includes('datagrams=77i')
        proxy.fault = { kind: 'refuse', status: 400, when: (lines) => lines.some(isBad) }
      },
      end: () => undefined,
      ms: 200,
    })
    assert.equal(status.points.quarantined, 0)
    const held = await openEmpty(influxd)
    const proxy = await InfluxProxy.open(influxd.url)
    proxy.fault = {
      kind: 'refuse',
      status: 400,
      when: (lines) => lines.some((line) => line.includes('bytes=777i')),
    }
    const folder = await scratchFolder()
    const settings = { ...held.settings, url: proxy.url }
    const store = await openInfluxSeries({ settings, folder, tiers: Object.values(tiers) })
    const rows = Array.from({ length: 2000 }, (_, i): Row => {
      return { host: `10.0.${i >> 8}.${i & 255}`, direction: 'in', bytes: i + 1 }
    })
    await store.write(fine, [stepOf(coverageOf(today, exporter), { host: rows })])
    await store.settled!()
    assert.equal(store.status!().points.quarantined, 1)
    assert.equal(store.status!().points.sent, 2000)
    await store.close()
    proxy.close()
    await Promise.all([held.store.close(), held.remove(), rm(folder, { recursive: true })])
  })

  test('points older than the bucket’s retention are counted, and the others are stored', async (t) => {
    const held = await openEmpty(influxd)
    t.after(() => held.store.close().catch(() => undefined))
    const old = stepInVersion(today - 200 * dayMs, 1, 10)
    const young = stepInVersion(today, 1, 10)
    await held.store.write(fine, [old, young])
    await held.store.settled!()
    const { points } = held.store.status!()
    assert.deepEqual([points.refusedByRetention, points.refused], [11, 0])
    assert.match(storeWarnings(held.store.status!(), 0)[0]!.what, /11 points were older than/)
    assert.deepEqual(await storedIn(held.settings, [today]), plain([young]))
    await held.store.close()
    await held.remove()
  })

  test('a field that somebody wrote with another type is refused and counted', async (t) => {
    const held = await openEmpty(influxd)
    t.after(() => held.store.close().catch(() => undefined))
    const query = `org=weir&bucket=${held.settings.prefix}_5m&precision=s`
    await fetch(`${influxd.url}/api/v2/write?${query}`, {
      method: 'POST',
      headers: { authorization: `Token ${held.settings.token}` },
      body: `total,direction=in,exporter=x packets=1.5 ${today / 1000}`,
    })
    await held.store.write(fine, [stepInVersion(today, 1, 10)])
    await held.store.settled!()
    assert.equal(held.store.status!().points.refused, 1)
    await held.store.close()
    await held.remove()
  })

  test('an unsupported version is waited for, and reported', async () => {
    const { during } = await outlive(influxd, {
      begin: async (proxy) => {
        proxy.fault = { kind: 'cut' }
        proxy.version = 'v2.7.12'
        proxy.writes.length = 0
        proxy.onWrite = () => (proxy.fault = { kind: 'none' })
      },
      end: (proxy) => {
        proxy.version = 'v2.9.1'
      },
      ms: 4000,
    })
    assert.match(during.waiting!.reason, /version v2\.7\.12/)
  })

  test('a token changed in its file takes effect without a restart', async () => {
    const settings = await ownBuckets(influxd)
    const folder = await scratchFolder()
    const tokenFile = join(folder, 'token')
    await writeFile(tokenFile, 'outdated\n')
    const store = await openInfluxSeries({
      settings: { ...settings, token: null, tokenFile },
      folder,
      tiers: Object.values(tiers),
    })
    const step = stepInVersion(today, 1, 10)
    await store.write(fine, [step])
    await until(() => store.status!().waiting !== null)
    assert.match(store.status!().waiting!.reason, /401/)
    await writeFile(tokenFile, `${settings.token!}\n`)
    await store.settled!()
    assert.deepEqual(await storedIn(settings, [today]), plain([step]))
    await rm(tokenFile)
    await store.write(fine, [stepInVersion(today, 2, 10)])
    await until(() => store.status!().waiting !== null)
    const { reason, remedy } = store.status!().waiting!
    assert.match(reason, /the token cannot be read: ENOENT/)
    assert.match(remedy, /WEIR_INFLUX_TOKEN_FILE/)
    await store.close()
  })

  test('waiting steps survive a restart; a torn end of the spool’s list is cut off', async () => {
    const settings = await ownBuckets(influxd)
    const folder = await scratchFolder()
    const away = { settings: { ...settings, url: 'http://127.0.0.1:1' }, folder, tiers: [fine] }
    const times = Array.from({ length: 6 }, (_, i) => today + i * fine.stepMs)
    const steps = times.map((time) => stepInVersion(time, 1, 50))
    const before = await openInfluxSeries(away)
    await before.write(fine, steps.slice(0, 3))
    await before.write(fine, steps.slice(3))
    await before.close()
    await appendFile(join(folder, 'spool.jsonl'), '1c291ca3 {"add":[{"fi')
    const there = await openInfluxSeries({ ...away, settings })
    await there.settled!()
    assert.deepEqual(await storedIn(settings, times), plain(steps))
    await there.close()
  })

  test('the spool is bounded: the oldest steps are dropped and counted, and the newest get through', async (t) => {
    const settings = await ownBuckets(influxd)
    const folder = await scratchFolder()
    const spoolMaxBytes = 20_000
    const away = { ...settings, spoolMaxBytes, url: 'http://127.0.0.1:1' }
    const store = await openInfluxSeries({ settings: away, folder, tiers: [fine] })
    t.after(() => store.close().catch(() => undefined))
    const written: StepRows[] = []
    for (let i = 0; i < 20; i++) {
      const step = stepInVersion(today + i * fine.stepMs, 1, 500)
      written.push(step)
      await store.write(fine, [step])
    }
    const { spool, points } = store.status!()
    assert.ok(spool.bytes <= spoolMaxBytes && spool.steps > 0 && spool.steps < 20)
    assert.ok(points.dropped > 0)
    assert.equal((await readdir(join(folder, 'spool'))).length, spool.steps)
    await store.close()
    const back = { ...settings, spoolMaxBytes }
    const there = await openInfluxSeries({ settings: back, folder, tiers: [fine] })
    await settled(there)
    const kept = written.slice(-spool.steps)
    const times = kept.map(({ coverage }) => coverage.time)
    assert.deepEqual(await storedIn(settings, times), plain(kept))
    assert.equal(there.status!().points.dropped, points.dropped)
    await there.close()
  })
})
