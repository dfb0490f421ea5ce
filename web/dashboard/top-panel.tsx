/** A top list on a dashboard. */
import type { TopAnswer } from '../../api/schema/schema.ts'
import { usePanel } from './panel-data.ts'
import type { PanelFacts } from './panels.tsx'
import { topFigure } from './top-figure.ts'

export function TopPanel({ panel, place, everyMs }: PanelFacts<'top'>) {
  const { answer, error } = usePanel<TopAnswer>(panel, { place, everyMs })
  const { valueOf, text } = topFigure(answer?.order ?? 'bytes')
  const greatest = Math.max(...(answer?.rows ?? []).map(valueOf), Number.MIN_VALUE)
  return (
    <>
      <table class="tile-top">
        <tbody>
          {(answer?.rows ?? []).map((row) => (
            <tr key={JSON.stringify(row.key)}>
              <th scope="row">{row.label}</th>
              <td>{text(valueOf(row))}</td>
              <td class="share">
                <i style={{ width: `${Math.max(1, (valueOf(row) / greatest) * 100)}%` }} />
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
