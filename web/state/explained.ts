/** The range that the view has explained, and the API's explanation. */
import { computed, signal } from '@preact/signals'

import type { Actor, ExplainAnswer } from '../../api/schema/explain.ts'
import type { TopRow } from '../../api/schema/schema.ts'
import { ask } from '../client.ts'
import { readRange } from '../explain/ranges.ts'
import { followAnswer } from './follow.ts'
import { traffic } from './traffic.ts'
import { view } from './view.ts'
import { zone } from './zone.ts'

/** Peers of the first actor that are listed. */
const peersMax = 8
/** The end of its flows at which an actor is, and that of its peers. */
export const peerWords = { in: ['dst', 'src'], out: ['src', 'dst'] } as const

/** The range explained, unix seconds; null if none. */
const explainedRange = computed(() => {
  const { explain } = view.value
  if (explain === '') return null
  const range = readRange(explain)
  if (range) return { from: range.from / 1000, to: range.to / 1000 }
  const shown = traffic.value
  return shown && { from: shown.window.from / 1000, to: shown.window.to / 1000 }
})

/** The query parameters, for the API and for the report. */
export const explainQuery = computed(() => {
  const range = explainedRange.value
  return range && { ...range, exporter: view.value.exporter, tz: zone.value }
})

const question = () => explainQuery.value && JSON.stringify(explainQuery.value)

/** The peers of the first actor and their traffic in the direction of the event, greatest first. */
export interface MainPeers {
  actor: Actor
  rows: readonly TopRow[]
}

export const mainPeers = signal<MainPeers | null>(null)

export const explained = followAnswer<ExplainAnswer>(question, async (ended) => {
  mainPeers.value = null
  const answer = await ask('explain', explainQuery.value ?? {}, ended)
  void loadPeers(answer, ended)
  return answer
})

async function loadPeers(answer: ExplainAnswer, ended: AbortSignal): Promise<void> {
  const [actor] = answer.actors
  if (!actor) return
  const { from, to } = answer.window
  const exporter = answer.exporter ?? view.value.exporter
  const [own, by] = peerWords[actor.direction]
  const query = { from, to, exporter, by, filter: `${own} host ${actor.host}`, limit: peersMax }
  const top = await ask('top', query, ended).catch(() => null)
  if (top && !ended.aborted) mainPeers.value = { actor, rows: top.rows }
}
