/** The loops for groups that finish their rows (see groups.ts). */
import type { FlowColumns } from '../../../flow/columns.ts'
import type { Batch } from './batch.ts'
import { wordSize } from './numbers.ts'

/** Reads a group's fields into rows; `at` has their offsets in a record, in field order. */
export type GroupLoop = (batch: Batch, row: number, at: Offsets) => void

/** Offsets of up to 20 fields in a record. */
export interface Offsets {
  a: number
  b: number
  c: number
  d: number
  e: number
  f: number
  g: number
  h: number
  j: number
  k: number
  l: number
  m: number
  n: number
  o: number
  p: number
  q: number
  r: number
  s: number
  t: number
  u: number
}

/**
 * Counters of 4 bytes and uptime-relative times; finishes its rows. The end is near the export,
 * before or after it; the start precedes the end by the difference of their uptimes, possibly weeks
 * (see fromUptime); a last of 0 may mean that there is no time. A branch would cost more than the
 * rest of the loop: the sign bit of all distances together says whether any row is odd.
 */
export function counts4(flows: FlowColumns): GroupLoop {
  const { octetDeltaCount, packetDeltaCount, samplingInterval } = flows
  const { flowStartMilliseconds, flowEndMilliseconds } = flows
  const { collectionTimeMilliseconds, exporterAddressLow, observationDomainId } = flows
  return (batch, row, { a, b, c, d }) => {
    const { view, stride, exportMs, receivedMs } = batch
    // As signed words: storing a number above 2^31 would convert it for each row.
    const upper = batch.exporterUpper | 0
    const lower = batch.exporterLower | 0
    const domain = batch.domain | 0
    const rate = batch.rate | 0
    const uptime = batch.uptimeMs | 0
    const to = row + batch.records
    let at = batch.offset
    let octets = 0
    let packets = 0
    let signs = 0
    for (let i = row; i < to; i++, at += stride) {
      const octetCount = view.getUint32(at + a)
      const packetCount = view.getUint32(at + b)
      octetDeltaCount[i] = octetCount
      packetDeltaCount[i] = packetCount
      octets += octetCount
      packets += packetCount
      const last = view.getInt32(at + d)
      const duration = (last - view.getInt32(at + c)) | 0
      const back = (uptime - last) | 0
      signs |= duration | back | ~(last | -last)
      const end = exportMs - back
      flowEndMilliseconds[i] = end
      flowStartMilliseconds[i] = end - (duration >>> 0)
      collectionTimeMilliseconds[i] = receivedMs
      exporterAddressLow[2 * i] = lower
      exporterAddressLow[2 * i + 1] = upper
      observationDomainId[i] = domain
      samplingInterval[i] = rate
    }
    batch.octets = octets
    batch.packets = packets
    batch.isOdd = signs < 0
  }
}

/**
 * Counters of 8 bytes and times in ms; finishes its rows. Only lower words are read as numbers: a
 * counter with a nonzero upper word is odd, and so is a time whose upper word differs from the
 * first end's, or whose lower word has another top bit than the latest's: only of words in the same
 * half of their range does the difference tell which is later.
 */
export function counts8(flows: FlowColumns): GroupLoop {
  const { octetDeltaCount, packetDeltaCount, samplingInterval } = flows
  const { flowStartMilliseconds, flowEndMilliseconds } = flows
  const { collectionTimeMilliseconds, exporterAddressLow, observationDomainId } = flows
  return (batch, row, { a, b, c, d }) => {
    const { view, stride, receivedMs } = batch
    const upper = batch.exporterUpper | 0
    const lower = batch.exporterLower | 0
    const domain = batch.domain | 0
    const rate = batch.rate | 0
    const latest = batch.latestMs | 0
    const to = row + batch.records
    let at = batch.offset
    let octets = 0
    let packets = 0
    let countWords = 0
    let timeWords = 0
    let signs = 0
    const timeWord = view.getInt32(at + d)
    const sinceMs = (timeWord >>> 0) * wordSize
    for (let i = row; i < to; i++, at += stride) {
      const octetCount = view.getUint32(at + a + 4)
      const packetCount = view.getUint32(at + b + 4)
      octetDeltaCount[i] = octetCount
      packetDeltaCount[i] = packetCount
      octets += octetCount
      packets += packetCount
      countWords |= view.getInt32(at + a) | view.getInt32(at + b)
      const start = view.getInt32(at + c + 4)
      const end = view.getInt32(at + d + 4)
      timeWords |= (view.getInt32(at + c) ^ timeWord) | (view.getInt32(at + d) ^ timeWord)
      signs |= (end - start) | (latest - end) | (start ^ latest) | (end ^ latest)
      flowStartMilliseconds[i] = sinceMs + (start >>> 0)
      flowEndMilliseconds[i] = sinceMs + (end >>> 0)
      collectionTimeMilliseconds[i] = receivedMs
      exporterAddressLow[2 * i] = lower
      exporterAddressLow[2 * i + 1] = upper
      observationDomainId[i] = domain
      samplingInterval[i] = rate
    }
    batch.octets = octets
    batch.packets = packets
    const isOtherEra = Math.floor(batch.latestMs / wordSize) !== timeWord >>> 0
    batch.isOdd = signs < 0 || countWords !== 0 || timeWords !== 0 || isOtherEra
  }
}
