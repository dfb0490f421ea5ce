/** A panel's data, fetched again for as long as it is shown. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import type { Panel } from '../../api/schema/state.ts'
import type { SeriesAnswer, TopAnswer } from '../../api/schema/schema.ts'
import { figureQuery } from '../../flow/figure-query.ts'
import { sameSteps } from '../chart/layers.ts'
import { addressOfAnswer, read, RequestError } from '../client.ts'
import { repeat } from './repeat.ts'
import { takeNewest, tellAnswered, tellSilent } from './freshness.ts'

export type QueriedPanel = Extract<Panel, { query: Record<string, string> }>

export interface PanelAsking {
  place: PanelPlace
  everyMs: number
  /** Of a chart: whether its traffic by direction is needed too. */
  wantsTotals?: boolean
}

/** Where a panel is: in a stored dashboard by its index, or by itself if that is not stored. */
export interface PanelPlace {
  /** The dashboard's id; null if it is not stored. */
  dashboard: string | null
  index: number
}

export interface PanelState<Answer> {
  answer: Answer | null
  /** All traffic of a chart by direction, in the steps of the answer; null if not asked for. */
  totals: SeriesAnswer | null
  error: string
}

function addressOf(panel: QueriedPanel, { dashboard, index }: PanelPlace): string {
  if (dashboard !== null) return `/api/dashboards/${dashboard}/panels/${index}`
  if (panel.kind === 'top') return addressOfAnswer('top', panel.query)
  const isFigure = panel.kind === 'number'
  return addressOfAnswer(
    'series',
    isFigure ? figureQuery(panel.query, panel.direction) : panel.query,
  )
}

/** The address of all traffic of a chart by direction. */
function addressOfTotals(panel: QueriedPanel, { dashboard, index }: PanelPlace): string {
  if (dashboard !== null) return `/api/dashboards/${dashboard}/panels/${index}?by=direction`
  return addressOfAnswer('series', { ...panel.query, by: 'direction', top: '' })
}

/**
 * The answer to a panel's query, with totals if wanted. A failure keeps the previous answer, and is
 * reported.
 */
export function usePanel<Answer extends SeriesAnswer | TopAnswer>(
  panel: QueriedPanel,
  { place, everyMs, wantsTotals = false }: PanelAsking,
): PanelState<Answer> {
  const state = useSignal<PanelState<Answer>>({ answer: null, totals: null, error: '' })
  const address = addressOf(panel, place)
  const totalsAddress = wantsTotals ? addressOfTotals(panel, place) : null
  useEffect(
    () =>
      repeat(everyMs, async (ended) => {
        try {
          const ask = () =>
            Promise.all([
              read<Answer>(address, ended),
              totalsAddress === null ? null : read<SeriesAnswer>(totalsAddress, ended),
            ])
          let [answer, totals] = await ask()
          // Between the two a step can end.
          if (!fit(answer, totals)) [answer, totals] = await ask()
          state.value = { answer, totals: fit(answer, totals) ? totals : null, error: '' }
          tellAnswered()
          if ('step' in answer) takeNewest(answer)
        } catch (error) {
          if (ended.aborted) return
          if (!(error instanceof RequestError)) throw error
          if (error.status === 0) tellSilent(Date.now())
          state.value = { ...state.peek(), error: `${error.message} ${error.remedy}` }
          throw error
        }
      }),
    [address, totalsAddress, JSON.stringify(panel.query), everyMs],
  )
  return state.value
}

function fit(answer: SeriesAnswer | TopAnswer, totals: SeriesAnswer | null): boolean {
  return totals === null || ('step' in answer && sameSteps(answer, totals))
}
