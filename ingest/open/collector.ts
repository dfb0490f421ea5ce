/**
 * Opens the collector, which publishes flows, writes the series and starts the search for
 * incidents.
 */
import type { Logger } from 'pino'

import type { Settings } from '../../flow/settings/settings.ts'
import { Collector } from '../collector.ts'
import { openConsolidator, type Consolidator } from '../consolidate/consolidator.ts'
import { IncidentWatch } from '../incidents/watch.ts'
import type { Receiver } from '../receive/receiver.ts'
import { SeriesWriter } from '../series/writer.ts'
import type { Counting } from './counting.ts'
import type { IngestStores } from './stores.ts'

interface Publishing {
  collector: Collector
  consolidator: Consolidator
  incidents: IncidentWatch
}

/** Nothing is published before the collector's first tick. */
export async function openCollector(
  settings: Settings,
  log: Logger,
  parts: IngestStores & Counting & { receiver: Receiver; returnFreedMemory: () => void },
): Promise<Publishing> {
  const { tiers, local, top, flowMaxMs } = settings
  const { archive, store, coverage, counters, followed, shipping } = parts
  const sources = { archive, store, coverage, counters, trackers: followed }
  const writer = new SeriesWriter({ ...sources, tier: tiers[0]!, local, top, flowMaxMs })
  const consolidator = await openConsolidator(settings, store)
  const incidents = await IncidentWatch.open(settings, log)
  const bundles = shipping === null
  const made = { writer, consolidator, incidents, bundles }
  return { collector: new Collector({ settings, log, ...parts, ...made }), consolidator, incidents }
}
