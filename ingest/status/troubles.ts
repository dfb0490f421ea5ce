/** What an administrator should know of ingest itself: what does not work, and what was dropped. */
import type { Warning } from '../../flow/status.ts'

/** How ingest stands. A text says why something failed the last time; null: it did not. */
export interface IngestState {
  publishing: string | null
  judging: string | null
  alerts: readonly { id: string; problem: string | null }[]
  /** Datagrams that are not counted yet, and how far behind that is. */
  waiting: { datagrams: number; seconds: number }
  /** Datagrams that were dropped because more waited than may. */
  overflowed: number
  decoderState: string | null
  journal: { dropped: number; lastError: string | null }
}

/** What waits for less is no trouble: some rows and files take as long. */
const behindSecondsLeast = 5

interface Trouble {
  /** What there is to say of it; nothing while all is well. */
  said: (state: IngestState) => readonly string[]
  remedy: string
}

const troubles: readonly Trouble[] = [
  {
    said: ({ publishing }) =>
      whenFailed(publishing, 'flows could not be published or series not be written'),
    remedy: 'they wait in memory and in the journal and are tried again; look at the disk',
  },
  {
    said: ({ judging }) => whenFailed(judging, 'incidents could not be looked for'),
    remedy: 'it is tried again every minute; look at the disk and the memory',
  },
  {
    said: ({ alerts }) =>
      alerts.flatMap(({ id, problem }) =>
        whenFailed(problem, `the alert ${id} cannot be evaluated`),
      ),
    remedy: 'change what it watches, or remove it',
  },
  {
    said: ({ waiting: { datagrams, seconds } }) =>
      seconds < behindSecondsLeast
        ? []
        : [
            `${datagrams} datagrams wait in the journal: what is shown is ${Math.round(seconds)} s behind what was received`,
          ],
    remedy:
      'nothing is lost while less than 8 GiB wait, and less than the disk has left; if it lasts, give the machine a faster disk or processor, or spread the exporters over two collectors',
  },
  {
    said: ({ overflowed }) =>
      whenAny(overflowed, 'datagrams were dropped because more waited to be counted than may'),
    remedy: 'give the machine a faster processor, or spread the exporters over two collectors',
  },
  {
    said: ({ decoderState }) =>
      whenFailed(decoderState, 'the state of the decoder could not be kept'),
    remedy: 'the next start takes longer; look at the disk',
  },
  {
    said: ({ journal: { dropped, lastError } }) =>
      whenAny(dropped, `datagrams were not journalled (${lastError ?? 'the disk is too slow'})`),
    remedy: 'a crash now would lose what is not published yet; look at the disk',
  },
]

export function troublesOf(state: IngestState): Warning[] {
  return troubles.flatMap(({ said, remedy }) => said(state).map((what) => ({ what, remedy })))
}

function whenFailed(reason: string | null, what: string): string[] {
  return reason === null ? [] : [`${what}: ${reason}`]
}

function whenAny(count: number, what: string): string[] {
  return count > 0 ? [`${count} ${what}`] : []
}
