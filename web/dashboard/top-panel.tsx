/** A top list on a dashboard. */
import type { TopAnswer } from '../../api/schema/schema.ts'
import { usePanel } from './panel-data.ts'
import type { PanelFacts } from './panels.tsx'
import { TileRemarks } from './tile-remarks.tsx'
import { topFigure } from './top-figure.ts'
import { Waiting } from './waiting.tsx'

export function TopPanel({ panel, place, everyMs }: PanelFacts<'top'>) {
  const { answer, error } = usePanel<TopAnswer>(panel, { place, everyMs })
  const figures = answer && figuresOf(answer)
  return (
    <>
      <table class="tile-top">
        <tbody>
          {figures?.map(({ row, text, share }) => (
            <tr key={JSON.stringify(row.key)}>
              <th scope="row">{row.label}</th>
              <td>{text}</td>
              <td class="share">
                <i style={{ '--share': share }} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {!answer && error === '' && <Waiting />}
      {answer?.rows.length === 0 && (
        <p class="dim">
          {answer.known === false ? 'unknown: no data of this time' : 'nothing in this time'}
        </p>
      )}
      {answer && <TileRemarks remarks={answer.remarks} />}
      {error !== '' && <p class="tile-fault">{error}</p>}
    </>
  )
}

/** The figure of each row, and its share of the greatest. */
function figuresOf(answer: TopAnswer) {
  const { valueOf, text } = topFigure(answer)
  const greatest = Math.max(...answer.rows.map(valueOf), Number.MIN_VALUE)
  return answer.rows.map((row) => {
    const value = valueOf(row)
    return { row, text: text(value), share: value / greatest }
  })
}
