/** A panel's data, fetched again for as long as it is shown. */
import { signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import type { Dashboard, Panel } from '../../api/schema/state.ts'
import type { SeriesAnswer, TopAnswer } from '../../api/schema/schema.ts'
import { figureQuery } from '../../flow/figure-query.ts'
import { sameSteps } from '../chart/layers.ts'
import { addressOfAnswer, read, type Query, type RequestError } from '../client.ts'
import { addressOf } from '../state/route.ts'
import { repeat } from './repeat.ts'
import { setNewest, takeNewest } from './freshness.ts'

type QueriedPanel = Extract<Panel, { query: Record<string, string> }>

interface PanelAsking {
  place: PanelPlace
  everyMs: number
  /** Of a chart: whether its traffic by direction is needed too. */
  wantsTotals?: boolean
}

/** A dashboard as stored. */
export type StoredAs = Pick<Dashboard, 'id' | 'etag'>

/** Where a panel is: in a stored dashboard by its index, or by itself if that is not stored. */
export interface PanelPlace {
  /** Null if it is not stored. */
  dashboard: StoredAs | null
  index: number
}

/** The etag of a dashboard of which the API has another revision by now: whoever shows it reads it again. */
export const outdated = signal('')

/** The address of a stored panel's answer, of the revision that is shown. */
export function addressOfStored({ id, etag }: StoredAs, index: number, by = ''): string {
  return addressOf(`/api/dashboards/${id}/panels/${index}`, { by, revision: etag })
}

/** Takes note of a failure that only means that the dashboard was changed. */
export function isOutdated(error: RequestError, { dashboard }: PanelPlace): boolean {
  if (!error.isConflict || dashboard === null) return false
  outdated.value = dashboard.etag
  return true
}

interface PanelState<Answer> {
  /** What the answer answers. */
  question: string
  answer: Answer | null
  /** All traffic of a chart by direction, in the steps of the answer; null if not asked for. */
  totals: SeriesAnswer | null
  error: string
}

function addressOfPanel(panel: QueriedPanel, { dashboard, index }: PanelPlace): string {
  if (dashboard !== null) return addressOfStored(dashboard, index)
  if (panel.kind === 'top') return addressOfAnswer('top', panel.query)
  const isFigure = panel.kind === 'number'
  return addressOfAnswer(
    'series',
    isFigure ? figureQuery(panel.query, panel.direction) : chartQuery(panel.query),
  )
}

/** The address of all traffic of a chart by direction. */
function addressOfTotals(panel: QueriedPanel, { dashboard, index }: PanelPlace): string {
  if (dashboard !== null) return addressOfStored(dashboard, index, 'direction')
  return addressOfAnswer('series', { ...chartQuery(panel.query), by: 'direction', top: '' })
}

/** While one of several exporters is away, a chart shows what the others report. */
function chartQuery(query: Query): Query {
  return { known: 'any', ...query }
}

const nothing = { question: '', answer: null, totals: null, error: '' }

/**
 * The answer to a panel's query, with totals if wanted. A failure is reported, and keeps the
 * previous answer if it is one to the same query.
 */
export function usePanel<Answer extends SeriesAnswer | TopAnswer>(
  panel: QueriedPanel,
  { place, everyMs, wantsTotals = false }: PanelAsking,
): PanelState<Answer> {
  const state = useSignal<PanelState<Answer>>(nothing)
  const question = JSON.stringify(panel.query)
  const address = addressOfPanel(panel, place)
  const totalsAddress = wantsTotals ? addressOfTotals(panel, place) : null
  useEffect(
    () =>
      repeat(
        everyMs,
        async (ended) => {
          const ask = () =>
            Promise.all([
              read<Answer>(address, ended),
              totalsAddress === null ? null : read<SeriesAnswer>(totalsAddress, ended),
            ])
          let [answer, totals] = await ask()
          // Between the two a step can end.
          if (!fit(answer, totals)) [answer, totals] = await ask()
          state.value = { question, answer, totals: fit(answer, totals) ? totals : null, error: '' }
          if ('step' in answer) takeNewest(state, answer)
        },
        (error) => {
          if (isOutdated(error, place)) return
          const last = state.peek()
          const kept = last.question === question ? last : nothing
          state.value = { ...kept, error: `${error.message} ${error.remedy}` }
        },
      ),
    [address, totalsAddress, question, everyMs],
  )
  useEffect(() => () => setNewest(state, undefined), [])
  return state.value
}

function fit(answer: SeriesAnswer | TopAnswer, totals: SeriesAnswer | null): boolean {
  return totals === null || ('step' in answer && sameSteps(answer, totals))
}
