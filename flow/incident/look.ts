/** What flows show: their scene, and the events in it. All of it is computing, so it can be done in another thread. */
import type { Finding } from './finding.ts'
import { findEvents } from './find.ts'
import type { FlowTable } from './flow-table.ts'
import type { Grid } from './rates.ts'
import { Scene, type Counted } from './scene.ts'
import type { SilenceContext } from './silence.ts'

/** The flows of one exporter. */
export interface Seen {
  table: FlowTable
  grid: Grid
  /** Counts over all flows, if the table holds only a part of them. */
  counted?: Counted | undefined
}

export interface Looked {
  scene: Scene
  findings: Finding[]
}

/** Looks at flows, here or elsewhere; without `context`, only the scene is wanted. May fail once `signal` is aborted. */
export type Look = (
  seen: Seen,
  context: SilenceContext | null,
  signal?: AbortSignal,
) => Looked | Promise<Looked>

/** Looks at flows in the calling thread. */
export function look({ table, grid, counted }: Seen, context: SilenceContext | null): Looked {
  const scene = new Scene(table, grid, counted)
  return { scene, findings: context ? findEvents(scene, context) : [] }
}
