/** Decodes datagrams for tests and returns the rows as objects for assertions. */
import { formatAddress } from '../../../flow/address.ts'
import {
  columnNames,
  createFlowColumns,
  flowColumns,
  type FlowColumns,
} from '../../../flow/columns.ts'
import type { SequenceEvent } from '../../../flow/sequence.ts'
import { Decoder, type DecoderOptions } from '../../../ingest/decode/decoder.ts'
import { decoderRowsMax } from '../../../ingest/decode/limits.ts'
import type { Datagram } from '../../../ingest/decode/datagram.ts'
import { testExportMs } from '../../encode/fixed.ts'

/** One row: numbers by column name, addresses as text under the name without High or Low. */
export type Row = Record<string, number | string>

/** The source and the time of receipt of a test's datagrams, by default. */
export const from = { source: '192.0.2.1', sourcePort: 50_000, receivedMs: testExportMs + 100 }

export interface Decoded {
  decoder: Decoder
  flows: FlowColumns
  rows: Row[]
  events: SequenceEvent[]
  /** Problems of all exporters together. */
  problems: Record<string, number>
}

/** A decoder with everything that it reports. */
export function openDecoder(options: DecoderOptions = {}): {
  decoder: Decoder
  flows: FlowColumns
  events: SequenceEvent[]
} {
  const flows = createFlowColumns(2 * decoderRowsMax)
  const events: SequenceEvent[] = []
  const onSequence = (event: SequenceEvent) => events.push(event)
  return { decoder: new Decoder(flows, { onSequence, ...options }), flows, events }
}

/** Decodes payloads, or datagrams if a test specifies more than the payload, in order. */
export function decodeAll(
  payloads: readonly (Uint8Array | (Partial<Datagram> & { payload: Uint8Array }))[],
  options: DecoderOptions = {},
): Decoded {
  const { decoder, flows, events } = openDecoder(options)
  for (const given of payloads) {
    const datagram = given instanceof Uint8Array ? { payload: given } : given
    decoder.decode({ ...from, ...datagram })
  }
  return { decoder, flows, rows: rowsOf(flows), events, problems: problemsOf(decoder) }
}

/** Problems of all exporters together. */
export function problemsOf(decoder: Decoder): Record<string, number> {
  const problems: Record<string, number> = {}
  for (const exporter of decoder.exporters())
    for (const [kind, times] of Object.entries(exporter.problems))
      problems[kind] = (problems[kind] ?? 0) + times
  return problems
}

/** The rows of columns. */
export function rowsOf(flows: FlowColumns): Row[] {
  return Array.from({ length: flows.count }, (_, i) => rowAt(flows, i))
}

function rowAt(flows: FlowColumns, i: number): Row {
  const row: Row = {}
  for (const name of columnNames) {
    if (flowColumns[name].kind !== 'u64') row[name] = flows[name][i]!
    else if (name.endsWith('High')) {
      const stem = name.slice(0, -'High'.length)
      const high = flows[name]
      const low = flows[`${stem}Low` as 'sourceAddressLow']
      const words = [high[2 * i + 1]!, high[2 * i]!, low[2 * i + 1]!, low[2 * i]!] as const
      row[stem] = words.every((word) => word === 0) ? '' : formatAddress(...words)
    }
  }
  return row
}

/** The named columns of rows. */
export function pick(rows: readonly Row[], ...names: string[]): Row[] {
  return rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name]!])))
}
