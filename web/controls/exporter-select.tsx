/** A choice of exporter, by name. */
import { exporterName, exporters } from '../state/collector.ts'

export function ExporterSelect(props: {
  id?: string
  /** Address or name; empty for all. */
  value: string
  choose: (exporter: string) => void
}) {
  const { id, value, choose } = props
  const list = exporters.value ?? []
  const isKnown = list.some((each) => each.address === value || each.name === value)
  const named = list.find((each) => each.address === value)
  return (
    <select
      id={id}
      aria-label="Exporter"
      title="the router whose flows are shown"
      value={named ? exporterName(named) : value}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      <option value="">all exporters</option>
      {list.map((exporter) => (
        <option key={exporter.address} value={exporterName(exporter)}>
          {exporterName(exporter)}
        </option>
      ))}
      {value !== '' && !isKnown && <option value={value}>{value}</option>}
    </select>
  )
}
