/** A top list on a dashboard. */
import type { TopAnswer } from '../../api/schema/schema.ts'
import { formatScaled, formatWithUnit } from '../../flow/units.ts'
import { usePanel } from './panel-data.ts'
import type { PanelFacts } from './panels.tsx'

export function TopPanel({ panel, place, everyMs }: PanelFacts<'top'>) {
  const { answer, error } = usePanel<TopAnswer>(panel, { place, everyMs })
  const order = answer?.order ?? 'bytes'
  const greatest = Math.max(...(answer?.rows ?? []).map(({ share }) => share), 1e-9)
  const figure = (row: TopAnswer['rows'][number]) => {
    if (order === 'bytes') return formatWithUnit(row.bytes, 'B')
    return formatScaled(row[order as 'packets' | 'flows' | 'peers'])
  }
  return (
    <>
      <table class="tile-top">
        <tbody>
          {(answer?.rows ?? []).map((row) => (
            <tr key={JSON.stringify(row.key)}>
              <th scope="row">{row.label}</th>
              <td>{figure(row)}</td>
              <td class="share">
                <i style={{ width: `${Math.max(1, (row.share / greatest) * 100)}%` }} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {answer?.rows.length === 0 && <p class="dim">nothing in this time</p>}
      {error !== '' && <p class="tile-fault">{error}</p>}
    </>
  )
}
