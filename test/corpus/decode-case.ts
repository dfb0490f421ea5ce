/** Decodes a case and gives its rows with the datagram that each came in. */
import { clearFlowColumns, createFlowColumns } from '../../flow/columns.ts'
import { Decoder } from '../../ingest/decode/decoder.ts'
import { decoderRowsMax } from '../../ingest/decode/limits.ts'
import { versionOf } from '../../ingest/decode/datagram.ts'
import type { InterfaceCounters } from '../../ingest/decode/sflow/counters.ts'
import { problemsOf, rowsOf, type Row } from '../ingest/decode/decoded.ts'
import type { CorpusDatagram } from './case.ts'

export interface DecodedRow {
  /** Place of its datagram in the case. */
  datagram: number
  row: Row
}

export interface DecodedCase {
  rows: DecodedRow[]
  counters: { datagram: number; counters: InterfaceCounters }[]
  /** Data records of all kinds, and the options records among them. */
  records: number
  optionsRecords: number
  problems: Record<string, number>
}

/** What is needed of the decoder's state, which is JSON of no other promise. */
interface DecoderState {
  exporters: { records: number; optionsRecords: number }[]
}

/** The receipt of sFlow, which does not tell the time, and of what has no header. */
const receiptMs = Date.UTC(2026, 0, 1)

/** When a datagram says that it was exported, unix ms. */
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
 * Decodes a case's datagrams in order. Each is received when it was exported, so that what is compared
 * is what the exporter said and not how far its clock was off; a few ms tell the datagrams apart.
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
