/** Decodes a case and returns its rows, each with the datagram it came in. */
import { clearFlowColumns, createFlowColumns } from '../../flow/columns.ts'
import { Decoder } from '../../ingest/decode/decoder.ts'
import { decoderRowsMax } from '../../ingest/decode/limits.ts'
import { versionOf } from '../../ingest/decode/datagram.ts'
import type { InterfaceCounters } from '../../ingest/decode/sflow/counters.ts'
import { problemsOf, rowsOf, type Row } from '../ingest/decode/decoded.ts'
import type { CorpusDatagram } from './case.ts'

export interface DecodedRow {
  /** Index of its datagram in the case. */
  datagram: number
  row: Row
}

export interface DecodedCase {
  rows: DecodedRow[]
  counters: { datagram: number; counters: InterfaceCounters }[]
  /** Data records of all kinds, including options records; and the latter. */
  records: number
  optionsRecords: number
  problems: Record<string, number>
}

/** The part of the decoder's state needed here; its JSON has no stable form. */
interface DecoderState {
  exporters: { records: number; optionsRecords: number }[]
}

/** The time of receipt for sFlow, which has no time, and for datagrams without a header. */
const receiptMs = Date.UTC(2026, 0, 1)

/** A datagram's own export time, unix ms. */
export function exportMsOf(payload: Uint8Array): number {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const version = versionOf(payload)
  if (version === null || version === 'sflow') return receiptMs
  if (version === 'ipfix') return view.getUint32(4) * 1000
  const seconds = view.getUint32(8) * 1000
  if (version === 'v9') return seconds
  return seconds + Math.floor(Math.min(view.getUint32(12), 999_999_999) / 1_000_000)
}

/**
 * Decodes a case's datagrams in order. Each is received at its export time, so that the comparison is
 * of the exporter's data and not of its clock; a few ms tell the datagrams apart.
 */
export function decodeCase(datagrams: readonly CorpusDatagram[]): DecodedCase {
  const flows = createFlowColumns(4 * decoderRowsMax)
  const counters: DecodedCase['counters'] = []
  let current = 0
  const decoder = new Decoder(flows, {
    onInterfaceCounters: (told) => counters.push({ datagram: current, counters: told }),
  })
  const byReceipt = new Map<number, number>()
  const rows: DecodedRow[] = []
  for (const [datagram, { payload, source, sourcePort }] of datagrams.entries()) {
    current = datagram
    let receivedMs = exportMsOf(payload)
    while (byReceipt.has(receivedMs)) receivedMs++
    byReceipt.set(receivedMs, datagram)
    decoder.decode({ payload, source, sourcePort, receivedMs })
    for (const row of rowsOf(flows))
      rows.push({ datagram: byReceipt.get(Number(row['collectionTimeMilliseconds']))!, row })
    clearFlowColumns(flows)
  }
  const { exporters } = decoder.snapshot() as DecoderState
  return {
    rows,
    counters,
    records: exporters.reduce((sum, { records }) => sum + records, 0),
    optionsRecords: exporters.reduce((sum, { optionsRecords }) => sum + optionsRecords, 0),
    problems: problemsOf(decoder),
  }
}
