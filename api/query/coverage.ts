/** What is known about the exporters in each step of an answer. */
import { intervalMs } from '../../flow/interval.ts'
import { answeredReasons, type UnknownReason } from '../../store/measurement.ts'
import type { Coverage } from '../../store/series.ts'
import { gridEnd, type Grid } from './grid.ts'
import { onlyExporter, type Window } from './window.ts'

/** RRDtool's xff: a step is known when at least this share of its intervals is. */
export const xff = 0.5

/** The state of a step for an exporter. */
export const stepStates = {
  /** Before the exporter's first datagram or after its last: the exporter does not count here. */
  notSeen: 0,
  known: 1,
  unknown: 2,
} as const

/** When an exporter sent: its first and last datagram, unix ms. */
export interface Seen {
  address: string
  firstSeen: number
  lastSeen: number
}

/** When the exporters of a window sent. */
export function seenOf(window: Window, seen: readonly Seen[]): readonly Seen[] {
  const only = onlyExporter(window)
  return only === undefined ? seen : seen.filter(({ address }) => address === only)
}

/** When a sum of several exporters has a value: if all that count are known, or if any is. */
export type SumRule = 'all' | 'any'

/** One exporter's steps. */
interface ExporterCoverage {
  address: string
  state: Uint8Array
  /** Known 5-minute intervals of each step. */
  known: Float64Array
  /** 1 if something is stored for the step. */
  isStored: Uint8Array
}

export interface CoverageGrid {
  grid: Grid
  exporters: ExporterCoverage[]
  /** The exporter's index in `exporters`. */
  places: ReadonlyMap<string, number>
  /** All exporters together: 1 if one is known and none that counts is unknown. */
  isKnown: Uint8Array
  /** 1 if a sum of all exporters has a value. */
  isSummed: Uint8Array
  /** Why a step is not known: an index into answeredReasons. */
  reason: Uint8Array
  lostFlows: Float64Array
  lostIsEstimated: Uint8Array
  /** Until when (unix ms) the open step has been counted; null if none is open. */
  openUntil: number | null
}

/** The reason for a gap between an exporter's datagrams about which nothing is stored. */
const holeReason: UnknownReason = 'not-listening'
/** Precedence of the reasons when exporters differ: later ones win. */
const reasonPlaces = new Map<UnknownReason, number>(answeredReasons.map((reason, i) => [reason, i]))

/**
 * Puts stored coverage on a grid whose step is that of the rows' tier. `seen` says when exporters
 * sent, where that is known beyond the rows: a gap in between is unknown, time outside is not.
 */
export function layCoverage(
  rows: readonly Coverage[],
  grid: Grid,
  seen: readonly Seen[],
  sums: SumRule = 'all',
): CoverageGrid {
  const spans = seenSpans(rows, grid, seen)
  const covered = emptyGrid(grid, new Set([...spans.keys(), ...rows.map((row) => row.exporter)]))
  for (const row of rows) {
    const at = (row.time - grid.from) / grid.stepMs
    if (!Number.isInteger(at) || at < 0 || at >= grid.count) continue
    const exporter = covered.exporters[covered.places.get(row.exporter)!]!
    exporter.known[at] = row.known
    exporter.isStored[at] = 1
    exporter.state[at] = stateOf(row, grid.stepMs)
    if (exporter.state[at] !== stepStates.known) raise(covered, at, mainReason(row))
    if (row.lostFlows > 0) {
      covered.lostFlows[at]! += row.lostFlows
      if (row.lostFlowsEstimated) covered.lostIsEstimated[at] = 1
    }
    if (row.openUntil !== undefined)
      covered.openUntil = Math.max(covered.openUntil ?? 0, row.openUntil)
  }
  for (const exporter of covered.exporters)
    markHoles(covered, exporter, spans.get(exporter.address))
  combine(covered, sums)
  return covered
}

function emptyGrid(grid: Grid, exporters: ReadonlySet<string>): CoverageGrid {
  const addresses = [...exporters].sort()
  return {
    grid,
    exporters: addresses.map((address) => ({
      address,
      state: new Uint8Array(grid.count),
      known: new Float64Array(grid.count),
      isStored: new Uint8Array(grid.count),
    })),
    places: new Map(addresses.map((address, place) => [address, place])),
    isKnown: new Uint8Array(grid.count),
    isSummed: new Uint8Array(grid.count),
    reason: new Uint8Array(grid.count),
    lostFlows: new Float64Array(grid.count),
    lostIsEstimated: new Uint8Array(grid.count),
    openUntil: null,
  }
}

/** The intervals of a step that have begun: an open step has fewer. */
export function intervalsBegun(
  time: number,
  stepMs: number,
  openUntil: number | undefined,
): number {
  const end = openUntil === undefined ? time + stepMs : Math.min(openUntil, time + stepMs)
  return Math.max(1, Math.ceil((end - time) / intervalMs))
}

function stateOf(row: Coverage, stepMs: number): number {
  if (row.known >= xff * intervalsBegun(row.time, stepMs, row.openUntil)) return stepStates.known
  const isAway = answeredReasons.some(
    (reason) => reason !== 'not-seen' && (row.unknown[reason] ?? 0) > 0,
  )
  return isAway ? stepStates.unknown : stepStates.notSeen
}

function mainReason({ unknown }: Coverage): UnknownReason {
  let most: UnknownReason = 'not-seen'
  for (const reason of answeredReasons)
    if (
      reason !== 'not-seen' &&
      (unknown[reason] ?? 0) > (most === 'not-seen' ? 0 : unknown[most]!)
    )
      most = reason
  return most
}

function raise(covered: CoverageGrid, at: number, reason: UnknownReason): void {
  covered.reason[at] = Math.max(covered.reason[at]!, reasonPlaces.get(reason)!)
}

/** The first and last step in which each exporter was present. */
function seenSpans(
  rows: readonly Coverage[],
  grid: Grid,
  seen: readonly Seen[],
): Map<string, { first: number; last: number }> {
  const spans = new Map<string, { first: number; last: number }>()
  const widen = (address: string, first: number, last: number) => {
    const span = spans.get(address)
    if (!span) spans.set(address, { first, last })
    else
      Object.assign(span, { first: Math.min(span.first, first), last: Math.max(span.last, last) })
  }
  for (const row of rows) if (row.known > 0) widen(row.exporter, row.time, row.time)
  for (const { address, firstSeen, lastSeen } of seen)
    if (lastSeen >= grid.from && firstSeen < gridEnd(grid)) widen(address, firstSeen, lastSeen)
  return spans
}

/** Steps within an exporter's span for which nothing is stored are unknown, not zero. */
function markHoles(
  covered: CoverageGrid,
  exporter: ExporterCoverage,
  span: { first: number; last: number } | undefined,
): void {
  if (!span) return
  const { from, stepMs, count } = covered.grid
  const first = Math.max(0, Math.ceil((span.first - from) / stepMs))
  const last = Math.min(count - 1, Math.floor((span.last - from) / stepMs) - 1)
  for (let at = first; at <= last; at++) {
    if (exporter.isStored[at] === 1) continue
    exporter.state[at] = stepStates.unknown
    raise(covered, at, holeReason)
  }
}

function combine({ grid, exporters, isKnown, isSummed }: CoverageGrid, sums: SumRule): void {
  for (let at = 0; at < grid.count; at++) {
    let known = 0
    let unknown = 0
    for (const { state } of exporters) {
      if (state[at] === stepStates.known) known++
      else if (state[at] === stepStates.unknown) unknown++
    }
    isKnown[at] = known > 0 && unknown === 0 ? 1 : 0
    isSummed[at] = sums === 'any' && known > 0 ? 1 : isKnown[at]!
  }
}

/** Which steps have a value: of one exporter, or of all together if none is given. */
export function knownSteps(covered: CoverageGrid, exporter?: string): Uint8Array {
  if (exporter === undefined) return covered.isSummed
  const place = covered.places.get(exporter)
  const known = new Uint8Array(covered.grid.count)
  if (place === undefined) return known
  const { state } = covered.exporters[place]!
  for (let at = 0; at < known.length; at++) known[at] = state[at] === stepStates.known ? 1 : 0
  return known
}
