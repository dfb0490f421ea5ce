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
  /** What of the journal was damaged when it was replayed. */
  damaged: { bytes: number; states: number }
}

/** Counting may lag this far behind without a warning: some writes take this long. */
const behindSecondsMin = 5

interface Trouble {
  /** A sentence per instance; none if all is well. */
  describe: (state: IngestState) => readonly string[]
  remedy: string
}

const troubles: readonly Trouble[] = [
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
  const { datagrams, at } = state.overflowed
  return [
    ...troubles.flatMap(({ describe: said, remedy }) =>
      said(state).map((what) => ({ what, remedy })),
    ),
    ...warnedForADay(at, nowSeconds, {
      what: `${datagrams} datagrams were dropped because too many waited to be counted`,
      remedy: 'use a faster processor, or spread the exporters over two collectors',
    }),
  ]
}

function whenFailed(reason: string | null, what: string): string[] {
  return reason === null ? [] : [`${what}: ${reason}`]
}

function whenAny(count: number, what: string): string[] {
  return count > 0 ? [`${count} ${what}`] : []
}
