/** The figures of one step of the chart: for the card at the cursor and for screen readers. */
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { countOf, formatWithUnit } from '../../flow/units.ts'
import type { Measure } from '../state/address.ts'
import { stepText } from '../time/words.ts'
import type { Half, Layers } from './layers.ts'
import type { Scene, SceneLayer } from './scene.ts'
import type { UnknownRange } from './unknown.ts'

interface ReadoutRow {
  id: string
  label: string
  colour: string
  value: string
}

export interface Readout {
  time: string
  /** Why nothing is known here; empty if something is. */
  unknown: string
  /** Notes on this step: lost flows, still open. */
  notes: string[]
  halves: ReadoutHalf[]
}

interface ReadoutHalf {
  half: Half
  title: string
  total: string
  /** The total of what the chart is compared with; null if it is not compared. */
  compared: { label: string; total: string } | null
  rows: ReadoutRow[]
  more: number
}

/** Layers listed at the cursor, the greatest there first. */
const rowsMax = 6

/** The unit behind a figure of each measure. */
export const measureUnits: Record<Measure, string> = {
  bits: 'b/s',
  packets: 'p/s',
  flows: 'flows/s',
  active: 'active',
  connections: 'opened/s',
}

/** The unit of each measure's total. */
export const totalUnits: Record<Measure, string> = {
  bits: 'B',
  packets: 'packets',
  flows: 'flows',
  active: 'flow-s',
  connections: 'connections',
}

/** Each measure's unit in words. */
export const rateTexts: Record<Measure, string> = {
  bits: 'bits per second',
  packets: 'packets per second',
  flows: 'flows begun per second',
  active: 'flows in progress',
  connections: 'connections opened per second',
}

/** Why time is unknown, in plain words. */
const reasonTexts: Record<string, string> = {
  'not-seen': 'the exporter had sent nothing yet, or nothing more',
  'not-listening': 'Weir was not listening',
  lost: 'datagrams were lost on the way, or wait for their template',
  'exporter-restart': 'the exporter restarted',
  'not-sent': 'its flows are not in ClickHouse yet',
  unreadable: 'its flows cannot be read',
}

function whyUnknown([, , reason, of]: UnknownRange): string {
  const nothing = of === '' ? 'no data' : `no data of ${of}`
  const why = reasonTexts[reason]
  return why === undefined ? nothing : `${nothing}: ${why}`
}

const passed: Record<Half, string> = { above: 'received', below: 'sent' }

/** Names of a chart's halves: a connection is opened by one side, neither received nor sent. */
export const halfTexts: Record<Measure, Record<Half, string>> = {
  bits: passed,
  packets: passed,
  flows: passed,
  active: passed,
  connections: { above: 'inward', below: 'outward' },
}

interface ReadoutSource {
  scene: Scene
  layers: Layers
  zone: string
  /** What the dashed line is, if there is one. */
  comparedWith: string
}

/** The figures of step `index`. */
export function readoutAt(
  index: number,
  { scene, layers, zone, comparedWith }: ReadoutSource,
): Readout {
  const from = scene.time[index]!
  const to = scene.time[index + 1]!
  const unit = measureUnits[scene.answer.measure]
  const figure = (value: number | null) => (value === null ? '?' : formatWithUnit(value, unit))
  const within = scene.unknown.filter(([start, end]) => start < to && end > from)
  const known = layers.total.above[index] !== null || layers.total.below[index] !== null
  // Of a long step, an exporter may be away for a while, and then all of them.
  const ofAll = known ? undefined : within.find(([, , , of]) => of === '')
  const unknown = ofAll ?? within[0]
  const isUndrawn = scene.undrawn.some(([start, end]) => start < to && end > from)
  const why = isUndrawn
    ? 'less than half of it is known'
    : whyUnknown(unknown ?? [from, to, '', ''])
  // While one exporter is away, others are still known.
  const partly = known && unknown ? [`in part ${why}`] : []
  return {
    time: stepText(from * 1000, to * 1000, zone),
    unknown: known ? '' : why,
    notes: [...partly, ...notesAt(scene, from, to)],
    halves: (['above', 'below'] as const).map((half) => {
      const rows = rowsAt(scene.layers[half], index)
      return {
        half,
        title: halfTexts[scene.answer.measure][half],
        total: figure(layers.total[half][index] ?? null),
        compared: layers.compared && {
          label: comparedWith,
          total: figure(layers.compared[half][index] ?? null),
        },
        rows: rows.slice(0, rowsMax).map(({ value, layer, colour }) => ({
          id: `${layer.id} ${layer.direction}`,
          label: layerLabel(layer),
          colour,
          value: figure(value),
        })),
        more: Math.max(0, rows.length - rowsMax),
      }
    }),
  }
}

/**
 * A name of at most so many letters, cut in its middle: two interfaces of a router may differ at
 * their end alone, two hosts at their start.
 */
export function cutName(name: string, lettersMax: number): string {
  if (name.length <= lettersMax) return name
  const end = Math.ceil(lettersMax / 2)
  return `${name.slice(0, lettersMax - end - 1).trimEnd()}…${name.slice(-end).trimStart()}`
}

/** A layer's name, with its direction if that differs from the half's own. */
export function layerLabel({ label, direction, id }: SceneLayer['layer']): string {
  const plain = direction === 'in' || direction === 'out' || id === direction
  return plain ? label : `${label} (${direction})`
}

function rowsAt(layers: readonly SceneLayer[], index: number): (SceneLayer & { value: number })[] {
  return layers
    .flatMap((layer) => {
      const value = layer.layer.values[index] ?? null
      return value !== null && value > 0 ? [{ ...layer, value }] : []
    })
    .sort((a, b) => b.value - a.value)
}

function notesAt(scene: Scene, from: number, to: number): string[] {
  const lost = scene.lost.filter(([start, end]) => start < to && end > from)
  const notes = lost.length > 0 ? [lostText(lost)] : []
  if (scene.open && scene.open[0] < to && scene.answer.to >= to && scene.open[1] > from)
    notes.push('still being counted: too low until its flows are reported')
  return notes
}

/** How many flows were lost: about 1,200 flows lost. */
export function lostText(lost: SeriesAnswer['lost']): string {
  const flows = lost.reduce((sum, [, , count]) => sum + count, 0)
  const about = lost.some(([, , , estimated]) => estimated) ? 'about ' : ''
  return `${about}${countOf(flows, 'flow')} lost`
}

/** A readout as one sentence, for screen readers. */
export function spoken(readout: Readout): string {
  if (readout.unknown !== '') return `${readout.time}: ${readout.unknown}`
  const halves = readout.halves.map(({ title, total, compared, rows }) => {
    const first = rows[0]
    const most = first ? `, most of it ${first.label} ${first.value}` : ''
    return `${title} ${total}${most}${compared ? `, ${compared.label} ${compared.total}` : ''}`
  })
  return [`${readout.time}: ${halves.join('; ')}`, ...readout.notes].join('; ')
}
