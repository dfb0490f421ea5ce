/** A data folder of half an hour in which something is lacking. */
import { join } from 'node:path'

import { intervalMs } from '../../flow/interval.ts'
import { openParquetSeries } from '../../store/parquet/series.ts'
import type { Coverage } from '../../store/series.ts'
import { scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { archive, t0, testFlow } from '../store/archive/archived.ts'
import { coverageOf, stepOf } from '../store/series-rows.ts'

const exporter = '192.0.2.1'
const secondExporter = '192.0.2.2'

export const notListening = { known: 0, unknown: { 'not-listening': 1 }, datagrams: 0 }

/**
 * A data folder with a flow in each interval, of whose coverage some is given by number; null: none is stored. `beside`
 * is the coverage of a second exporter, if there is one.
 */
export async function folderWith(
  given: Record<number, Partial<Coverage> | null>,
  beside?: Record<number, Partial<Coverage>>,
) {
  const data = await scratchFolder()
  const { tiers } = readSettings({ WEIR_DATA: data })
  const times = Array.from({ length: 6 }, (_, i) => t0 + i * intervalMs)
  await archive(
    join(data, 'archive'),
    times.map((first) => testFlow({ first, exporter })),
  )
  const series = await openParquetSeries(join(data, 'series'))
  const total = [{ direction: 'in', bytes: 1000, packets: 10, flows: 1 }]
  const steps = times.flatMap((time, i) => {
    const of = given[i]
    return of === null ? [] : [stepOf(coverageOf(time, exporter, of), { total })]
  })
  await series.write(tiers[0]!, steps)
  if (beside) {
    const covered = times.map((time, i) => stepOf(coverageOf(time, secondExporter, beside[i]), {}))
    await series.write(tiers[0]!, covered)
  }
  // Its two hours began long before the first flow, so that most of them is unknown.
  const [known, unknown] = [5, { 'not-listening': 1, 'not-seen': 18 }]
  const coarse = coverageOf(Date.parse('2026-11-16T10:00Z'), exporter, { known, unknown })
  await series.write(tiers[2]!, [stepOf(coarse, {})])
  await series.close()
  return data
}
