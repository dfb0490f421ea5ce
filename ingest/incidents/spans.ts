/** Groups changed intervals into spans of time that are judged at once. */
import { intervalMs } from '../../flow/interval.ts'
import { sensitivityTable } from '../../flow/incident/sensitivity.ts'
import { isCutShort, type Judged, type JudgeQuery } from '../../store/incident/judge.ts'
import type { Verdict } from '../../store/incident/ledger.ts'
import { nullIfTooLarge } from '../../store/query-error.ts'
import type { FlowStore } from '../../store/flows.ts'
import { zoneOf, type Settings } from '../../flow/settings/settings.ts'
import { judgeAcrossHoles } from './holes.ts'

/** Longer spans would hold too many flows in memory. */
const spanMsMax = 3_600_000
/** An exporter received by others this soon before or after is judged by the flows of all collectors. */
const nearMs = 3_600_000
/** An event that began before the data read is examined again from this much earlier, step by step. */
const widerMs = [2, 6, 12].map((hours) => hours * 3_600_000)

export interface IntervalSpan {
  /** [from, to), unix ms. */
  from: number
  to: number
  /** The time to examine, if longer. */
  look?: { from: number; to: number }
}

/** Merges adjacent intervals into spans of at most an hour. */
export function spansOf(intervals: readonly number[]): IntervalSpan[] {
  const spans: IntervalSpan[] = []
  for (const interval of [...intervals].sort((a, b) => a - b)) {
    const last = spans.at(-1)
    const end = interval + intervalMs
    if (last && interval <= last.to && end - last.from <= spanMsMax) last.to = end
    else spans.push({ from: interval, to: end })
  }
  return spans
}

/** What is queried, and the signal to abort. */
export type JudgeStores = Pick<JudgeQuery, 'flows' | 'series' | 'signal'> & {
  /** If other collectors receive some of the exporters. */
  elsewhere?: Elsewhere | null
}

/** All collectors' flows, for exporters that several received: each alone would see a move as a silence. */
interface Elsewhere {
  flows: FlowStore
  /** Exporters received only by this collector in a time range, and those received by others too. */
  heard(time: { from: number; to: number }): Promise<{ alone: string[]; shared: string[] }>
  /** Whether all flows received before a time (unix ms) are there. */
  isWhole(ms: number): Promise<boolean>
}

export type JudgeSettings = Pick<Settings, 'local' | 'tiers' | 'sensitivity' | 'timeZone'>

/**
 * What happened in a span, from the stored data. If it has too many flows to read at once, it is
 * judged piece by piece.
 */
export async function judgeSpan(
  span: IntervalSpan,
  stores: JudgeStores,
  settings: JudgeSettings,
): Promise<Verdict[]> {
  const verdict = await judgeWhole(span, stores, settings).catch(nullIfTooLarge)
  if (verdict) return [verdict]
  const { from, to, look } = span
  if (look && look.to - look.from > to - from) {
    // Incidents that reach beyond the span were not judged, and stay as they are.
    const verdicts = await judgeSpan({ from, to }, stores, settings)
    return verdicts.map((each) => ({ ...each, isWhole: false }))
  }
  if (to - from <= intervalMs)
    return [{ from, to, found: [], isWhole: false, exporters: stores.elsewhere ? [] : undefined }]
  const middle = from + Math.ceil((to - from) / intervalMs / 2) * intervalMs
  return [
    ...(await judgeSpan({ from, to: middle }, stores, settings)),
    ...(await judgeSpan({ from: middle, to }, stores, settings)),
  ]
}

async function judgeWhole(
  span: IntervalSpan,
  stores: JudgeStores,
  settings: JudgeSettings,
): Promise<Verdict> {
  const { flows, series, signal } = stores
  const query: JudgeQuery = {
    flows,
    series,
    signal,
    ...(span.look ?? { from: span.from, to: span.to }),
    local: settings.local,
    tier: settings.tiers[0]!,
    sensitivity: sensitivityTable[settings.sensitivity],
    zone: zoneOf(settings),
  }
  const touches = ({ from, to }: IntervalSpan) => from < span.to && to > span.from
  const heard = (await stores.elsewhere?.heard({
    from: query.from - nearMs,
    to: query.to + nearMs,
  })) ?? { alone: null, shared: [] }
  const isReady =
    heard.shared.length === 0 || (await stores.elsewhere!.isWhole(query.to + intervalMs))
  const judgeAll = async (one: JudgeQuery) => {
    const own = await judgeAcrossHoles(one)
    const judged = own.filter(({ exporter }) => heard.alone?.includes(exporter) ?? true)
    if (isReady)
      for (const exporter of heard.shared)
        judged.push(
          ...(await judgeAcrossHoles({ ...one, exporter, flows: stores.elsewhere!.flows })),
        )
    return judged
  }
  const judged = await judgeFromBegin(query, { judgeAll, touches })
  return {
    from: span.from,
    to: span.to,
    found: judged.flatMap(({ incidents }) => incidents.filter((each) => touches(each))),
    isWhole: true,
    exporters: heard.alone ? [...heard.alone, ...(isReady ? heard.shared : [])] : undefined,
    isPartial: !isReady,
  }
}

/** Judges a time range, and again from earlier if an event began before the data read. */
async function judgeFromBegin(
  query: JudgeQuery,
  {
    judgeAll,
    touches,
  }: {
    judgeAll: (query: JudgeQuery) => Promise<Judged[]>
    touches: (span: IntervalSpan) => boolean
  },
): Promise<Judged[]> {
  let judged = await judgeAll(query)
  const areWhole = () => {
    const whole = judged.flatMap(({ scene, incidents }) =>
      incidents.filter(touches).map((incident) => !isCutShort(incident, scene)),
    )
    return whole.length > 0 && whole.every(Boolean)
  }
  if (judged.every(({ incidents }) => !incidents.some(touches))) return judged
  for (const wider of widerMs) {
    // An event that fills almost the whole time is not recognised, so extend the time even further back.
    if (areWhole()) break
    const again = await judgeAll({ ...query, from: query.from - wider }).catch(nullIfTooLarge)
    if (again === null) break
    judged = again
  }
  return judged
}
