/**
 * From Parquet files to ClickHouse without a pause: a collector that writes both copies earlier data,
 * is killed, continues, and is then switched over; then the same in reverse.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { RunningClickHouse } from '../clickhouse.ts'
import { NumberedExporter } from '../fault/numbered-exporter.ts'
import { replayMonday } from '../monday.ts'
import { RunningIngest, runWeir, scratchFolder } from '../processes.ts'
import { skipWithoutClickHouse } from '../setup/clickhouse.ts'
import { archiveSums } from '../stored.ts'
import {
  archiveIntervals,
  clickHouseIntervals,
  clickHouseSteps,
  killWhen,
  seriesSteps,
  weir,
} from './migration.ts'

const flowsPerSecond = 600

describe('double writing', { skip: skipWithoutClickHouse() }, () => {
  let nodes: RunningClickHouse
  let data = ''
  before(async () => {
    nodes = await RunningClickHouse.start()
    await nodes.setUp()
    data = await scratchFolder()
    await replayMonday({ WEIR_DATA: data })
  })
  after(() => nodes.remove())
  const environment = (store: string, also = '') => ({
    ...nodes.environment(),
    WEIR_DATA: data,
    WEIR_STORE: store,
    WEIR_STORE_ALSO: also,
  })
  const count = async (table: string) =>
    Number(await nodes.nodes[0]!.ask(`SELECT count() FROM weir.${table}`))

  /** Only measurements whose keys are never cut: there no key of a step's earlier version remains. */
  const whole = (steps: readonly string[]) =>
    steps.filter((line) => /^\w+\t(total|protocol|interface)\t/.test(line))
  const assertEqual = async () => {
    const [files, node] = [await seriesSteps(data), await clickHouseSteps(nodes.nodes[0]!)]
    assert.ok(whole(files).length > 100)
    assert.deepEqual(whole(node), whole(files))
  }

  test('a killed collector and a killed migration continue; after the switch, all answers are equal', async () => {
    const both = environment('parquet', 'clickhouse')
    const refused = await RunningIngest.start(data, environment('parquet'))
    const alone = await runWeir(['migrate', '--to', 'clickhouse'], environment('parquet'))
    assert.equal(alone.code, 1)
    assert.match(alone.stderr, /WEIR_STORE=parquet WEIR_STORE_ALSO=clickhouse/)
    await refused.stop()

    let ingest = await RunningIngest.start(data, both)
    const exporter = new NumberedExporter(() => ingest.port, flowsPerSecond)
    await killWhen(both, async () => (await count('series_5m')) > 0)
    await ingest.stop('SIGKILL')
    ingest = await RunningIngest.start(data, both)
    const beside = await runWeir(['migrate', '--to', 'clickhouse'], both)
    assert.equal(beside.code, 0, beside.stderr)
    assert.match(beside.stdout, /5m: [1-9]\d* steps are equal/)
    assert.match(beside.stdout, /2h: [1-9]\d* steps are equal/)
    assert.match(beside.stdout, /files with \d+ flows, .* number and sums of each are equal/)
    assert.match(beside.stdout, /both are equal, and stay so/)
    await exporter.end()
    await ingest.until(({ exporters }) => exporters.some(({ flows }) => flows > 0))
    assert.equal((await ingest.stop()).code, 0)

    const last = await runWeir(['migrate', '--to', 'clickhouse'], both)
    assert.equal(last.code, 0, last.stderr)
    assert.doesNotMatch(last.stdout, /are kept|incomplete there|ClickHouse only/)
    assert.match(last.stdout, /incidents: [1-9]\d* copied/)
    await assertEqual()
    const intervals = await archiveIntervals(data)
    assert.deepEqual(await clickHouseIntervals(nodes.nodes[0]!), intervals)
    const { flows } = await archiveSums(data)
    assert.equal(
      intervals.reduce((sum, line) => sum + Number(line.split('\t')[1]), 0),
      flows,
    )
    // Whole steps that are over: for others an answer says how late it is.
    const now = Date.now() / 1000
    const [twoHours, minutes] = [now - (now % 7200), now - (now % 300)]
    const windows = [
      `from=${twoHours - 7 * 86_400}&to=${twoHours}`,
      `from=${minutes - 1800}&to=${minutes}`,
    ]
    const answers = await answersOf(environment('parquet'), windows)
    const there = await answersOf(environment('clickhouse'), windows)
    for (const [i, answer] of answers.entries())
      assert.ok(there[i] === answer, `${answer.slice(0, 2000)}\n${there[i]!.slice(0, 2000)}`)
    assert.ok(answers.every((answer) => answer.length > 100))
  })

  test('and back: the files also have what ClickHouse received', async () => {
    const back = environment('clickhouse', 'parquet')
    const ingest = await RunningIngest.start(data, back)
    const exporter = new NumberedExporter(() => ingest.port, flowsPerSecond)
    await ingest.until(({ exporters }) => exporters.some(({ flows }) => flows > 1000))
    const beside = await runWeir(['migrate', '--to', 'parquet'], back)
    assert.equal(beside.code, 0, beside.stderr)
    assert.match(beside.stdout, /5m: [1-9]\d* steps are equal/)
    await exporter.end()
    assert.equal((await ingest.stop()).code, 0)
    const last = await runWeir(['migrate', '--to', 'parquet'], back)
    assert.equal(last.code, 0, last.stderr)
    assert.match(last.stdout, /incidents: [1-9]\d* copied/)
    await assertEqual()
  })

  for (const [store, also] of [
    ['clickhouse', 'parquet'],
    ['parquet', 'clickhouse'],
  ] as const)
    test(`ClickHouse hangs: ingest with ${store} first stops by itself`, async () => {
      for (const node of nodes.nodes) node.signal('SIGSTOP')
      try {
        const ingest = await RunningIngest.start(data, environment(store, also))
        const { code, ms } = await ingest.stop()
        assert.equal(code, 0, `after ${Math.round(ms)} ms`)
      } finally {
        for (const node of nodes.nodes) node.signal('SIGCONT')
      }
    })

  /** The answers of an API on a store, about the time of the capture and about now. */
  async function answersOf(
    settings: Record<string, string>,
    windows: readonly string[],
  ): Promise<string[]> {
    const child = spawn(process.execPath, [weir, 'api'], {
      env: { ...process.env, ...settings, WEIR_HTTP: '127.0.0.1:0', WEIR_LOG: 'warn' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const closed = once(child, 'close')
    try {
      let url = ''
      for await (const line of createInterface({ input: child.stdout }))
        if ((url = /the page is at (http:\S+)/.exec(line)?.[1] ?? '') !== '') break
      child.stdout.resume()
      const paths = windows.flatMap((window) => [
        `/api/series?by=direction&measure=bits&${window}`,
        `/api/series?by=host&top=5&${window}`,
        `/api/series?by=protocol&filter=dst+port+443&${window}`,
        `/api/top?by=host&limit=5&${window}`,
        `/api/top?by=port&filter=proto+tcp&${window}`,
        `/api/incidents?${window}`,
      ])
      const answers: string[] = []
      for (const path of paths) {
        let answer = await fetch(url + path)
        // An overloaded machine answers 503.
        for (let i = 0; i < 60 && answer.status === 503; i++)
          answer = await sleep(500).then(() => fetch(url + path))
        const text = await answer.text()
        assert.equal(answer.status, 200, `${path}: ${text}`)
        answers.push(path + text)
      }
      return answers
    } finally {
      child.kill()
      await closed
    }
  }
})
