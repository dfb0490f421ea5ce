/** Judges intervals at once, for commands that exit when done. */
import { join } from 'node:path'

import type { Settings } from '../../flow/settings/settings.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import { IncidentLedger } from '../../store/incident/ledger.ts'
import { openSeriesReader } from '../../store/open-series.ts'
import { openElsewhere, openSharedIncidents } from '../../store/open.ts'
import { judgeSpan, spansOf } from './spans.ts'

/** No user is waiting: a busy network on a busy machine may take its time. */
const limits = { queryMs: 1_800_000 }

/** Finds the incidents of the pending intervals in the stored data, and saves them. The data folder must be locked. */
export async function judgeNow(settings: Settings): Promise<void> {
  const shared = await openSharedIncidents(settings)
  const ledger = await IncidentLedger.open(settings.data, shared)
  const flows = await openFlowStore(join(settings.data, 'archive'), {
    local: settings.local,
    readsHere: true,
    ...limits,
  })
  const series = await openSeriesReader(settings)
  const elsewhere = await openElsewhere(settings)
  try {
    for (const span of spansOf(ledger.pending())) {
      const whole = { ...span, look: await ledger.reachOf(span) }
      for (const verdict of await judgeSpan(whole, { flows, series, elsewhere }, settings))
        await ledger.judged(verdict)
    }
  } finally {
    for (const part of [ledger, flows, series, elsewhere, shared]) await part?.close()
  }
}
