/** What a data folder holds, for tests: the archive's flows and the sums of its series. */
import { join } from 'node:path'

import type { FlowColumns } from '../flow/columns.ts'
import { Archive } from '../store/archive/archive.ts'
import { openSeriesStore } from '../store/open-series.ts'
import type { Coverage } from '../store/series.ts'
import { readSettings } from './settings.ts'

/** Calls back with every batch of archived flows; the columns are reused for the next. */
export async function forEachFlow(
  data: string,
  visit: (flows: FlowColumns) => void,
): Promise<void> {
  const archive = await Archive.open(join(data, 'archive'))
  try {
    for await (const flows of archive.read(0, 8.64e15)) visit(flows)
  } finally {
    await archive.close()
  }
}

interface Sums {
  bytes: number
  packets: number
  flows: number
}

/** Scaled sums of all archived flows. */
export async function archiveSums(data: string): Promise<Sums> {
  const sums = { bytes: 0, packets: 0, flows: 0 }
  await forEachFlow(data, (flows) => {
    for (let i = 0; i < flows.count; i++) {
      sums.bytes += flows.octetDeltaCount[i]! * flows.samplingInterval[i]!
      sums.packets += flows.packetDeltaCount[i]! * flows.samplingInterval[i]!
      sums.flows++
    }
  })
  return sums
}

/** What is stored as known of the exporters' 5-minute intervals. */
export async function storedCoverage(data: string): Promise<Coverage[]> {
  const settings = readSettings({ WEIR_DATA: data })
  const store = await openSeriesStore(settings)
  try {
    return await store.coverage({ tier: settings.tiers[0]!, from: 0, to: 8.64e15 })
  } finally {
    await store.close()
  }
}

/** Sums of the measurement `total` in every tier. */
export async function seriesSums(data: string): Promise<Record<string, Sums>> {
  const settings = readSettings({ WEIR_DATA: data })
  const store = await openSeriesStore(settings)
  const sums: Record<string, Sums> = {}
  try {
    for (const tier of settings.tiers) {
      const extent = await store.extent(tier)
      const sum = { bytes: 0, packets: 0, flows: 0 }
      if (extent) {
        const query = {
          tier,
          from: extent.from,
          to: extent.to + tier.stepMs,
          measurement: 'total' as const,
        }
        const rows = await store.read({ ...query, by: [], keys: [] })
        for (let i = 0; i < rows.count; i++) {
          sum.bytes += rows.sum.bytes[i]!
          sum.packets += rows.sum.packets[i]!
          sum.flows += rows.sum.flows[i]!
        }
      }
      sums[tier.name] = sum
    }
  } finally {
    await store.close()
  }
  return sums
}
