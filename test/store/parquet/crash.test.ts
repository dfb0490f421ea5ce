import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'

import { openParquetSeries } from '../../../store/parquet/series.ts'
import type { StepRows } from '../../../store/series.ts'
import { scratchFolder } from '../../processes.ts'
import { origin, stepsOfRound } from './writes.ts'
import { dayMs, plain, tiers } from '../series-rows.ts'

const kills = 8

test('a killed write leaves the steps as they were or as they are, never a mix', async () => {
  const folder = await scratchFolder()
  let kept = 0
  for (let kill = 0; kill < kills; kill++) {
    const { begun, done } = await killedWriter(folder, kill)
    const store = await openParquetSeries(folder)
    const steps: StepRows[] = []
    const range = { tier: tiers['5m'], from: origin, to: origin + dayMs, exporter: '192.0.2.1' }
    for await (const step of store.steps(range)) steps.push(step)
    const round = steps[0]?.coverage.datagrams ?? 0
    assert.deepEqual(plain(steps), round === 0 ? [] : plain(stepsOfRound(round)))
    assert.ok(round === begun || round === Math.max(done, kept), `${round} of ${done} to ${begun}`)
    kept = round
    const files = await readdir(folder, { recursive: true })
    assert.deepEqual(
      files.filter((file) => file.endsWith('.part')),
      [],
    )
    assert.deepEqual(await store.problems(), [])
    await store.close()
  }
  assert.ok(kept >= kills, `${kept} rounds in ${kills} runs`)
})

/**
 * Runs the writer, kills it some time after its first write, and returns the progress it reported.
 */
async function killedWriter(
  folder: string,
  kill: number,
): Promise<{ begun: number; done: number }> {
  const writer = join(import.meta.dirname, 'writes.ts')
  const child = spawn(process.execPath, [writer, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (text: Buffer) => (said += text.toString()))
  while (!said.includes('done')) await once(child.stdout, 'data')
  await setTimeout(kill * 23)
  child.kill('SIGKILL')
  await once(child, 'close')
  const last = (word: string) =>
    Math.max(
      0,
      ...[...said.matchAll(new RegExp(`${word} (\\d+)\\n`, 'g'))].map((m) => Number(m[1])),
    )
  return { begun: last('begin'), done: last('done') }
}
