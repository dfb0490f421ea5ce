/**
 * The rows of the legend: each key's received and sent side by side, then all traffic by direction.
 */
import { keyId, type Direction, type Layers, type LayerSummary } from '../chart/layers.ts'

export interface LegendRow {
  /** The layers' id; null for a row of all traffic. */
  id: string | null
  name: string
  colour: string
  /** Set if the row is only a key's internal or transit traffic. */
  direction: Direction | null
  above: LayerSummary | null
  below: LayerSummary | null
}

type LegendColumn = 'last' | 'average' | 'maximum' | 'minimum' | 'p95' | 'total'

export const legendColumns: readonly { name: LegendColumn; label: string; title: string }[] = [
  { name: 'last', label: 'Last', title: 'the last known step' },
  { name: 'average', label: 'Average', title: 'over all that is known' },
  {
    name: 'maximum',
    label: 'Maximum',
    title: 'the greatest 5 minutes; the greatest step when finer',
  },
  { name: 'minimum', label: 'Minimum', title: 'the least step' },
  { name: 'p95', label: '95th', title: '95th percentile of the 5-minute values' },
  { name: 'total', label: 'Total', title: 'of the window' },
]

/** The rows for the layers of a chart; `colours` has one for each layer. */
export function legendRows(all: Layers, colours: readonly string[]): LegendRow[] {
  const rows = new Map<string, LegendRow>()
  all.layers.forEach((layer, i) => {
    const { direction, id, label } = layer
    const paired = direction === 'in' || direction === 'out'
    const rowKey = paired ? id : `${id} ${direction}`
    const row = rows.get(rowKey) ?? {
      id,
      name: paired || id === direction ? label : `${label} · ${direction}`,
      colour: colours[i]!,
      direction: paired ? null : direction,
      above: null,
      below: null,
    }
    rows.set(rowKey, { ...row, [layer.half]: layer.summary })
  })
  const listed = [...rows.values()]
  const keys = [...new Set(listed.map((row) => row.id))]
  // A key's internal traffic comes below its in and out; the rest of the list comes last.
  const place = (row: LegendRow) => (row.id === 'other' ? keys.length : keys.indexOf(row.id))
  return [...listed.sort((a, b) => place(a) - place(b)), ...totalRows(all)]
}

function totalRows(all: Layers): LegendRow[] {
  const only = all.layers.every(
    (layer) => layer.id === keyId({ key: { direction: layer.direction } }),
  )
  // When split by direction, the rows are the totals already.
  if (only) return []
  const of = (direction: Direction) =>
    all.totals.find((row) => row.direction === direction)?.summary ?? null
  const row = { id: null, colour: '', direction: null }
  const [above, below] = [of('in'), of('out')]
  const rows: LegendRow[] =
    above || below ? [{ ...row, name: 'all, in and out', above, below }] : []
  for (const direction of ['internal', 'transit'] as const) {
    const summary = of(direction)
    if (summary) rows.push({ ...row, name: `all ${direction}`, above: summary, below: null })
  }
  return rows
}
