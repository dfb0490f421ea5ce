/** Annotations: user notes on the time shown. */
import { computed, signal } from '@preact/signals'

import type { Annotation, AnnotationsAnswer } from '../../api/schema/state.ts'
import { read } from '../client.ts'
import { followAnswer } from './follow.ts'
import { addressOf } from './route.ts'
import { traffic } from './traffic.ts'

/** The API path for the annotations of what is shown. */
const path = computed(() => {
  const shown = traffic.value
  return shown && addressOf('/api/annotations', { from: shown.keyed.from, to: shown.keyed.to })
})

export const annotationsShown = followAnswer<readonly Annotation[]>(
  () => path.value,
  async (ended) => (await read<AnnotationsAnswer>(path.value!, ended)).annotations,
)

/** The annotations shown, oldest first: their number on the chart is their index here. */
export const annotations = computed(() =>
  (annotationsShown.state.value.answer ?? []).toSorted((a, b) => a.from - b.from),
)

/** The annotation being written: new or edited. */
export interface Draft {
  /** unix seconds; `to` null for a moment */
  from: number
  to: number | null
  text: string
  of: Annotation | null
}

export const draft = signal<Draft | null>(null)

/**
 * Saves the draft.
 * @throws RequestError
 */
export async function keep({ from, to, text }: Draft, of: Annotation | null): Promise<void> {
  if (!of) {
    const body = { from, to, text }
    await annotationsShown.change('/api/annotations', { method: 'POST', body })
    return
  }
  const { id, etag, tags, exporter, tracker } = of
  const body = { from, to, text, tags, exporter, tracker }
  await annotationsShown.change(`/api/annotations/${id}`, { method: 'PUT', body, etag })
}

/**
 * Deletes an annotation.
 * @throws RequestError
 */
export async function remove({ id, etag }: Annotation): Promise<void> {
  await annotationsShown.change(`/api/annotations/${id}`, { method: 'DELETE', etag })
}
