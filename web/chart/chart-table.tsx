/** The chart as a table for screen readers: its window in a few rows. */
import { useComputed } from '@preact/signals'

import { formatWithUnit } from '../../flow/units.ts'
import { layers } from '../state/traffic.ts'
import { zone } from '../state/zone.ts'
import { stepText } from '../time/words.ts'
import type { Values } from './layers.ts'
import { measureUnits } from './readout.ts'
import { withoutText } from './unknown.ts'

const rowsMax = 24

export function ChartTable() {
  const rows = useComputed(() => tableRows())
  return (
    <div class="unseen">
      <table>
        <caption>The chart in figures</caption>
        <thead>
          <tr>
            <th>time</th>
            <th>received</th>
            <th>sent</th>
          </tr>
        </thead>
        <tbody>
          {rows.value.map((row) => (
            <tr key={row.time}>
              <th>{row.time}</th>
              <td>{row.above}</td>
              <td>{row.below}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function tableRows(): { time: string; above: string; below: string }[] {
  const all = layers.value
  if (!all) return []
  const { time, to, step, measure } = all.answer
  const every = Math.max(1, Math.ceil(time.length / rowsMax))
  const text = (values: Values, i: number) => {
    const mean = meanOf(values.slice(i, i + every))
    return mean === null ? 'unknown' : formatWithUnit(mean, measureUnits[measure])
  }
  return time.flatMap((start, i) => {
    if (i % every !== 0) return []
    const end = Math.min(to, start + every * step)
    const when =
      stepText(start * 1000, end * 1000, zone.value) + withoutText(all.answer, [start, end])
    return [{ time: when, above: text(all.total.above, i), below: text(all.total.below, i) }]
  })
}

function meanOf(values: Values): number | null {
  const known = values.filter((value): value is number => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
}
