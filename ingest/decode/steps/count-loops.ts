/** The loops for groups of counters and times that do not finish their rows (see groups.ts). */
import type { FlowColumns } from '../../../flow/columns.ts'
import type { GroupLoop } from './group-loops.ts'
import { highWordMax, readUnsigned, wordSize } from './numbers.ts'
import { uptimeAheadMs } from './times.ts'

export function counters4({ octetDeltaCount, packetDeltaCount }: FlowColumns): GroupLoop {
  return ({ view, stride, records, offset }, row, { a, b }) => {
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      octetDeltaCount[i] = view.getUint32(at + a)
      packetDeltaCount[i] = view.getUint32(at + b)
    }
  }
}

/** Reads counters and times like counts4, but recognizes a last before its first. */
export function counts4Exactly(flows: FlowColumns): GroupLoop {
  const readCounters = counters4(flows)
  const readTimes = uptimes(flows)
  return (batch, row, at) => {
    readCounters(batch, row, at)
    readTimes(batch, row, { ...at, a: at.c, b: at.d })
  }
}

/** Reads counters and times like counts8, whatever their upper words are. */
export function counts8Exactly(flows: FlowColumns): GroupLoop {
  const readCounters = counters8(flows)
  const { flowStartMilliseconds, flowEndMilliseconds } = flows
  return (batch, row, at) => {
    readCounters(batch, row, at)
    let offset = batch.offset
    for (let i = row; i < row + batch.records; i++, offset += batch.stride) {
      flowStartMilliseconds[i] = readUnsigned(batch.view, offset + at.c, 8)
      flowEndMilliseconds[i] = readUnsigned(batch.view, offset + at.d, 8)
    }
  }
}

export function counters8({ octetDeltaCount, packetDeltaCount }: FlowColumns): GroupLoop {
  return (batch, row, { a, b }) => {
    const { view, stride } = batch
    const to = row + batch.records
    let at = batch.offset
    for (let i = row; i < to; i++, at += stride) {
      const octets = view.getUint32(at + a)
      const packets = view.getUint32(at + b)
      if (octets > highWordMax || packets > highWordMax) batch.countersTooLarge++
      octetDeltaCount[i] = octets > highWordMax ? 0 : octets * wordSize + view.getUint32(at + a + 4)
      packetDeltaCount[i] =
        packets > highWordMax ? 0 : packets * wordSize + view.getUint32(at + b + 4)
    }
  }
}

export function uptimes({ flowStartMilliseconds, flowEndMilliseconds }: FlowColumns): GroupLoop {
  const aheadFrom = wordSize - uptimeAheadMs
  return ({ view, stride, records, offset, exportMs, uptimeMs }, row, { a, b }) => {
    const uptime = uptimeMs | 0
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      const last = view.getInt32(at + b)
      const duration = (last - view.getInt32(at + a)) >>> 0
      const end = exportMs - ((uptime - last) | 0)
      flowEndMilliseconds[i] = end
      flowStartMilliseconds[i] = end - (duration > aheadFrom ? duration - wordSize : duration)
    }
  }
}
