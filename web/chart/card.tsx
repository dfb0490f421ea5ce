/** The card at the crosshair: who had how much in this step. */
import type { ComponentChildren } from 'preact'

import { formatWithUnit } from '../../flow/units.ts'
import { isNarrow } from '../state/narrow.ts'
import { who } from '../state/who.ts'
import { zone } from '../state/zone.ts'
import { stepText, timeOfDay } from '../time/words.ts'
import { cutName, type Readout } from './readout.ts'

/** The longest name on one line of the card: an IPv6 address, if there is room for it. */
const nameMax = { wide: 39, narrow: 30 }

function shortName(name: string): string {
  return cutName(name, isNarrow.value ? nameMax.narrow : nameMax.wide)
}

/** The hosts of that second, however the chart is split. */
export function Named() {
  const found = who.value
  if (!found || found.rows.length === 0) return null
  const { from, to, rows } = found
  const second = timeOfDay(from * 1000, zone.value)
  const when = to - from > 1 ? stepText(from * 1000, to * 1000, zone.value) : `at ${second}`
  return (
    <table class="who">
      <thead>
        <tr>
          <th colSpan={2}>who {when}, received and sent</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ host, label, bits }) => (
          <tr key={host}>
            <td>{shortName(label)}</td>
            <td>{formatWithUnit(bits, 'b/s')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Share of the chart's width from which the card stands to the left of the cursor. */
const turnAt = 0.55

export function Card(props: {
  readout: Readout | null
  /** CSS pixels of the cursor, and of the whole chart. */
  left: number
  width: number
  children?: ComponentChildren
}) {
  const { readout, left, width, children } = props
  if (!readout) return null
  const turned = left > width * turnAt
  const style = turned ? { right: `${width - left + 14}px` } : { left: `${left + 14}px` }
  return (
    <div class="card" style={style} aria-hidden="true">
      <div class="card-time">{readout.time}</div>
      {readout.unknown !== '' && <div class="card-unknown">{readout.unknown}</div>}
      {readout.unknown === '' &&
        readout.halves.map((half) => (
          <table key={half.half}>
            <thead>
              <tr>
                <th>
                  {half.half === 'above' ? '▲' : '▼'} {half.title}
                </th>
                <th>{half.total}</th>
              </tr>
            </thead>
            <tbody>
              {half.compared && (
                <tr class="compared">
                  <td>{half.compared.label}</td>
                  <td>{half.compared.total}</td>
                </tr>
              )}
              {half.rows.map((row) => (
                <tr key={row.id}>
                  <td>
                    <i class="swatch" style={{ background: row.colour }} />
                    {shortName(row.label)}
                  </td>
                  <td>{row.value}</td>
                </tr>
              ))}
              {half.more > 0 && (
                <tr class="more">
                  <td>{half.more} more</td>
                </tr>
              )}
            </tbody>
          </table>
        ))}
      {children}
      {readout.notes.map((note) => (
        <div class="card-note" key={note}>
          {note}
        </div>
      ))}
    </div>
  )
}
