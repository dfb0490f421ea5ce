/** A panel's data, fetched again for as long as it is shown. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import type { Panel } from '../../api/schema/state.ts'
import type { SeriesAnswer, TopAnswer } from '../../api/schema/schema.ts'
import { addressOfAnswer, read, RequestError } from '../client.ts'
import { repeat } from './repeat.ts'
import { takeNewest, tellAnswered, tellSilent } from './freshness.ts'

export type QueriedPanel = Extract<Panel, { query: Record<string, string> }>

/** Where a panel is: in a stored dashboard by its index, or by itself if that is not stored. */
export interface PanelPlace {
  /** The dashboard's id; null if it is not stored. */
  dashboard: string | null
  index: number
}

export interface PanelState<Answer> {
  answer: Answer | null
  error: string
}

function addressOf(panel: QueriedPanel, { dashboard, index }: PanelPlace): string {
  if (dashboard !== null) return `/api/dashboards/${dashboard}/panels/${index}`
  return addressOfAnswer(panel.kind === 'top' ? 'top' : 'series', panel.query)
}

/** The answer to a panel's query. A failure keeps the previous answer, and is reported. */
export function usePanel<Answer extends SeriesAnswer | TopAnswer>(
  panel: QueriedPanel,
  place: PanelPlace,
  everyMs: number,
): PanelState<Answer> {
  const state = useSignal<PanelState<Answer>>({ answer: null, error: '' })
  const address = addressOf(panel, place)
  useEffect(
    () =>
      repeat(everyMs, async (ended) => {
        try {
          const answer = await read<Answer>(address, ended)
          state.value = { answer, error: '' }
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
    [address, JSON.stringify(panel.query), everyMs],
  )
  return state.value
}
