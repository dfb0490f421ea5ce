/** The range that the view has explained, and the API's explanation. */
import { computed } from '@preact/signals'

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

export const explained = followAnswer<ExplainAnswer>(question, (ended) =>
  ask('explain', explainQuery.value ?? {}, ended),
)

const peersAsked = computed(() => {
  const answer = explained.state.value.answer
  const actor = answer?.actors[0]
  if (!answer || !actor) return null
  const { from, to } = answer.window
  const exporter = answer.exporter ?? view.value.exporter
  const [own, by] = peerWords[actor.direction]
  const filter = `${own} host ${actor.host}`
  return { actor, query: { from, to, exporter, by, filter, limit: peersMax } }
})

export const mainPeers = followAnswer<MainPeers>(
  () => peersAsked.value && JSON.stringify(peersAsked.value),
  async (ended) => {
    const { actor, query } = peersAsked.value!
    return { actor, rows: (await ask('top', query, ended)).rows }
  },
)
