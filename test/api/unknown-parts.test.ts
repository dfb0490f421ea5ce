/** Statements about an event whose surroundings, or part of which, nobody saw: none, and never zero. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'

import { pino } from 'pino'
import { Errors } from 'typebox/value'

import { runApi } from '../../api/main.ts'
import { ExplainAnswer } from '../../api/schema/explain.ts'
import { writeCapture } from '../encode/pcap-write.ts'
import { scratchFolder } from '../processes.ts'
import { meter } from '../scenarios/meter.ts'
import { incidentsOf } from '../scenarios/run.ts'
import { morning } from '../scenarios/office.ts'
import { scenarios } from '../scenarios/scenarios.ts'
import { readSettings } from '../settings.ts'

const minute = 60_000

interface Seen {
  /** Packets before and after these times are not seen. */
  from?: number
  to?: number
}

/** The answer and the report of a scenario's only incident. */
async function told(t: TestContext, name: string, { from = 0, to = Infinity }: Seen = {}) {
  const { packets, meter: options, drops = [] } = scenarios.find((each) => each.name === name)!
  const seen = packets().filter(({ time }) => time >= from && time < to)
  const sent = meter(seen, options).filter(
    ({ receivedMs }) => !drops.some((drop) => receivedMs >= drop.from && receivedMs < drop.to),
  )
  const folder = await scratchFolder()
  const capture = join(folder, 'seen.pcap')
  await writeCapture(capture, '192.168.9.1', sent)
  const [incident, ...more] = await incidentsOf(folder, [capture])
  assert.deepEqual(more, [])
  assert.ok(incident)
  const settings = readSettings({ WEIR_DATA: join(folder, 'data'), WEIR_HTTP: '127.0.0.1:0' })
  const api = await runApi(settings, pino({ level: 'error' }))
  t.after(() => api.close())
  const window = `from=${Math.floor(incident.from / 1000)}&to=${Math.ceil(incident.to / 1000)}`
  const answer = (await (await fetch(`${api.url}/api/explain?${window}`)).json()) as ExplainAnswer
  assert.deepEqual(Errors(ExplainAnswer, answer).slice(0, 3), [])
  const report = await (await fetch(`${api.url}/api/report?${window}&format=md`)).text()
  const chart = await (await fetch(`${api.url}/api/report?${window}&format=svg`)).text()
  return { answer, report, chart }
}

suite('unseen parts', () => {
  test('while an exporter was away its traffic is unknown, whatever was reported later', async (t) => {
    const { answer, report, chart } = await told(t, 'the exporter was cut off')
    const { window, evidence, usual } = answer
    assert.equal(window.kind, 'exporter')
    const { time, step, series } = evidence
    assert.ok(series.length > 0)
    for (const { values } of series)
      values.forEach((value, i) => {
        const isWithin = time[i]! + step > window.from && time[i]! < window.to
        assert.equal(value === null, isWithin, `${time[i]}`)
      })
    assert.deepEqual(usual?.actual, { bits: { in: null, out: null }, connections: null })
    assert.match(report, /All traffic: unknown in, unknown out; usual [\d.]+ Mb\/s in/)
    assert.match(report, /the minute before: others [\d.]+ Mb\/s/)
    assert.match(report, /the minute after: others [\d.]+ Mb\/s/)
    assert.doesNotMatch(report, /from here to its end/)
    // The area in two pieces, and no line of hosts if none is named.
    const area = /<path d="([^"]*)" fill="#8db6d9"/.exec(chart)![1]!
    assert.equal(area.match(/M[\d. ]+L/g)?.length, 2)
    assert.match(chart, /hatched: not known/)
    assert.doesNotMatch(chart, /the greatest hosts/)
  })

  test('nothing is said about the minute after an ongoing event, nor about time before the first data', async (t) => {
    const download = scenarios.find(({ name }) => name === 'long')!.expected!
    const ongoing = await told(t, 'long', { to: download.from + 8 * minute })
    assert.equal(ongoing.answer.window.ongoing, true)
    assert.match(ongoing.report, /the minute before: others/)
    assert.match(ongoing.report, /last seen: it was not over/)
    assert.doesNotMatch(ongoing.report, /the minute after/)

    const begun = await told(t, 'long', { from: download.from - 2000 })
    assert.ok(begun.answer.window.from * 1000 > morning)
    assert.match(begun.report, /the minute after: others/)
    assert.doesNotMatch(begun.report, /the minute before/)
  })
})
