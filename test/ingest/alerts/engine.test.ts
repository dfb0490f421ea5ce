/**
 * Alerts over a simulated clock: what is sent, when, and once, to a real mail server and a real webhook.
 */
import assert from 'node:assert/strict'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'

import * as fc from 'fast-check'
import { pino } from 'pino'

import { intervalMs } from '../../../flow/interval.ts'
import { judgeValue } from '../../../ingest/alerts/condition.ts'
import { newsOf } from '../../../ingest/alerts/runs.ts'
import { AlertSender } from '../../../ingest/alerts/sender.ts'
import type { AlertEvent, AlertStanding, KeptAlert } from '../../../store/alert.ts'
import { ReverseDns } from '../../../store/names/reverse-dns.ts'
import { IncidentReader } from '../../../store/incident/ledger.ts'
import { openSeriesStore } from '../../../store/open-series.ts'
import { dnsServer } from '../../dns-server.ts'
import { mondayFolder } from '../../monday.ts'
import { scratchFolder } from '../../processes.ts'
import { readSettings } from '../../settings.ts'
import { openSinks } from '../../sinks.ts'
import { coverageOf, stepOf, tiers } from '../../store/series-rows.ts'
import { until } from '../../until.ts'
import { senderUnderTest } from './sender-under-test.ts'
import { Simulated, storyStart } from './simulated.ts'

test('the story’s congestion is reported within a minute of its interval, once, by mail and webhook', async (t) => {
  const sinks = await openSinks(t)
  const simulated = await Simulated.open(t, sinks)
  const targets = [{ mail: 'admin@example.org' }, { webhook: sinks.webhook }]
  await simulated.watch('dst host 10.0.0.22', {
    name: 'Bobby has the line',
    condition: { is: 'above', value: 50e6 },
    targets,
  })
  await simulated.feed()
  await simulated.runTo(simulated.nowMs + 20 * 60_000)
  await simulated.settle(1)
  assert.equal(simulated.events.length, 1)
  assert.equal(sinks.mails.length, 1)
  assert.equal(sinks.posts.length, 1)
  const [event] = simulated.events
  assert.deepEqual(
    event!.sent.map(({ error }) => error),
    [null, null],
  )
  // The interval in which the download ended, at 11:36:33, ends at 11:40.
  const late = event!.at - Date.UTC(2026, 10, 16, 11, 40) / 1000
  t.diagnostic(
    `told at ${new Date(event!.at * 1000).toISOString()}: ${late} s after the end of the congestion’s last interval`,
  )
  assert.ok(late <= 60, `${late} s`)
  const [mail] = sinks.mails
  assert.deepEqual(mail!.to, ['admin@example.org'])
  assert.match(mail!.text, /Bobby has the line/)
  assert.match(mail!.text, /above 50.00 M/)
  assert.match(mail!.text, /https:\/\/weir\.example\.org\/\?from=2026-11-16T11/)
})

test('times in alerts are those of WEIR_TZ, which they name', async (t) => {
  const sinks = await openSinks(t)
  const simulated = await Simulated.open(t, sinks, { zone: 'Europe/Brussels' })
  const targets = [{ mail: 'admin@example.org' }]
  const condition = { is: 'above', value: 50e6 } as const
  await simulated.watch('dst host 10.0.0.22', { name: 'Bobby has the line', condition, targets })
  const subject = { kind: 'silent', seconds: 600 } as const
  await simulated.alert('b', { name: 'Silent', subject, targets, author: 'anna' })
  await simulated.feed()
  await simulated.runTo(simulated.nowMs + 20 * 60_000)
  await simulated.settle(2)
  const [above, silent] = sinks.mails.map(({ text }) => text)
  assert.match(above!, /Monday 16 November 2026, 12:3[05]:00 to 12:[34][05]:00\./)
  assert.match(above!, /^Times are in Europe\/Brussels\.$/m)
  assert.match(silent!, /silent: nothing has come from it since Monday 16 November 2026, 14:0/)
})

test('traffic that never stops is never reported as too little, however long it lasts', async (t) => {
  const simulated = await Simulated.open(t, await openSinks(t))
  await simulated.watch('any', {
    name: 'Line idle',
    condition: { is: 'below', value: 1 },
    targets: [{ script: true }],
  })
  // Longer than totals are held for late flows.
  await simulated.feed(storyStart + 110 * 60_000)
  assert.equal(simulated.engine.states.get('a')?.is, 'well')
  assert.deepEqual(simulated.events, [])
})

test('a run reported before a restart continues after it', async (t) => {
  const sinks = await openSinks(t)
  const data = await scratchFolder()
  const alert = { name: 'Bobby', condition: { is: 'above' as const, value: 20e6 }, targets: [{ webhook: sinks.webhook }] } // prettier-ignore
  const restartMs = Date.UTC(2026, 10, 16, 11, 35)
  const before = await Simulated.open(t, sinks, { data })
  await before.watch('dst host 10.0.0.22', alert)
  await before.feed(restartMs + 30_000)
  await before.runTo(restartMs + 30_000)
  await before.settle(1)
  assert.equal(before.events.length, 1)
  await before.state.close()

  const series = await openSeriesStore(readSettings({ WEIR_DATA: data }))
  const told = restartMs - intervalMs
  await series.write(tiers['5m'], [
    stepOf(coverageOf(told, '10.0.0.1'), {
      tracker: [{ tracker: 'line', direction: 'in', bytes: 3e9 }],
    }),
  ])
  await series.close()
  const after = await Simulated.open(t, sinks, { data, wholeFrom: restartMs })
  after.nowMs = restartMs
  after.followed.follow(await after.state.list('trackers'))
  await after.feed(restartMs + 20 * 60_000)
  const [standing] = await after.state.list<AlertStanding>('alert-standings')
  assert.ok(standing!.body.lastMs! < restartMs + 60_000, 'told again')
  assert.equal(standing!.body.told[''], restartMs, 'the run is as long as it went on')
})

test('the story’s incident is reported once, with its sentence and the names of DNS', async (t) => {
  const data = await mondayFolder()
  const sinks = await openSinks(t)
  const name = (question: string) =>
    question.startsWith('22.0.0.10.') ? 'bobby22.bigbiz.local' : null
  const { server, asked } = await dnsServer(t, name)
  const dns = new ReverseDns({ asks: 'private', servers: [server] })
  const simulated = await Simulated.open(t, sinks, { data, dns })
  const incidents = await new IncidentReader(data).between(storyStart, storyStart + 4 * 3_600_000)
  assert.ok(incidents.length > 0)
  await simulated.alert('i', {
    name: 'Incidents',
    subject: { kind: 'incident' },
    targets: [{ mail: 'admin@example.org' }, { webhook: sinks.webhook }],
    author: 'anna',
  })
  await simulated.runTo(incidents[0]!.to + 120_000)
  await simulated.settle(incidents.length)
  await simulated.runTo(simulated.nowMs + 600_000)
  assert.equal(simulated.events.length, incidents.length)
  assert.equal(sinks.mails.length, incidents.length)
  const mails = sinks.mails.map(({ text }) => text).join('')
  assert.match(mails, /was cut for 4 min 2\d s/)
  assert.match(mails, /10\.0\.0\.22 \(bobby22\.bigbiz\.local\) opened 312 connections/)
  assert.ok(
    asked.every((question) => question.endsWith('.10.in-addr.arpa')),
    'no public address is asked for',
  )
})

test('an exporter that stops is reported as an exporter’s silence, not as a cut, and once', async (t) => {
  const sinks = await openSinks(t)
  const simulated = await Simulated.open(t, sinks)
  await simulated.alert('s', {
    name: 'Exporter silent',
    subject: { kind: 'silent', seconds: 120 },
    targets: [{ webhook: sinks.webhook }],
    author: 'anna',
  })
  await simulated.watch('any', {
    name: 'No traffic',
    condition: { is: 'below', value: 1e6 },
    targets: [{ webhook: sinks.webhook }],
  })
  const stopMs = storyStart + 20 * 60_000
  await simulated.feed(stopMs)
  await simulated.runTo(stopMs + 30 * 60_000)
  await simulated.settle(1)
  assert.deepEqual(
    simulated.events.map(({ name }) => name),
    ['Exporter silent'],
  )
  const [event] = simulated.events
  assert.match(event!.text, /exporter pfsense .* is silent/)
  assert.match(event!.evidence, /does not say that the network is cut/)
  assert.ok(event!.at - stopMs / 1000 <= 180, `${event!.at - stopMs / 1000} s`)
})

suite('which runs of intervals are news', () => {
  const judged = (text: string) =>
    text.split('').map((letter, i) => ({ interval: i, isAmiss: letter === '!' }))
  const once = { isEach: false, reportedUntil: null }
  test('as many in a row as configured, reported once', () => {
    assert.deepEqual(newsOf(judged('..!!..'), { intervals: 3, ...once }).toReport, null)
    assert.deepEqual(newsOf(judged('..!!!!'), { intervals: 3, ...once }).toReport, 4)
    const after = { intervals: 1, isEach: false, reportedUntil: 3 }
    assert.deepEqual(newsOf(judged('..!!!!'), after), { toReport: null, reportedUntil: 5 })
    assert.deepEqual(newsOf(judged('..!!.!'), after), { toReport: 5, reportedUntil: 5 })
    assert.deepEqual(newsOf(judged('..!!!!'), { ...after, isEach: true }).toReport, 5)
  })
  test('property: checking the same again reports nothing new', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 30 }),
        fc.constantFrom(1, 3, 6, 12),
        fc.boolean(),
        (amiss, intervals, isEach) => {
          const all = amiss.map((isAmiss, interval) => ({ interval, isAmiss }))
          const first = newsOf(all, { intervals, isEach, reportedUntil: null })
          const again = newsOf(all, { intervals, isEach, reportedUntil: first.reportedUntil })
          assert.equal(again.toReport, null)
        },
      ),
    )
  })
})

test('conditions', () => {
  const amiss = (...given: Parameters<typeof judgeValue>) => judgeValue(...given).isAmiss
  assert.equal(amiss({ is: 'above', value: 5 }, 5, []), false)
  assert.equal(amiss({ is: 'above', value: 5 }, 6, []), true)
  assert.equal(amiss({ is: 'below', value: 5 }, 4, []), true)
  assert.equal(amiss({ is: 'outside', low: 2, high: 4 }, 3, []), false)
  assert.equal(amiss({ is: 'outside', low: 2, high: 4 }, 5, []), true)
  const unusual = { is: 'unusual', sigma: 3, observations: 6 } as const
  const earlier = [10, 11, 9, 10, 11, 9]
  assert.equal(amiss(unusual, 12, earlier), false)
  assert.equal(amiss(unusual, 14, earlier), true)
  assert.equal(amiss(unusual, 5, earlier), true)
  assert.equal(amiss(unusual, 1e9, [10, 11]), false, 'too little to know what is usual')
})

test('an alert on something removed is a visible problem, and a test fails the same way', async (t) => {
  const sinks = await openSinks(t)
  const simulated = await Simulated.open(t, sinks)
  const targets = [{ webhook: sinks.webhook }]
  await simulated.watch('any', { name: 'Line', condition: { is: 'above', value: 1 }, targets })
  await simulated.runTo(storyStart + 600_000)
  const { body } = (await simulated.state.get<KeptAlert>('alerts', 'a'))!
  await simulated.state.change({ collection: 'trackers', id: 'line' })
  await simulated.runTo(storyStart + 900_000)
  assert.equal(simulated.engine.states.get('a')?.is, 'problem')
  assert.match(simulated.engine.states.get('a')?.problem ?? '', /no tracker "line"/)
  await assert.rejects(simulated.engine.test('a', body, simulated.nowMs), /no tracker/)
  const silent: KeptAlert = { ...body, subject: { kind: 'silent', seconds: 60 } }
  const tested = await simulated.engine.test('a', silent, simulated.nowMs)
  assert.equal(tested.isTest, true)
  assert.equal((sinks.posts[0] as AlertEvent).text, 'There is nothing to tell of now.')
})

suite('webhooks', () => {
  const told = { name: 'x', targets: [], author: 'anna', subject: { kind: 'disk' } } as KeptAlert
  const send = async (address: string, networks = '') => {
    const { alerts } = readSettings({ WEIR_WEBHOOK_NETWORKS: networks })
    const keep = async () => undefined
    const log = pino({ level: 'silent' })
    const sender = new AlertSender({ settings: alerts, pageUrl: '', zone: 'UTC', log, keep })
    const found = { say: async () => '', evidence: '', from: 0, to: 0, path: '/' }
    const alert: KeptAlert = { ...told, targets: [{ webhook: address }] }
    const { sent } = await sender.send({ id: 'x', alert, found, isTest: true }, 0)
    return sent[0]!.error
  }
  const closed = ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', 'localhost', '10.0.0.1', '169.254.169.254', '0.0.0.0', '2130706433', '0x7f.1', '[fe80::1]', '100.64.1.1'] // prettier-ignore
  for (const host of closed)
    test(`do not reach ${host} unless the settings name it`, async () => {
      assert.match(String(await send(`http://${host}:9/hook`)), /WEIR_WEBHOOK_NETWORKS/)
    })
  test('reach what the settings name, and follow no redirects', async (t) => {
    const sinks = await openSinks(t)
    assert.equal(await send(sinks.webhook, '127.0.0.0/8'), null)
    sinks.answer(302, { location: sinks.webhook })
    assert.match(String(await send(sinks.webhook, '127.0.0.0/8')), /answered 302/)
    assert.equal(sinks.posts.length, 2)
  })
})

test('what a cut kept from arriving is tried again later, unless it is refused or a test', async (t) => {
  const sinks = await openSinks(t)
  const settings = { WEIR_WEBHOOK_NETWORKS: '127.0.0.0/8' }
  const { sender, kept } = senderUnderTest(settings, [100, 100, 100])
  const alert: KeptAlert = { name: 'x', targets: [{ webhook: sinks.webhook }], author: 'anna', subject: { kind: 'disk' } } // prettier-ignore
  const found = { say: async () => 'cut', evidence: '', from: 0, to: 0, path: '/' }
  const send = async (isTest: boolean) =>
    (await sender.send({ id: 'x', alert, found, isTest }, 1000)).sent[0]!.error
  const said = () => kept.map(({ text, sent }) => [text, ...sent.map(({ error }) => error)])
  const again = 'it answered 503; it is tried again for almost an hour'
  sinks.answer(503)
  assert.equal(await send(false), again)
  sinks.answer(200)
  await until(() => kept.length === 2)
  assert.deepEqual(said(), [
    ['cut', again],
    ['cut', null],
  ])
  assert.ok(kept[1]!.at > kept[0]!.at)
  const before = sinks.posts.length

  sinks.answer(404)
  assert.equal(await send(false), 'it answered 404')
  sinks.answer(503)
  assert.equal(await send(true), 'it answered 503')
  assert.equal(await send(false), again)
  await until(() => kept.length === 6)
  assert.deepEqual(said().at(-1), ['cut', 'it answered 503'])
  assert.equal(sinks.posts.length - before, 1 + 1 + 5)
})

test('a script gets the alert on standard input, without a shell', async (t) => {
  const folder = await scratchFolder()
  const [script, output] = [join(folder, 'script; echo bad'), join(folder, 'out')]
  await writeFile(script, `#!/bin/sh\ncat > "${output}"\n`)
  await chmod(script, 0o700)
  const { alerts } = readSettings({ WEIR_ALERT_SCRIPT: script })
  const log = pino({ level: 'silent' })
  const keep = async () => undefined
  const sender = new AlertSender({ settings: alerts, pageUrl: '', zone: 'UTC', log, keep })
  const alert: KeptAlert = {
    name: '$(touch /tmp/bad)',
    subject: { kind: 'disk' },
    targets: [{ script: true }],
    author: 'anna',
  }
  const found = { say: async () => 'low', evidence: '', from: 0, to: 0, path: '/' }
  const { sent } = await sender.send({ id: 'x', alert, found, isTest: false }, 1000)
  assert.equal(sent[0]!.error, null)
  const got = JSON.parse(await readFile(output, 'utf8')) as AlertEvent
  assert.equal(got.name, '$(touch /tmp/bad)')
  t.diagnostic(got.text)
})
