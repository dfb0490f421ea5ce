/** The panels of dashboards and walls, by kind. */
import type { ComponentChildren, VNode } from 'preact'

import type { Panel } from '../../api/schema/state.ts'
import { ChartPanel } from './chart-panel.tsx'
import { ClockPanel } from './clock-panel.tsx'
import { IncidentsPanel } from './incidents-panel.tsx'
import { LivePanel } from './live-panel.tsx'
import { NumberPanel } from './number-panel.tsx'
import type { PanelPlace } from './panel-data.ts'
import { TopPanel } from './top-panel.tsx'

export interface PanelFacts<Kind extends Panel['kind'] = Panel['kind']> {
  panel: Extract<Panel, { kind: Kind }>
  place: PanelPlace
  /** Scale of the letters, 1 at a desk. */
  scale: number
  everyMs: number
}

type Show<Kind extends Panel['kind']> = (facts: PanelFacts<Kind>) => VNode

const shows: { [Kind in Panel['kind']]: Show<Kind> } = {
  chart: (facts) => <ChartPanel {...facts} />,
  live: (facts) => <LivePanel {...facts} />,
  top: (facts) => <TopPanel {...facts} />,
  number: (facts) => <NumberPanel {...facts} />,
  incidents: (facts) => <IncidentsPanel {...facts} />,
  clock: (facts) => <ClockPanel {...facts} />,
  text: ({ panel }) => <p class="panel-text">{panel.text}</p>,
}

/** Height of a row of the grid at a desk. */
export const rowPixels = 74

/** The style of a grid with the rows that panels need. */
export function gridRows(panels: readonly Panel[], height = `${rowPixels}px`) {
  const rows = Math.max(1, ...panels.map(({ place }) => place.row + place.rows))
  return { gridTemplateRows: `repeat(${rows}, ${height})` }
}

/** A panel at its place on the grid. */
export function PanelBox(facts: PanelFacts & { children?: ComponentChildren }) {
  const { panel, children } = facts
  const { column, row, columns, rows } = panel.place
  const style = {
    gridColumn: `${column + 1} / span ${columns}`,
    gridRow: `${row + 1} / span ${rows}`,
  }
  const show = shows[panel.kind] as Show<Panel['kind']>
  return (
    <section class="panel tile" style={style} aria-label={titleOf(panel)}>
      {panel.title !== undefined && <h2>{panel.title}</h2>}
      {children}
      {show(facts)}
    </section>
  )
}

function titleOf(panel: Panel): string {
  return panel.title ?? panel.kind
}
