/** The judging process: reading and computing never delay a datagram, and its memory is freed when it exits. */
import { join } from 'node:path'

import { NetworkSet } from '../../flow/address.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import { answerParent } from '../../store/process/worker-process.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import { collectAndShrink } from '../../store/process/garbage.ts'
import { openSeriesReader } from '../../store/open-series.ts'
import { openElsewhere } from '../../store/open.ts'
import { lowerProcess, laterNiceness } from '../../store/process/priority.ts'
import { limitFreedMemory } from '../../store/process/freed-memory.ts'
import type { JudgeAnswers, JudgeRequest } from './judge-process.ts'
import { judgeSpan, type JudgeSettings, type JudgeStores } from './spans.ts'

/** One thread and little memory, because ingest runs beside it. */
const limits = { threads: 1, memoryBytes: 512 * 2 ** 20, queryMs: 300_000 }

interface Judging {
  stores: JudgeStores
  settings: JudgeSettings
  close: () => Promise<unknown>
}

const ending = new AbortController()
let judging: Judging | null = null

async function open(copied: Settings): Promise<Judging> {
  // Objects sent to a process lose their class.
  const settings = { ...copied, local: new NetworkSet(copied.local.networks) }
  const folder = join(settings.data, 'archive')
  const flows = await openFlowStore(folder, {
    local: settings.local,
    readsHere: true,
    ...limits,
  })
  const series = await openSeriesReader(settings)
  const elsewhere = await openElsewhere(settings)
  // Garbage from loading all of this.
  collectAndShrink()
  return {
    stores: { flows, series, elsewhere, signal: ending.signal },
    settings,
    close: () => Promise.all([flows.close(), series.close(), elsewhere?.close()]),
  }
}

lowerProcess(laterNiceness)
await limitFreedMemory()
answerParent<JudgeRequest, JudgeAnswers>(
  {
    open: async ({ settings }) => {
      judging = await open(settings)
      return null
    },
    judge: ({ span }) => judgeSpan(span, judging!.stores, judging!.settings),
    end: async () => {
      await judging?.close()
      setImmediate(() => process.disconnect())
      return null
    },
  },
  () => ending.abort(new Error('ingest is being stopped')),
)
