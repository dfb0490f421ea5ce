/** When a running ingest has adopted a tracker. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { adoptedName, type AdoptedTrackers } from '../ingest/trackers/adopt.ts'
import { ManifestReader } from '../store/manifest/reader.ts'

const adoptedMsMax = 120_000

/** Waits until the archive of a data folder shows that a tracker was adopted, with what must be rebuilt for it. */
export async function untilAdopted(data: string, id: string): Promise<void> {
  const manifest = new ManifestReader(join(data, 'archive', 'manifest.jsonl'))
  for (const deadline = performance.now() + adoptedMsMax; ; await sleep(100)) {
    await manifest.entries()
    const adopted = (await manifest.value<AdoptedTrackers>(adoptedName)) ?? {}
    if (Object.hasOwn(adopted, id)) return
    assert.ok(performance.now() < deadline, `${id} is not followed`)
  }
}
