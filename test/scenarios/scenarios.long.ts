/** All scenarios, and a fortnight in which nothing is wrong. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'

import { writeCapture } from '../encode/pcap-write.ts'
import { scratchFolder } from '../processes.ts'
import { fortnight } from './fortnight.ts'
import { meter } from './meter.ts'
import { incidentsOf, runScenario, runUnseen } from './run.ts'
import { badMorning, scenarios } from './scenarios.ts'
import { unseenMorning } from './unseen.ts'

/** Every happening through every exporter. */
const mornings = 120

suite('mornings by chance', () => {
  for (let seed = 0; seed < mornings; seed++)
    test(`morning ${seed}`, () => runUnseen(unseenMorning(seed)))
})

suite('scenarios', () => {
  for (const scenario of scenarios) test(scenario.name, () => runScenario(scenario))

  test('three things in one morning are three incidents', async () => {
    const folder = await scratchFolder()
    try {
      const { packets, told } = badMorning()
      const capture = join(folder, 'morning.pcap')
      const sent = meter(packets, { activeMs: 60_000, inactiveMs: 15_000 })
      await writeCapture(capture, '192.168.9.1', sent)
      const found = await incidentsOf(folder, [capture])
      assert.deepEqual(
        found.map(({ kind, actors }) => [
          kind,
          ...actors.flatMap((each) => [each.host, each.direction]),
        ]),
        told,
      )
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('a fortnight with backups, batches, calls and weekends: no alarm', async () => {
    const folder = await scratchFolder()
    try {
      assert.deepEqual(await incidentsOf(folder, await fortnight(folder)), [])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
