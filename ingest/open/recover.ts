/** Restart: restores the decoder's state from the journal, and replays what the archive lacks. */
import type { Archive } from '../../store/archive/archive.ts'
import { formatAddress } from '../../flow/address.ts'
import type { JournalPosition } from '../../store/position.ts'
import { readSidecar, segments } from '../receive/journal-files.ts'
import { readSegment, type OnLost } from '../receive/journal-read.ts'
import type { CoverageSnapshot, CoverageTracker } from '../coverage/coverage.ts'
import type { Pipeline } from '../pipeline.ts'

/**
 * How many datagrams are replayed between checks whether the archive keeps up; usually some 30,000
 * flows.
 */
const datagramsAtOnce = 1000

/**
 * Ingest publishes until when it listened every 15 s: if the next datagram is so much later, it was
 * not running, or its clock was set forward.
 */
const pauseMsMin = 60_000

interface Recovery {
  /** Datagrams replayed whose flows were not yet in the archive. */
  datagrams: number
  /** Bytes at the ends of segments that a crash cut off. */
  cutBytes: number
  /** Bytes before those that are not as they were written: their datagrams are lost. */
  damagedBytes: number
  /** States of the decoder that are not as they were written: the next older one was used, if there is one. */
  damagedStates: number
}

export interface RecoveryParts {
  archive: Archive
  coverage: CoverageTracker
  pipeline: Pipeline
  /** Where receiving began in this process: the segments before it are replayed. */
  upTo: JournalPosition
  /** Aborts the replay; a later start begins it anew. */
  stopping?: AbortSignal | undefined
}

/**
 * Replays the journal in `folder` from the end of the archive up to where receiving began.
 * Datagrams covered by the archive are decoded too, from the start of their segment, to restore
 * templates, sequence numbers and parked data; their flows are not counted again.
 * @throws the reason of `stopping`, or if the archive cannot be written
 */
export async function recover(folder: string, parts: RecoveryParts): Promise<Recovery> {
  const { archive, coverage, pipeline, upTo, stopping } = parts
  const snapshot = archive.value<CoverageSnapshot>('coverage')
  if (snapshot) coverage.restore(snapshot)
  const covered = archive.position() ?? { segment: 0, offset: 0 }
  const recovery: Recovery = { datagrams: 0, cutBytes: 0, damagedBytes: 0, damagedStates: 0 }
  let listenedMs = snapshot?.listeningUntil ?? Number.POSITIVE_INFINITY
  const first = await restoreState(folder, {
    covered,
    pipeline,
    onDamaged: () => recovery.damagedStates++,
  })
  const onLost: OnLost = (bytes, how) => {
    recovery[how === 'cut' ? 'cutBytes' : 'damagedBytes'] += bytes
  }
  for (const segment of await segments(folder)) {
    if (segment < first || segment >= upTo.segment) continue
    for await (const { datagram, receivedMs, end } of readSegment(folder, segment, onLost)) {
      stopping?.throwIfAborted()
      const { payload, source, sourcePort } = datagram
      const received = { payload, source: formatAddress(...source), sourcePort, receivedMs }
      if (isCovered(end, covered)) {
        pipeline.takeAgain(received)
        continue
      }
      if (receivedMs - listenedMs >= pauseMsMin) coverage.resume(receivedMs)
      listenedMs = Math.max(listenedMs, receivedMs)
      pipeline.take(received)
      recovery.datagrams++
      // Datagrams are read faster than files are written.
      if (recovery.datagrams % datagramsAtOnce === 0 && archive.isCrowded) await archive.stage()
    }
  }
  pipeline.drain()
  return recovery
}

/**
 * Restores the decoder from the last segment with a stored state before the archive's end, and
 * returns the segment from which to replay.
 */
async function restoreState(
  folder: string,
  {
    covered,
    pipeline,
    onDamaged,
  }: { covered: JournalPosition; pipeline: Pipeline; onDamaged: () => void },
): Promise<number> {
  const upTo = (await segments(folder)).filter((segment) => segment <= covered.segment)
  for (const segment of upTo.reverse()) {
    const state = await readSidecar(folder, segment, onDamaged)
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
