/** The status of a cluster's collectors: the one on this machine, and what the others last reported. */
import { exportersOfAll } from '../../flow/merge-exporters.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import type { IngestStatus } from '../../flow/status.ts'
import type { ReportedStatus } from '../../store/clickhouse/exchange.ts'
import { openStatuses } from '../../store/open.ts'
import { ingestStatus, type StatusSource } from './ingest-status.ts'

/** Collectors report every 15 seconds; one that has not for this long is away. */
const awayMs = 90_000
/** Reports are read again after this long. */
const keptMs = 5000

interface CollectorReport {
  writer: string
  value: ReportedStatus
}

interface ClusterStatus extends StatusSource {
  close(): Promise<void>
}

/** The status of all collectors if several may share a store, else of the one on the data folder. */
export async function openStatus(settings: Settings, now: () => number): Promise<ClusterStatus> {
  const own = ingestStatus(settings.data, now)
  const statuses = await openStatuses(settings)
  if (!statuses) return { ...own, close: async () => undefined }
  let kept: { at: number; all: Promise<readonly CollectorReport[]> } | null = null
  let last: readonly CollectorReport[] = []
  let fault: Error | null = null
  const ask = async () => {
    try {
      last = await statuses.read()
      fault = null
    } catch (error) {
      fault = error instanceof Error ? error : new Error(String(error))
    }
    return last
  }
  return {
    async read() {
      if (!kept || now() - kept.at > keptMs) kept = { at: now(), all: ask() }
      const [here, all] = await Promise.all([own.read(), kept.all])
      const others = all.filter(
        ({ writer }) => here === null || writer !== settings.clickhouse.writer,
      )
      return together(here, others, { nowMs: now(), fault })
    },
    fault: () => fault ?? own.fault!(),
    isStarting: () => own.isStarting!(),
    close: () => statuses.close(),
  }
}

/** The status here, combined with what the others reported. */
function together(
  here: IngestStatus | null,
  others: readonly CollectorReport[],
  { nowMs, fault }: { nowMs: number; fault: Error | null },
): IngestStatus | null {
  const [first] = others
  if (!here && !first) return null
  const all = [...(here ? [here] : []), ...others.map(({ value }) => value.status)]
  const isThere = ({ value }: CollectorReport) => value.status.running && nowMs - value.at <= awayMs
  const sum = (pick: (status: IngestStatus) => number) =>
    all.reduce((total, status) => total + pick(status), 0)
  return {
    ...(here ?? first!.value.status),
    running: here?.running === true || others.some(isThere),
    exporters: exportersOfAll(all),
    trackers: trackersOfAll(all),
    alerts: Object.assign({}, ...all.map(({ alerts = {} }) => alerts)) as NonNullable<
      IngestStatus['alerts']
    >,
    refused: all.flatMap(({ refused }) => refused),
    refusedDatagrams: sum(({ refusedDatagrams }) => refusedDatagrams),
    flows: sum(({ flows }) => flows),
    flowsTooLate: sum(({ flowsTooLate }) => flowsTooLate),
    redo: sum(({ redo }) => redo),
    warnings: [
      ...(here?.warnings ?? []),
      ...others.flatMap((each) => (isThere(each) ? warningsOf(each) : awayWarning(each))),
      ...(fault
        ? [
            {
              what: `the status of the other collectors could not be read: ${fault.message}`,
              remedy:
                'check that ClickHouse answers; until then the exporters shown are those known before',
            },
          ]
        : []),
    ],
  }
}

/** Each collector builds a tracker's past from the flows it received: progress is the sum over all of them. */
function trackersOfAll(all: readonly IngestStatus[]): NonNullable<IngestStatus['trackers']> {
  const progress: Record<string, { done: number; of: number }> = {}
  const problems: Record<string, string> = {}
  for (const { trackers } of all) {
    Object.assign(problems, trackers?.problems)
    for (const [id, { done, of }] of Object.entries(trackers?.progress ?? {})) {
      const before = progress[id] ?? { done: 0, of: 0 }
      progress[id] = { done: before.done + done, of: before.of + of }
    }
  }
  return { progress, problems }
}

function warningsOf({ writer, value }: CollectorReport): IngestStatus['warnings'] {
  return value.status.warnings.map(({ what, remedy }) => ({
    what: `collector ${writer}: ${what}`,
    remedy,
  }))
}

/** A collector that was shut down cleanly is not missed. */
function awayWarning({ writer, value }: CollectorReport): IngestStatus['warnings'] {
  if (!value.status.running) return []
  const since = new Date(value.at).toISOString()
  return [
    {
      what: `collector ${writer} has not reported since ${since}`,
      remedy:
        'restart it, and check that it reaches ClickHouse: what it received waits on its disk',
    },
  ]
}
