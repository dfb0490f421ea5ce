/**
 * From the API's answers to what is drawn: the layers of the two halves of the chart, received
 * above the axis and sent below it.
 */
import type { Key, SeriesAnswer, SeriesEntry, SeriesSummary } from '../../api/schema/schema.ts'
import type { Split } from '../state/address.ts'
import { unknownOfAll } from './unknown.ts'

export type Half = 'above' | 'below'
export type Direction = 'in' | 'out' | 'internal' | 'transit'
export type Values = readonly (number | null)[]

export interface Layer {
  /** The key as text, the same for in and out: 10.0.0.22, tcp/443; `other` for the rest. */
  id: string
  label: string
  key: Key
  direction: Direction
  half: Half
  values: Values
  summary: LayerSummary
}

/** The API's summary; parts not known for this layer are undefined. */
export type LayerSummary = { [Name in keyof SeriesSummary]?: SeriesSummary[Name] | undefined }

export interface Layers {
  answer: SeriesAnswer
  layers: Layer[]
  /** All traffic of each half, null if unknown. */
  total: Record<Half, Values>
  /** The API's rows of all traffic by direction, without empty ones. */
  totals: { direction: Direction; half: Half; summary: SeriesSummary }[]
  /** Greatest 5-minute values of each half, if steps are longer than that and any is known. */
  peak: Record<Half, Values> | null
  /** The peak adds the maxima of several directions, so it is an upper bound. */
  peakIsBound: boolean
  /** All traffic of each half at the same time some days before. */
  compared: Record<Half, Values> | null
  /** An exporter was away in the earlier time, so that it is at least what is drawn. */
  comparedIsBound: boolean
  /** Only local hosts are shown, without the remote peers. */
  localOnly: boolean
}

interface LayerSource {
  split: Split
  /** by=KEY,direction; the same as `totals` when split by direction alone. */
  keyed: SeriesAnswer
  /** by=direction */
  totals: SeriesAnswer
  /** by=direction, cf=max */
  peak: SeriesAnswer | null
  /** Of the earlier window, by keys where they make up the whole, else by=direction; as many steps as `keyed`. */
  compared?: SeriesAnswer | null
  isLocal: (host: string) => boolean
}

/** Keys drawn on each half; the rest goes to `other`. */
const keysMax = 8

/** The half in which a direction is drawn. Internal and transit traffic is counted once, above. */
const halfOf: Record<Direction, Half> = {
  in: 'above',
  internal: 'above',
  transit: 'above',
  out: 'below',
}

/**
 * What one host receives and sends: internal traffic is received by one local host and sent by
 * another.
 */
const hostParts: Record<Half, readonly Direction[]> = {
  above: ['in', 'internal'],
  below: ['out', 'internal'],
}
const flowParts: Record<Half, readonly Direction[]> = {
  above: ['in', 'internal', 'transit'],
  below: ['out'],
}
/** If no host is local, each flow is received by one host and sent by another. */
const everyDirection: readonly Direction[] = ['in', 'out', 'internal', 'transit']
const allParts: Record<Half, readonly Direction[]> = {
  above: everyDirection,
  below: everyDirection,
}

function partsOf(split: Split, localOnly: boolean): Record<Half, readonly Direction[]> {
  if (split !== 'host') return flowParts
  return localOnly ? hostParts : allParts
}

/**
 * Splits whose total is the sum of the keys: an interface's in and out are as seen from the router,
 * not from the local networks; and while one exporter is away, others are still known.
 */
export const wholeByKeys: ReadonlySet<Split> = new Set(['interface', 'exporter'])

/** The layers of a chart, the greatest key first and next to the axis. */
export function makeLayers(source: LayerSource): Layers {
  const listed = source.keyed.series.filter((entry) => entry.key?.['other'] !== true)
  const local = source.split === 'host' ? listed.filter((e) => source.isLocal(keyId(e))) : []
  const localOnly = local.length > 0
  const parts = partsOf(source.split, localOnly)
  const whole = wholeByKeys.has(source.split) ? source.keyed : source.totals
  const total = totalOf(whole, parts)
  const peak = source.peak && totalOf(source.peak, parts)
  const chosen = firstKeys(localOnly ? local : listed, keysMax)
  const layers = chosen.map((entry) => layerOf(entry, source.split))
  layers.push(...restLayers({ source, chosen: layers, total, parts }))
  return {
    answer: source.keyed,
    layers: layers.filter(isDrawn),
    total,
    totals: source.totals.series.flatMap(totalRow),
    peak: peak && isKnown(peak) ? peak : null,
    compared: source.compared ? totalOf(source.compared, parts) : null,
    comparedIsBound: source.compared?.unknownOf !== undefined,
    peakIsBound: source.peak !== null && flowing(source.peak, parts.above) > 1,
    localOnly,
  }
}

/** Whether two answers have the same steps, so that their values lie at the same times. */
export function sameSteps(a: SeriesAnswer, b: SeriesAnswer): boolean {
  return a.step === b.step && a.time.length === b.time.length && a.time[0] === b.time[0]
}

/** The key of an entry as text, without its direction. */
export function keyId(entry: Pick<SeriesEntry, 'key'>): string {
  const { direction, ...rest } = entry.key ?? {}
  if (rest['other'] === true) return 'other'
  const words = Object.keys(rest).length > 0 ? Object.values(rest) : [direction ?? 'all']
  return words.join('/')
}

function directionOf(entry: Pick<SeriesEntry, 'key'>): Direction {
  const direction = entry.key?.['direction']
  return typeof direction === 'string' && direction in halfOf ? (direction as Direction) : 'in'
}

function firstKeys(entries: readonly SeriesEntry[], most: number): SeriesEntry[] {
  const ids = [...new Set(entries.map(keyId))].slice(0, most)
  return entries.filter((entry) => ids.includes(keyId(entry)))
}

function layerOf(entry: SeriesEntry, split: Split): Layer {
  const direction = directionOf(entry)
  return {
    id: keyId(entry),
    label: split === 'direction' ? direction : plainLabel(entry),
    key: entry.key ?? {},
    direction,
    half: halfOf[direction],
    values: entry.values,
    summary: entry.summary,
  }
}

/** A label without the direction that the API appends to keys split by direction. */
export function plainLabel(entry: Pick<SeriesEntry, 'key' | 'label'>): string {
  const direction = entry.key?.['direction']
  if (direction === undefined) return entry.label
  return entry.label.replace(new RegExp(`[ ,·]*\\b${String(direction)}$`), '') || keyId(entry)
}

/**
 * The rest of each half. If everything not drawn is in the API's own `other`, that is the rest,
 * with its summary; else it is the total less what is listed, of which total, average and last are
 * known.
 */
function restLayers(of: {
  source: LayerSource
  chosen: readonly Layer[]
  total: Record<Half, Values>
  parts: Record<Half, readonly Direction[]>
}): Layer[] {
  const { source, chosen, total, parts } = of
  if (source.split === 'direction') return []
  const drawn = new Set(chosen.map((layer) => layer.id))
  const left = source.keyed.series.filter((entry) => !drawn.has(keyId(entry)))
  if (parts !== hostParts && left.every((entry) => entry.key?.['other'] === true))
    return left.map((entry) => layerOf({ ...entry, label: 'other' }, source.split))
  return (['above', 'below'] as const).map((half) => {
    const shown = chosen.filter((layer) => layer.half === half)
    const rows = source.totals.series.filter((entry) => parts[half].includes(directionOf(entry)))
    const values = remainder(total[half], shown)
    return {
      id: 'other',
      label: 'other',
      key: { other: true },
      direction: half === 'above' ? 'in' : 'out',
      half,
      values,
      summary: { ...meanAndLast(values, source.totals), total: remainingTotal(rows, shown) },
    }
  })
}

/** The total less the listed layers: null if the total is unknown, never below 0. */
export function remainder(total: Values, shown: readonly Pick<Layer, 'values'>[]): Values {
  return total.map((all, i) => {
    if (all === null) return null
    const listed = shown.reduce((sum, layer) => sum + (layer.values[i] ?? 0), 0)
    const rest = all - listed
    // The parts are rounded sums of doubles: a tiny remainder is not traffic.
    return rest > all * 1e-9 ? rest : 0
  })
}

function remainingTotal(rows: readonly SeriesEntry[], shown: readonly Layer[]): number {
  const all = sumOfKnown(rows.map(({ summary }) => summary.total)) ?? 0
  return Math.max(0, all - (sumOfKnown(shown.map(({ summary }) => summary.total)) ?? 0))
}

/**
 * Over the known steps, as the API has them: without the open one, if others are known. Averages
 * cannot be subtracted: a key that is unknown in most steps has one of its own few.
 */
function meanAndLast(values: Values, { time, open }: SeriesAnswer): LayerSummary {
  const known = (end: number) =>
    values.filter((value, i): value is number => value !== null && time[i]! < end)
  const closed = known(open?.[0] ?? Infinity)
  const counted = closed.length > 0 ? closed : known(Infinity)
  const sum = sumOfKnown(counted)
  return { average: sum === null ? null : sum / counted.length, last: counted.at(-1) ?? null }
}

/** The sum of the known values; null if none is known, which is not 0. */
export function sumOfKnown(values: readonly (number | null | undefined)[]): number | null {
  let sum: number | null = null
  for (const value of values) if (value !== null && value !== undefined) sum = (sum ?? 0) + value
  return sum
}

function totalOf(
  answer: SeriesAnswer,
  parts: Record<Half, readonly Direction[]>,
): Record<Half, Values> {
  const unknown = unknownOfAll(answer)
  const isUnknown = (t: number) => unknown.some(([from, to]) => t >= from && t < to)
  const sum = (half: Half): Values => {
    const rows = answer.series.filter((entry) => parts[half].includes(directionOf(entry)))
    return answer.time.map((t, i) => {
      let value: number | null = rows.length === 0 && !isUnknown(t) ? 0 : null
      for (const row of rows) {
        const at = row.values[i] ?? null
        if (at !== null) value = (value ?? 0) + at
      }
      return value
    })
  }
  return { above: sum('above'), below: sum('below') }
}

/** Whether anything of a line is known, so that there is a line to draw. */
export function isKnown({ above, below }: Record<Half, Values>): boolean {
  return [...above, ...below].some((value) => value !== null)
}

function flowing(answer: SeriesAnswer, parts: readonly Direction[]): number {
  return answer.series.filter((e) => parts.includes(directionOf(e)) && e.summary.total > 0).length
}

function totalRow(entry: SeriesEntry): Layers['totals'] {
  const direction = directionOf(entry)
  const always = direction === 'in' || direction === 'out'
  if (!always && entry.summary.total === 0) return []
  return [{ direction, half: halfOf[direction], summary: entry.summary }]
}

function isDrawn(layer: Layer): boolean {
  return (layer.summary.total ?? 0) > 0 || layer.values.some((value) => (value ?? 0) > 0)
}
