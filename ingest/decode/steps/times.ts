/**
 * Steps that read times, in every form that exporters use, as unix ms of the exporter's clock; and
 * the pass that repairs missing, reversed, skewed and future times.
 */
import type { FlowColumns } from '../../../flow/columns.ts'
import type { Batch, Place, Step } from './batch.ts'
import { clockToleranceMs } from '../limits.ts'
import { readUnsigned, wordSize } from './numbers.ts'

/** An uptime ahead of the header's by up to this is slightly late; by more, long past. */
export const uptimeAheadMs = 3_600_000
/** No exporter reports a momentary flow this long after it: one with uptime 0 has no time. */
export const zeroIsAbsentAfterMs = 3_600_000
/** Seconds from 1900, the NTP epoch, to 1970. */
const ntpEpochSeconds = 2_208_988_800
/** Uptimes above this are unix ms: some exporters send those in 8 bytes (Cisco Nexus). */
const uptimeMax = 2 ** 40

/**
 * Unix ms of an uptime-relative time. Uptime wraps after 49.7 days, so only the distance mod 2^32
 * to the header's uptime counts (RFC 3954 does not define more; see nfdump's 49-day flows).
 */
function fromUptime(uptimeMs: number, exportMs: number, headerUptimeMs: number): number {
  const back = (headerUptimeMs - uptimeMs) >>> 0
  return exportMs - (back > wordSize - uptimeAheadMs ? back - wordSize : back)
}

/**
 * Unix ms of a 64-bit NTP timestamp (RFC 7011, 6.1.9 and 6.1.10). Some exporters send a plain count
 * of units since 1970 instead: of both readings, the one closer to the export time is used. The
 * fraction is first rounded to the unit, because 0.123 s is not exact in 32 bits but must read as
 * 123 ms.
 */
function fromNtp(high: number, low: number, unitsPerMs: number, nearMs: number): number {
  const fraction = Math.round((low * 1000 * unitsPerMs) / wordSize)
  const ntp = (high - ntpEpochSeconds) * 1000 + Math.floor(fraction / unitsPerMs)
  const nextEra = ntp + wordSize * 1000
  const era = Math.abs(nextEra - nearMs) < Math.abs(ntp - nearMs) ? nextEra : ntp
  const plain = Math.floor((high * wordSize + low) / unitsPerMs)
  return Math.abs(plain - nearMs) < Math.abs(era - nearMs) ? plain : era
}

/** Reads one time: unix ms, or 0 if there is none. */
type TimeReader = (batch: Batch, offset: number, length: number) => number

const ntpReader =
  (unitsPerMs: number): TimeReader =>
  ({ view, exportMs }, offset, length) => {
    if (length !== 8) return 0
    const high = view.getUint32(offset)
    const low = view.getUint32(offset + 4)
    return high === 0 && low === 0 ? 0 : fromNtp(high, low, unitsPerMs, exportMs)
  }

/** pmacct sends its machine's timeval: seconds and microseconds since 1970, of 8 bytes each. */
export const timevalBytes = 16

const microseconds: TimeReader = (batch, offset, length) => {
  if (length !== timevalBytes) return ntpMicroseconds(batch, offset, length)
  const seconds = readUnsigned(batch.view, offset, 8)
  return seconds * 1000 + Math.floor(readUnsigned(batch.view, offset + 8, 8) / 1000)
}

const ntpMicroseconds = ntpReader(1000)

const readers = {
  seconds: ({ view }, offset, length) => readUnsigned(view, offset, length) * 1000,
  milliseconds: ({ view }, offset, length) => readUnsigned(view, offset, length),
  microseconds,
  nanoseconds: ntpReader(1_000_000),
  delta: ({ view, exportMs }, offset, length) =>
    exportMs - Math.round(readUnsigned(view, offset, length) / 1000),
  uptime: ({ view, exportMs, uptimeMs }, offset, length) => {
    const value = readUnsigned(view, offset, length)
    return value > uptimeMax ? value : fromUptime(value, exportMs, uptimeMs)
  },
} as const satisfies Record<string, TimeReader>

export type TimeKind = keyof typeof readers

export const timeKindNames = Object.keys(readers) as TimeKind[]

/** A step that reads a time; with `second` only into rows that have none yet. */
export function timeStep(
  column: Float64Array,
  place: Place,
  choice: { kind: TimeKind; second: boolean; variable: boolean },
): Step {
  const { kind, second } = choice
  if (!second && !choice.variable && kind === 'milliseconds' && place.length === 8)
    return milliseconds8(column, place)
  if (!second && !choice.variable && kind === 'uptime' && place.length === 4)
    return uptime4(column, place)
  const read = readers[kind]
  return (batch, row) => {
    let at = batch.offset + place.offset
    for (let i = row; i < row + batch.records; i++, at += batch.stride)
      if (!second || column[i] === 0) column[i] = read(batch, at, place.length)
  }
}

function milliseconds8(column: Float64Array, place: Place): Step {
  return (batch, row) => {
    const { view, stride, records } = batch
    let at = batch.offset + place.offset
    for (let i = row; i < row + records; i++, at += stride)
      column[i] = view.getUint32(at) * wordSize + view.getUint32(at + 4)
  }
}

function uptime4(column: Float64Array, place: Place): Step {
  return (batch, row) => {
    const { view, stride, records, exportMs } = batch
    const uptime = batch.uptimeMs | 0
    let at = batch.offset + place.offset
    for (let i = row; i < row + records; i++, at += stride) {
      const back = (uptime - view.getInt32(at)) >>> 0
      column[i] = exportMs - (back > wordSize - uptimeAheadMs ? back - wordSize : back)
    }
  }
}

/** Records with each fault found by finishTimes. */
export interface TimeFaults {
  missing: number
  reversed: number
  inFuture: number
  corrected: number
}

export interface TimeContext {
  batch: Batch
  /** Correction of times; 0: none. */
  skewMs: number
  /** Durations by record, if the records have them. */
  durations: Float64Array | null
  faults: TimeFaults
}

/**
 * Makes the times of a row valid: a missing one is derived from the other and the duration, or else
 * from the export; a last before its first becomes the first; a skewed clock is corrected if that
 * brings the flow's end closer to the receive time; no time is more than 5 minutes after the
 * receive time.
 */
export function finishTimes(
  flows: FlowColumns,
  row: number,
  firstRow: number,
  context: TimeContext,
): void {
  const { batch, skewMs, durations, faults } = context
  let start = flows.flowStartMilliseconds[row]!
  let end = flows.flowEndMilliseconds[row]!
  const duration = durations === null ? 0 : durations[row - firstRow]!
  if (start === end && end === batch.zeroUptimeMs) start = end = 0
  if (start === 0 && end === 0) {
    end = batch.exportMs
    faults.missing++
  }
  if (start === 0) start = end - duration
  else if (end === 0) end = start + duration
  if (end < start) {
    end = start
    faults.reversed++
  }
  if (
    skewMs !== 0 &&
    Math.abs(end - skewMs - batch.receivedMs) < Math.abs(end - batch.receivedMs)
  ) {
    start -= skewMs
    end -= skewMs
    faults.corrected++
  }
  if (end > batch.receivedMs + clockToleranceMs) {
    faults.inFuture++
    end = batch.receivedMs
    if (start > end) start = end
  }
  flows.flowStartMilliseconds[row] = Math.max(0, start)
  flows.flowEndMilliseconds[row] = Math.max(0, end)
}
