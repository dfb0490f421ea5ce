/** Starting again: the decoder's state is taken from the journal, and what the archive lacks is replayed. */
import type { Archive } from '../../store/archive/archive.ts'
import { formatAddress } from '../../flow/address.ts'
import type { JournalPosition } from '../../store/position.ts'
import { readSidecar, segments } from '../receive/journal-files.ts'
import { readSegment } from '../receive/journal-read.ts'
import type { CoverageSnapshot, CoverageTracker } from '../coverage/coverage.ts'
import type { Pipeline } from '../pipeline.ts'

/** Datagrams after which it is asked whether the archive keeps up; of usual ones some 30,000 flows. */
const datagramsAtOnce = 1000

export interface Recovery {
  /** Datagrams replayed whose flows the archive did not have yet. */
  datagrams: number
  /** Bytes of records that the crash cut off. */
  cutBytes: number
}

export interface RecoveryParts {
  archive: Archive
  coverage: CoverageTracker
  pipeline: Pipeline
  /** Where what is received now begins: the segments before it are replayed. */
  upTo: JournalPosition
  /** Ends the replay, which a later start begins anew. */
  stopping?: AbortSignal | undefined
}

/**
 * Replays the journal in `folder` from where the archive ends up to where what is received now begins. Datagrams that the
 * archive covers are decoded too, from the start of their segment, so that templates, sequence numbers and parked data stand
 * as they stood; their flows are not counted again.
 * @throws the reason of `stopping`, or where the archive cannot be written
 */
export async function recover(folder: string, parts: RecoveryParts): Promise<Recovery> {
  const { archive, coverage, pipeline, upTo, stopping } = parts
  const snapshot = archive.value<CoverageSnapshot>('coverage')
  if (snapshot) coverage.restore(snapshot)
  const covered = archive.position() ?? { segment: 0, offset: 0 }
  const recovery: Recovery = { datagrams: 0, cutBytes: 0 }
  const first = await restoreState(folder, covered, pipeline)
  for (const segment of await segments(folder)) {
    if (segment < first || segment >= upTo.segment) continue
    const cut = (bytes: number) => {
      recovery.cutBytes += bytes
    }
    for await (const { datagram, receivedMs, end } of readSegment(folder, segment, cut)) {
      stopping?.throwIfAborted()
      const received = {
        payload: datagram.payload,
        source: formatAddress(...datagram.source),
        sourcePort: datagram.sourcePort,
        receivedMs,
      }
      if (isCovered(end, covered)) pipeline.takeAgain(received)
      else {
        pipeline.take(received)
        recovery.datagrams++
        // Read from a disk, datagrams come quicker than files are written.
        if (recovery.datagrams % datagramsAtOnce === 0 && archive.isCrowded) await archive.stage()
      }
    }
  }
  pipeline.drain()
  return recovery
}

/**
 * Gives the decoder the state of the last segment up to where the archive ends that has one kept,
 * and says from which segment on to replay.
 */
async function restoreState(
  folder: string,
  covered: JournalPosition,
  pipeline: Pipeline,
): Promise<number> {
  const upTo = (await segments(folder)).filter((segment) => segment <= covered.segment)
  for (const segment of upTo.reverse()) {
    const state = await readSidecar(folder, segment)
    if (state === undefined) continue
    pipeline.restore(state)
    return segment
  }
  return 0
}

function isCovered(end: JournalPosition, covered: JournalPosition): boolean {
  if (end.segment !== covered.segment) return end.segment < covered.segment
  return end.offset <= covered.offset
}
