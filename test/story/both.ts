/** The flows of one capture in Weir and in nfdump. */
import assert from 'node:assert/strict'
import { join } from 'node:path'

import { parseFilter } from '../../flow/filter/parse.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import type { Include } from '../../store/flows.ts'
import { runWeir, scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { collectWithNfcapd, type Totals } from './nfcapd.ts'

export interface Both {
  /** Weir's sums of the flows of Monday that match a filter. */
  totals: (filter: string, include?: Include) => Promise<Totals>
  /** nfdump's folder. */
  folder: string
  close: () => Promise<void>
}

/** Takes a capture into both. */
export async function openBoth(capture: string): Promise<Both> {
  const data = await scratchFolder()
  const replayed = await runWeir(['replay', capture], { WEIR_DATA: data })
  assert.equal(replayed.code, 0, replayed.stderr)
  const flows = await openFlowStore(join(data, 'archive'), { local: readSettings({}).local })
  const day = { from: Date.UTC(2026, 10, 16), to: Date.UTC(2026, 10, 17) }
  return {
    totals: async (text, include = 'any') => {
      const filter = parseFilter(text)!
      const top = await flows.top({ ...day, filter, include, by: ['protocol'], order: 'bytes', limit: 300 }) // prettier-ignore
      return { ...top.total }
    },
    folder: await collectWithNfcapd(capture),
    close: () => flows.close(),
  }
}
