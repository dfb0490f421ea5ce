/** All scenarios, and a fortnight in which nothing is wrong. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'

import { writeCapture } from '../encode/pcap-write.ts'
import { scratchFolder } from '../processes.ts'
import { fortnight } from './fortnight.ts'
import { harderKinds, harderMorning } from './harder.ts'
import { meter } from './meter.ts'
import { incidentsOf, runScenario, runUnseen } from './run.ts'
import { badMorning, smallOutage } from './outages.ts'
import { morning } from './office.ts'
import { scenarios } from './scenarios.ts'
import { unseenMorning } from './unseen.ts'

/** Every event through every exporter. */
const mornings = 120

suite('random mornings', () => {
  for (let seed = 0; seed < mornings; seed++)
    test(`morning ${seed}`, () => runUnseen(unseenMorning(seed)))
})

/** Every kind through every exporter. */
const harderMornings = harderKinds.length * 9

suite('harder random mornings', () => {
  for (let seed = 0; seed < harderMornings; seed++)
    test(`morning ${seed}`, () => runUnseen(harderMorning(seed)))
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

  test('two exporters that saw the same cut report it separately', async () => {
    const folder = await scratchFolder()
    try {
      const { packets, from, to } = smallOutage(morning + 60 * 60_000)
      const captures: string[] = []
      for (const [i, activeMs] of [60_000, 120_000].entries()) {
        const capture = join(folder, `${i}.pcap`)
        await writeCapture(capture, `192.168.9.${1 + i}`, meter(packets, { activeMs, inactiveMs: 15_000 }))
        captures.push(capture)
      }
      const found = await incidentsOf(folder, captures)
      assert.deepEqual(found.map(({ exporter }) => exporter).sort(), ['192.168.9.1', '192.168.9.2'])
      assert.equal(new Set(found.map(({ id }) => id)).size, 2)
      for (const incident of found) {
        const told = JSON.stringify(incident, null, 1)
        assert.equal(incident.kind, 'congestion', told)
        assert.ok(Math.abs(incident.from - from) <= 2000 && Math.abs(incident.to - to) <= 2000, told)
        assert.deepEqual(incident.actors.map(({ host }) => host), ['10.0.0.12'])
        assert.ok(Math.abs(incident.actors[0]!.bytes / 1.5e9 - 1) < 0.01, told)
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }) // prettier-ignore

  test('a fortnight with backups, batches, calls and weekends: no alarm', async () => {
    const folder = await scratchFolder()
    try {
      assert.deepEqual(await incidentsOf(folder, await fortnight(folder)), [])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
