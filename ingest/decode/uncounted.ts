/** Leaves out records that the administrator's rules do not count (see flow/exporter-rules.ts). */
import type { FlowColumns } from '../../flow/columns.ts'
import type { CountedRecords } from '../../flow/exporter-rules.ts'
import type { Exporter } from './exporters/exporter.ts'
import { clearRows, copyRow } from './rows.ts'

const egress = 1

/** Whether a record counts, by its flowDirection; one without is taken as ingress. */
const counted: Readonly<Record<CountedRecords, (direction: number) => boolean>> = {
  both: () => true,
  ingress: (direction) => direction !== egress,
  egress: (direction) => direction === egress,
  none: () => false,
}

/** Removes uncounted rows, from row `from` on, from the columns and from the exporter's counters. */
export function leaveOut(flows: FlowColumns, exporter: Exporter, from: number): void {
  const isCounted = counted[exporter.rules.counts]
  let to = from
  for (let row = from; row < flows.count; row++) {
    if (isCounted(flows.flowDirection[row]!)) {
      if (to < row) copyRow(flows, row, to, to + 1)
      to++
      continue
    }
    const rate = flows.samplingInterval[row]!
    exporter.flows--
    exporter.packets -= flows.packetDeltaCount[row]! * rate
    exporter.bytes -= flows.octetDeltaCount[row]! * rate
    exporter.flowsLeftOut++
  }
  clearRows(flows, to, flows.count)
  flows.count = to
}
