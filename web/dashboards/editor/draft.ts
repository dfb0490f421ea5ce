/** A panel as the fields of its form, each a text, and back. Query parameters unknown to the form are kept. */
import type { Panel } from '../../../api/schema/state.ts'
import { dependsOnZone } from '../../../flow/time-grammar.ts'
import { parseScaled } from '../../../flow/units.ts'
import { splitKeys, splits, type Measure, type Split } from '../../state/address.ts'

export type Kind = Panel['kind']
type PanelOf<Name extends Kind> = Extract<Panel, { kind: Name }>
type Query = Record<string, string>

export type Style = NonNullable<PanelOf<'chart'>['style']>
export type Statistic = PanelOf<'number'>['statistic']
export type Flow = NonNullable<PanelOf<'number'>['direction']> | 'all'

/** Chart splits: those of Explore, and those that only totals have. */
export const chartSplits = [...splits, 'tracker', 'counter'] as const
export type ChartSplit = (typeof chartSplits)[number]

export interface PanelDraft {
  kind: Kind
  title: string
  /** Texts of the time grammar. */
  from: string
  to: string
  /** Address or name; empty for all. */
  exporter: string
  /** An ifIndex of that exporter; empty for all. */
  interface: string
  filter: string
  /** Words of /api/series. */
  by: string
  /** Ids of trackers; empty for the greatest. */
  tracker: string
  measure: Measure
  top: string
  /** Words of /api/top. */
  words: string
  order: string
  limit: string
  style: Style
  statistic: Statistic
  direction: Flow
  threshold: string
  /** Number of live seconds. */
  seconds: string
  /** Number of incidents listed. */
  listed: string
  tz: string
  text: string
  /** The original query and its kind of panel: parameters without a field go back with it. */
  kept: { kind: Kind; query: Query }
}

const usual: PanelDraft = {
  kind: 'chart', title: '', from: 'now-1h', to: 'now', exporter: '', interface: '', filter: '',
  by: 'host,direction', tracker: '', measure: 'bits', top: '24', words: 'host', order: 'bytes', limit: '8',
  style: 'mirrored', statistic: 'last', direction: 'all', threshold: '', seconds: '300', listed: '5',
  tz: '', text: '', kept: { kind: 'chart', query: {} },
} // prettier-ignore

/** Parameters that have a field; all others of a query are kept as they are. */
const known = new Set([
  'from', 'to', 'exporter', 'filter', 'by', 'tracker', 'measure', 'top', 'order', 'limit', 'tz',
]) // prettier-ignore
/** As many steps as a panel has pixels to draw. */
const pointsUsually = '400'

/** The split that a chart's words stand for; null if it is not one of the form's. */
export function splitOf(by: string): ChartSplit | null {
  return chartSplits.find((word) => byOf(word) === by) ?? (by === '' ? 'direction' : null)
}

/** The words of /api/series for a split. */
export function byOf(split: ChartSplit): string {
  if (split === 'counter') return 'exporter,counter,direction'
  return split === 'tracker' ? 'tracker,direction' : splitKeys[split satisfies Split]
}

/** The form's draft of a panel; of a new one if there is none. */
export function draftOf(panel: Omit<Panel, 'place'> | null): PanelDraft {
  if (!panel) return usual
  const { kind, title = '' } = panel
  const shared = { ...usual, kind, title, kept: { kind, query: {} } }
  const given = panel as Panel
  if ('query' in given) return { ...shared, ...queryDraft(given), ...ownDraft(given) }
  return { ...shared, ...ownDraft(given) }
}

function ownDraft(panel: Panel): Partial<PanelDraft> {
  const threshold = (value: number | undefined) => (value === undefined ? '' : figureText(value))
  if (panel.kind === 'chart')
    return { style: panel.style ?? 'mirrored', threshold: threshold(panel.threshold) }
  if (panel.kind === 'number')
    return {
      statistic: panel.statistic,
      direction: panel.direction ?? 'all',
      threshold: threshold(panel.threshold),
    }
  if (panel.kind === 'live') return { measure: panel.measure, seconds: String(panel.seconds) }
  if (panel.kind === 'incidents') return { listed: String(panel.limit ?? usual.listed) }
  if (panel.kind === 'clock') return { tz: panel.tz ?? '' }
  return panel.kind === 'text' ? { text: panel.text } : {}
}

function queryDraft({ kind, query }: PanelOf<'chart' | 'top' | 'number'>): Partial<PanelDraft> {
  const { from = 'now-6h', to = 'now', exporter = '', filter = '', by = '', tracker = '' } = query
  const narrowed = interfaceOf(query)
  const plain: Partial<PanelDraft> = {
    from,
    to,
    exporter,
    ...(narrowed ?? { filter }),
    tracker,
    tz: query['tz'] ?? '',
    kept: { kind, query },
  }
  if (kind === 'top')
    return {
      ...plain,
      words: by === '' ? 'host' : by,
      order: query['order'] ?? 'bytes',
      limit: query['limit'] ?? '10',
    }
  const measure = (query['measure'] ?? 'bits') as Measure
  return { ...plain, by: narrowed?.by ?? by, measure, top: query['top'] ?? '8' }
}

/** How a query selects an interface: by a key of the totals, or by a condition in front of the filter. */
function interfaceOf(query: Query): { interface: string; filter: string; by?: string } | null {
  const { exporter = '', by, key, filter = '' } = query
  if (exporter === '' || exporter.includes(',')) return null
  if (by === 'interface,direction' && key !== undefined && filter === '')
    return { interface: key, filter: '', by: splitKeys.interface }
  const match = /^if (\d+)(?: and \((.*)\))?$/s.exec(filter)
  return match && { interface: match[1]!, filter: (match[2] ?? '').trim() }
}

/** The panel described by a draft, without its place. checks.ts checks it. */
export function panelOf(draft: PanelDraft): Omit<Panel, 'place'> {
  const title = draft.title.trim() === '' ? {} : { title: draft.title.trim() }
  return partsOf(draft, title) as Omit<Panel, 'place'>
}

function partsOf(draft: PanelDraft, title: { title?: string }): object {
  const { kind } = draft
  const threshold = parseScaled(draft.threshold)
  const limit = threshold === null ? {} : { threshold }
  const direction = draft.direction === 'all' ? {} : { direction: draft.direction }
  const head = { kind, ...title }
  if (kind === 'chart') return { ...head, query: queryOf(draft), style: draft.style, ...limit }
  if (kind === 'top') return { ...head, query: queryOf(draft) }
  if (kind === 'number')
    return { ...head, query: queryOf(draft), statistic: draft.statistic, ...limit, ...direction }
  if (kind === 'live') {
    const { measure, seconds } = draft
    return { ...head, measure: liveMeasure(measure), seconds: Number(seconds) }
  }
  if (kind === 'incidents') return { ...head, limit: Number(draft.listed) }
  if (kind === 'clock') return { ...head, ...(draft.tz === '' ? {} : { tz: draft.tz }) }
  return { ...head, text: draft.text }
}

/** The live stream has only these measures. */
export function liveMeasure(measure: Measure): PanelOf<'live'>['measure'] {
  return measure === 'packets' || measure === 'flows' ? measure : 'bits'
}

function queryOf(draft: PanelDraft): Query {
  const { kind, kept, from, to, exporter, tz } = draft
  const words = kind === 'top' ? topParameters(draft) : seriesParameters(draft)
  const isKept = (name: string) =>
    kept.kind === kind && !known.has(name) && (name !== 'key' || kept.query['by'] === words['by'])
  const others = Object.entries(kept.query).filter(([name]) => isKept(name))
  const all: Query = {
    from: from.trim(),
    to: to.trim(),
    exporter,
    ...Object.fromEntries(others),
    ...words,
    tz: needsZone(from, to) ? tz : '',
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
}

/** Whether these times depend on where days begin. */
export function needsZone(from: string, to: string): boolean {
  return dependsOnZone(from) || dependsOnZone(to)
}

function topParameters({ words, order, limit, ...draft }: PanelDraft): Query {
  return { by: words, order: order === 'bytes' ? '' : order, limit, filter: narrowedFilter(draft) }
}

function seriesParameters(draft: PanelDraft): Query {
  const { kind, kept, measure, top, tracker } = draft
  const points = kept.kind === kind && 'points' in kept.query ? {} : { points: pointsUsually }
  const measured = { measure: measure === 'bits' ? '' : measure, ...points }
  const by = kind === 'chart' ? draft.by : numberBy(draft)
  const split = splitOf(by)
  if (split === 'tracker') return { ...measured, by, tracker, top }
  if (split === 'counter') return { ...measured, by, top }
  const isOfTotals = draft.interface !== '' && draft.filter.trim() === ''
  if (isOfTotals && (kind === 'number' || split === 'interface'))
    return { ...measured, by: 'interface,direction', key: draft.interface }
  const keys = kind === 'chart' && split !== 'direction' ? { top } : {}
  return { ...measured, by, ...keys, filter: narrowedFilter(draft) }
}

/**
 * A figure is the sum of its series, whatever the split; a single direction needs a split by
 * direction.
 */
function numberBy({ kept, direction, by }: PanelDraft): string {
  if (direction !== 'all' || kept.kind !== 'number') return 'direction'
  return by === '' || by === splitKeys.interface ? 'direction' : by
}

function narrowedFilter({ interface: index, filter }: Pick<PanelDraft, 'interface' | 'filter'>) {
  const own = filter.trim()
  if (index === '') return own
  // The parenthesis must not be part of a comment.
  const whole = own.includes('#') ? `${own}\n` : own
  return own === '' ? `if ${index}` : `if ${index} and (${whole})`
}

/** A figure in the form its field accepts: 60M, 2.5G, 40. */
function figureText(value: number): string {
  for (const [size, prefix] of [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const)
    // prettier-ignore
    if (Math.abs(value) >= size && Number.isInteger((value / size) * 1000))
      return `${value / size}${prefix}`
  return String(value)
}
