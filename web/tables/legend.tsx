/** The legend in RRDtool's columns: each key with what it received and sent, as the API sums it up. */
import { useComputed } from '@preact/signals'

import { formatExact, formatScaled, formatWithUnit } from '../../flow/units.ts'
import { focused, isShown } from '../chart/chart.tsx'
import type { Direction, Half, LayerSummary } from '../chart/layers.ts'
import { halfTexts, rateTexts, totalUnits } from '../chart/readout.ts'
import { layerColours } from '../chart/scene.ts'
import { theme } from '../chart/theme.ts'
import type { Measure } from '../state/address.ts'
import { layers, traffic } from '../state/traffic.ts'
import { show, view } from '../state/view.ts'
import { zone } from '../state/zone.ts'
import { localText } from '../time/words.ts'
import { legendColumns, legendRows, type LegendRow } from './legend-rows.ts'

/** Columns of a half: all, at 900 pixels, on a phone. */
const groupSpans = { wide: legendColumns.length, middling: 3, narrow: 2 }

export function Legend() {
  const rows = useComputed(() => {
    const all = layers.value
    return all ? legendRows(all, layerColours(all.layers, theme.value)) : []
  })
  if (rows.value.length === 0) return null
  // Of what is drawn: where the next answer fails, that is not what is asked.
  const { by, measure } = traffic.value?.view ?? view.value
  const head = (half: Half) =>
    legendColumns.map(({ name, label, title }) => (
      <th scope="col" key={name} class={`${half} ${name}`} title={title}>
        {label}
      </th>
    ))
  return (
    <section class="panel legend" aria-label="Legend">
      <table>
        <thead>
          <tr>
            <th rowSpan={2} scope="col" class="name">
              {by} <small>{rateTexts[measure]}</small>
            </th>
            <Group name={`▲ ${halfTexts[measure].above}`} />
            <Group name={`▼ ${halfTexts[measure].below}`} />
          </tr>
          <tr>
            {head('above')}
            {head('below')}
          </tr>
        </thead>
        <tbody>
          {rows.value.map((row) => (
            <Row key={`${row.id} ${row.name}`} row={row} measure={measure} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** The head of a half: the style sheet shows the one of three that spans the columns shown on this screen or paper. */
function Group({ name }: { name: string }) {
  return (
    <>
      {Object.entries(groupSpans).map(([room, columns]) => (
        <th key={room} colSpan={columns} scope="colgroup" class={`group ${room}`}>
          {name}
        </th>
      ))}
    </>
  )
}

function Row({ row, measure }: { row: LegendRow; measure: Measure }) {
  const shown = row.id === null || isShown(row.id)
  const classes = [shown ? '' : 'off', row.id === null ? 'sum' : ''].join(' ').trim()
  return (
    <tr
      class={classes}
      data-key={row.id ?? row.name}
      onMouseEnter={() => (focused.value = row.id)}
      onMouseLeave={() => (focused.value = null)}
    >
      <th scope="row" class="name">
        {row.id === null ? (
          <span class="row-label">{row.name}</span>
        ) : (
          <button
            type="button"
            aria-pressed={shown}
            title={`${row.name}: click to see it alone, Ctrl-click to leave it out`}
            onClick={(event) => choose(row.id!, event.ctrlKey || event.metaKey || event.shiftKey)}
          >
            <i class="swatch" style={{ background: row.colour }} />
            <span class="row-label">{row.name}</span>
          </button>
        )}
      </th>
      <Figures half="above" summary={row.above} measure={measure} direction={row.direction} />
      <Figures half="below" summary={row.below} measure={measure} direction={row.direction} />
    </tr>
  )
}

function Figures(props: {
  half: Half
  summary: LayerSummary | null
  measure: Measure
  direction: Direction | null
}) {
  const { half, summary, measure } = props
  return (
    <>
      {legendColumns.map(({ name }) => {
        const value = summary?.[name]
        const bound = name === 'maximum' && summary?.maximumIsBound === true
        const classes = `${half} ${name}`
        if (value === undefined || value === null)
          return (
            <td key={name} class={classes} title={missing(summary, name)}>
              {summary ? '–' : ''}
            </td>
          )
        const total = name === 'total'
        const unit = totalUnits[measure]
        return (
          <td
            key={name}
            class={classes}
            data-value={value}
            title={`${formatExact(value)} ${total ? unitInFull(measure) : rateTexts[measure]}`}
          >
            {bound ? '≤ ' : ''}
            {total && unit === 'B' ? formatWithUnit(value, unit) : formatScaled(value)}
          </td>
        )
      })}
    </>
  )
}

function unitInFull(measure: Measure): string {
  return measure === 'bits' ? 'bytes' : totalUnits[measure]
}

function missing(summary: LayerSummary | null, name: string): string {
  if (!summary) return ''
  if (name === 'p95' && summary.p95Reason) return localText(summary.p95Reason, zone.value)
  return name in summary ? 'unknown' : 'not known for the rest of a list'
}

/** A click shows a key alone, and a second one all again; Ctrl+click hides or shows a key. */
function choose(id: string, toggle: boolean): void {
  const { only, hide } = view.value
  if (!toggle) {
    const alone = only.length === 1 && only[0] === id
    show({ only: alone ? [] : [id], hide: [] })
    return
  }
  const without = (list: readonly string[]) => list.filter((other) => other !== id)
  if (only.length > 0) show({ only: only.includes(id) ? without(only) : [...only, id] })
  else show({ hide: hide.includes(id) ? without(hide) : [...hide, id] })
}
