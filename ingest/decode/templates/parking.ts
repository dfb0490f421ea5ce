/** Data sets that arrived before their template, kept within limits until it arrives. */
import type { DatagramContext } from '../context.ts'
import type { Exporter } from '../exporters/exporter.ts'
import type { DecoderLimits } from '../limits.ts'
import type { RecordBytes } from '../records.ts'
import type { ParkedSet, Stream } from '../exporters/stream.ts'

/** Overhead of a parked set beyond its bytes. */
const overheadBytes = 128

const costOf = (set: ParkedSet) => set.bytes.length + overheadBytes

export class Parking {
  readonly #limits: DecoderLimits
  #bytes = 0

  constructor(limits: DecoderLimits) {
    this.#limits = limits
  }

  /**
   * Stores a copy of a data set; if there is no room, drops the stream's oldest, or else this one.
   */
  park(context: DatagramContext, templateId: number, { offset, end }: RecordBytes): void {
    const { view, stream, exporter } = context
    const bytes = new Uint8Array(
      view.buffer as ArrayBuffer,
      view.byteOffset + offset,
      end - offset,
    ).slice()
    const { receivedMs, exportMs, uptimeMs } = context
    const set = { templateId, bytes, receivedMs, exportMs, uptimeMs }
    const cost = costOf(set)
    while (
      stream.parked.length > 0 &&
      stream.parkedBytes + cost > this.#limits.parkedBytesPerStreamMax
    )
      this.#drop(exporter, stream)
    while (stream.parked.length > 0 && this.#bytes + cost > this.#limits.parkedBytesMax)
      this.#drop(exporter, stream)
    if (
      this.#bytes + cost > this.#limits.parkedBytesMax ||
      cost > this.#limits.parkedBytesPerStreamMax
    ) {
      exporter.problem('parked-dropped')
      return
    }
    exporter.parkedSets++
    this.hold(stream, set)
  }

  /** Adds a set without checking limits, such as a restored one. */
  hold(stream: Stream, set: ParkedSet): void {
    stream.parked.push(set)
    stream.awaited.set(set.templateId, (stream.awaited.get(set.templateId) ?? 0) + 1)
    stream.parkedBytes += costOf(set)
    this.#bytes += costOf(set)
  }

  #drop(exporter: Exporter, stream: Stream): void {
    this.remove(stream, 0)
    exporter.problem('parked-dropped')
  }

  /** Removes a set by its index in the stream. */
  remove(stream: Stream, index: number): void {
    const [set] = stream.parked.splice(index, 1)
    if (!set) return
    const others = stream.awaited.get(set.templateId)! - 1
    if (others === 0) stream.awaited.delete(set.templateId)
    else stream.awaited.set(set.templateId, others)
    stream.parkedBytes -= costOf(set)
    this.#bytes -= costOf(set)
  }

  /** Drops sets that have waited too long, oldest first. */
  expire(exporter: Exporter, stream: Stream, nowMs: number): void {
    while (
      stream.parked.length > 0 &&
      nowMs - stream.parked[0]!.receivedMs > this.#limits.parkedMs
    ) {
      this.remove(stream, 0)
      exporter.problem('template-missing-expired')
    }
  }
}
