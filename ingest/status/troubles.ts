/** Warnings about ingest itself: what fails, and what was dropped. */
import type { Warning } from '../../flow/status.ts'
import { warnedForADay } from './past-trouble.ts'

/** The state of ingest. A text is the reason of the last failure; null: the last try succeeded. */
export interface IngestState {
  publishing: string | null
  /** Which files of the archive may not be read. */
  forbidden: string | null
  /** Why files of the series are not joined. */
  unjoined: string | null
  judging: string | null
  alerts: readonly { id: string; problem: string | null }[]
  /** Datagrams not counted yet, and how far counting lags. */
  waiting: { datagrams: number; seconds: number }
  /** Datagrams dropped because the backlog was full, and when the last was, unix seconds; null: never. */
  overflowed: { datagrams: number; at: number | null }
  decoderState: string | null
  keeping: string | null
  /** Datagrams that are neither published nor in the journal, and why. */
  unjournalled: { datagrams: number; lastError: string | null }
  /** For how long the thread that receives has waited for the disk, and nothing has been published. */
  stalledSeconds: number
  unpublishedSeconds: number
  /**
   * Datagrams that the kernel dropped, when the last was, and the longest that the disk took for a
   * write to the journal.
   */
  kernelDrops: { datagrams: number; at: number | null; longestWriteMs: number }
  /** The last sync of the journal that failed. */
  failedSync: { reason: string; atMs: number } | null
  /** What of the journal was damaged when it was replayed. */
  damaged: { bytes: number; states: number }
}

/** Counting may lag this far behind without a warning: some writes take this long. */
const behindSecondsMin = 5
/** The thread that receives may wait so long for the disk: the kernel holds what comes meanwhile. */
const stalledSecondsMin = 2
/** Flows are published every 15 s; with the series of a large interval it takes longer. */
const unpublishedSecondsMin = 300
/** A write to the journal that took so long is given as the reason of what the kernel dropped. */
const longWriteMs = 500

interface Trouble {
  /** A sentence per instance; none if all is well. */
  describe: (state: IngestState) => readonly string[]
  remedy: string
}

const troubles: readonly Trouble[] = [
  {
    describe: ({ stalledSeconds }) =>
      stalledSeconds < stalledSecondsMin
        ? []
        : [
            `for ${Math.round(stalledSeconds)} s the disk has not taken what was received: figures are as they were before`,
          ],
    remedy:
      'what the receive buffer cannot hold is lost until the disk takes it again; check the disk (dmesg, iostat -x), and the server if it is in a network',
  },
  {
    describe: ({ unpublishedSeconds }) =>
      unpublishedSeconds < unpublishedSecondsMin
        ? []
        : [`no flows have been published for ${Math.round(unpublishedSeconds)} s`],
    remedy:
      'they wait in memory and in the journal; check whether the disk is slow or hangs (dmesg, iostat -x), and the database if the series are kept in one',
  },
  {
    describe: ({ publishing }) =>
      whenFailed(publishing, 'flows could not be published or series could not be written'),
    remedy:
      'they wait in memory and in the journal until it works again; check the disk (df, dmesg) and the owner of the files, or the database if the series are kept in one',
  },
  {
    describe: ({ forbidden }) =>
      whenFailed(forbidden, 'the archive is not sorted, nor its series rebuilt, completely'),
    remedy: 'nothing is lost; until then queries leave these flows out and say so',
  },
  {
    describe: ({ unjoined }) => whenFailed(unjoined, 'files of the series could not be joined'),
    remedy:
      'nothing is lost, but queries of long times take longer; it is tried again every minute; check the disk (df, dmesg) and the memory',
  },
  {
    describe: ({ judging }) => whenFailed(judging, 'the search for incidents failed'),
    remedy:
      'it is tried again every minute; check the disk, the memory, and the database if there is one',
  },
  {
    describe: ({ alerts }) =>
      alerts.flatMap(({ id, problem }) =>
        whenFailed(problem, `the alert ${id} cannot be evaluated`),
      ),
    remedy: 'change what it watches, or delete it',
  },
  {
    describe: ({ waiting: { datagrams, seconds } }) =>
      seconds < behindSecondsMin
        ? []
        : [
            `${datagrams} datagrams wait in the journal: figures are ${Math.round(seconds)} s behind what was received`,
          ],
    remedy:
      'nothing is lost until 8 GiB wait, or half of the free disk; if this lasts, use a faster disk or processor, or spread the exporters over two collectors',
  },
  {
    describe: ({ decoderState }) =>
      whenFailed(decoderState, 'the state of the decoder could not be saved'),
    remedy: 'the next start takes longer; check the disk (df, dmesg)',
  },
  {
    describe: ({ keeping }) => whenFailed(keeping, 'the list of exporters could not be saved'),
    remedy:
      'after a start it lacks those that no longer send; what users save may be refused too; check the disk (df, dmesg)',
  },
  {
    describe: ({ unjournalled: { datagrams, lastError } }) =>
      whenAny(
        datagrams,
        `datagrams were not written to the journal (${lastError ?? 'the disk is too slow'})`,
      ),
    remedy: 'a crash or a stop now would lose them; check the disk (df, dmesg)',
  },
  {
    describe: ({ damaged }) =>
      whenAny(
        damaged.bytes,
        'bytes of the journal were damaged at the start, and their flows lost',
      ),
    remedy: 'check the disk (dmesg, smartctl)',
  },
  {
    describe: ({ damaged }) =>
      whenAny(
        damaged.states,
        'files of templates and sampling rates in the journal were damaged at the start',
      ),
    remedy: 'data waits until its exporter sends them again; check the disk (dmesg, smartctl)',
  },
]

/** A warning for each trouble, with its remedy; `nowSeconds` is unix time. */
export function troublesOf(state: IngestState, nowSeconds: number): Warning[] {
  const { overflowed, kernelDrops, failedSync } = state
  return [
    ...troubles.flatMap(({ describe: said, remedy }) =>
      said(state).map((what) => ({ what, remedy })),
    ),
    ...warnedForADay(failedSync && failedSync.atMs / 1000, nowSeconds, {
      what: `the disk failed to keep a part of the journal: ${failedSync?.reason}`,
      remedy: 'a power cut then would have lost flows; check the disk (dmesg, smartctl)',
    }),
    ...warnedForADay(kernelDrops.at, nowSeconds, {
      what: `${kernelDrops.datagrams} datagrams were dropped by the kernel because its receive buffer was full${slowWrite(kernelDrops.longestWriteMs)}`,
      remedy:
        'check whether the disk stalls (dmesg, iostat -x) or the processor has too much to do; a larger WEIR_RECEIVE_BUFFER, with net.core.rmem_max, outlasts more',
    }),
    ...warnedForADay(overflowed.at, nowSeconds, {
      what: `${overflowed.datagrams} datagrams were dropped because too many waited to be counted`,
      remedy: 'use a faster processor, or spread the exporters over two collectors',
    }),
  ]
}

function slowWrite(ms: number): string {
  return ms < longWriteMs ? '' : `, and the disk once took ${(ms / 1000).toFixed(1)} s for a write`
}

function whenFailed(reason: string | null, what: string): string[] {
  return reason === null ? [] : [`${what}: ${reason}`]
}

function whenAny(count: number, what: string): string[] {
  return count > 0 ? [`${count} ${what}`] : []
}
