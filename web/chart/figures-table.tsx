/** The chart as figures: a line per step, a column per key. */
import { formatScaled } from '../../flow/units.ts'
import { layers } from '../state/traffic.ts'
import { zone } from '../state/zone.ts'
import { stepText } from '../time/words.ts'
import { layerLabel, rateTexts } from './readout.ts'
import { withoutText } from './unknown.ts'

/** Nobody reads more lines than this; the CSV has them all. */
const linesMax = 500

export function FiguresTable() {
  const all = layers.value
  if (!all) return null
  const { answer } = all
  const shown = answer.time.slice(0, linesMax)
  return (
    <section class="panel scrolled long steps" aria-label="Figures" tabIndex={0}>
      <table class="figures">
        <caption>
          {rateTexts[answer.measure]}
          {answer.time.length > linesMax ? `; the first ${linesMax} of ${answer.time.length}` : ''}
        </caption>
        <thead>
          <tr>
            <th scope="col">time</th>
            {all.layers.map((layer) => (
              <th scope="col" key={`${layer.id} ${layer.direction}`}>
                {layer.half === 'above' ? '▲' : '▼'} {layerLabel(layer)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((t, i) => (
            <tr key={t}>
              <th scope="row">
                {stepText(t * 1000, (t + answer.step) * 1000, zone.value)}
                {withoutText(answer, [t, t + answer.step])}
              </th>
              {all.layers.map((layer) => {
                const value = layer.values[i] ?? null
                const key = `${layer.id} ${layer.direction}`
                return <td key={key}>{value === null ? 'unknown' : formatScaled(value)}</td>
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
