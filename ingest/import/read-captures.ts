/** Reads captures into a pipeline, and summarises their content. */
import type { Archive } from '../../store/archive/archive.ts'
import { Fragments } from '../capture/fragments.ts'
import { readPacket, sourceText, type CapturedDatagram } from '../capture/packet.ts'
import { wholePackets } from '../capture/whole-packets.ts'
import { versionOf } from '../decode/datagram.ts'
import type { Pipeline } from '../pipeline.ts'

/** The content of captures. Times are unix seconds; null if there was no datagram. */
export interface CapturesRead {
  datagrams: number
  /** `capture-cut`: files that end within a packet. `datagram-cut`: truncated datagrams, which are skipped. */
  problems: Record<string, number>
  /** UDP datagrams of no known version, and packets that are not UDP. */
  ignored: number
  from: number | null
  to: number | null
}

interface CaptureReaderParts {
  archive: Archive
  pipeline: Pipeline
  /** Added to every time, ms. */
  shiftMs: number
  /** Called every 2,000 packets and at the end of a capture. */
  onProgress: (done: { path: string; packets: number }) => void
}

/** Rows gathered in memory before they are written to a file, which is not published yet. */
const stageRows = 2_000_000
const progressEveryPackets = 2000

export class CaptureReader {
  readonly found: CapturesRead = { datagrams: 0, ignored: 0, problems: {}, from: null, to: null }
  /** The captures that contained a datagram. */
  readonly filled = new Set<string>()
  readonly #parts: CaptureReaderParts
  #stagedFlows = 0

  constructor(parts: CaptureReaderParts) {
    this.#parts = parts
  }

  /** Reads a whole capture. @throws NotACapture, or if the archive cannot be written */
  async read(path: string): Promise<void> {
    const { pipeline, onProgress } = this.#parts
    const fragments = new Fragments()
    let packets = 0
    for await (const packet of wholePackets(path, () => this.#problem('capture-cut'))) {
      if (++packets % progressEveryPackets === 0) onProgress({ path, packets })
      fragments.nowMs = packet.timeMs
      const datagram = readPacket(packet.bytes, packet.linkType, fragments)
      if (!datagram || versionOf(datagram.payload) === null) this.found.ignored++
      else if (datagram.isCut) this.#problem('datagram-cut')
      else {
        this.filled.add(path)
        this.#take(datagram, packet.timeMs)
        if (pipeline.flows - this.#stagedFlows > stageRows) await this.#stage()
      }
    }
    this.found.ignored -= fragments.fragmentsMerged
    onProgress({ path, packets })
  }

  #take(datagram: CapturedDatagram, receivedMs: number): void {
    const { pipeline, shiftMs } = this.#parts
    const { found } = this
    const seconds = (receivedMs + shiftMs) / 1000
    found.datagrams++
    found.from = Math.min(found.from ?? seconds, seconds)
    found.to = Math.max(found.to ?? seconds, seconds)
    pipeline.take({
      payload: datagram.payload,
      source: sourceText(datagram),
      sourcePort: datagram.sourcePort,
      receivedMs,
    })
  }

  async #stage(): Promise<void> {
    const { archive, pipeline } = this.#parts
    this.#stagedFlows = pipeline.flows
    await archive.stage()
  }

  #problem(kind: 'capture-cut' | 'datagram-cut'): void {
    this.found.problems[kind] = (this.found.problems[kind] ?? 0) + 1
  }
}

/**
 * Orders captures by the time of their first packet: names of rotated ones sort in any order (10
 * before 2), and decreasing sequence numbers would look like a restart of the exporter.
 */
export async function inOrderOfTime(paths: readonly string[]): Promise<string[]> {
  const begun = new Map<string, number>()
  for (const path of paths) begun.set(path, await firstPacketMs(path))
  return [...paths].sort((a, b) => begun.get(a)! - begun.get(b)!)
}

/** The time of a capture's first packet, unix ms; 0 if there is none. */
export async function firstPacketMs(path: string): Promise<number> {
  for await (const { timeMs } of wholePackets(path, () => undefined)) return timeMs
  return 0
}

/** The time of the last packet in all captures, unix ms: the reference of `--shift recent`. */
export async function lastPacketMs(paths: readonly string[]): Promise<number> {
  let last = 0
  for (const path of paths)
    for await (const packet of wholePackets(path, () => undefined))
      last = Math.max(last, packet.timeMs)
  return last
}
