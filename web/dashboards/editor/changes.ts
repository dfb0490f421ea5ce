/** A dashboard being edited, with its earlier states, so that every change can be undone. */
import { useSignal } from '@preact/signals'

import type { DashboardBody, Panel } from '../../../api/schema/state.ts'

/** Changes that can be undone. */
const pastMax = 100

export interface Changes {
  body: DashboardBody
  /** The body after the last change, before the page shows it. */
  now: () => DashboardBody
  /**
   * Makes a change. Consecutive changes with the same name, such as the steps of a drag, are undone
   * together.
   */
  change: (part: Partial<DashboardBody>, name?: string) => void
  /** Null if nothing was changed. */
  undo: (() => void) | null
  /** Starts over from the stored dashboard. */
  begin: (body: DashboardBody) => void
}

interface Past {
  before: DashboardBody
  name: string
}

export function useChanges(first: DashboardBody): Changes {
  const body = useSignal(first)
  const past = useSignal<readonly Past[]>([])
  // What to undo is looked up when the key comes: that may be before the page shows the last change.
  const undo = () => {
    const last = past.peek().at(-1)
    if (!last) return
    body.value = last.before
    past.value = past.peek().slice(0, -1)
  }
  return {
    body: body.value,
    now: () => body.peek(),
    change(part, name = '') {
      const before = body.peek()
      const isGoingOn = name !== '' && past.peek().at(-1)?.name === name
      if (!isGoingOn) past.value = [...past.peek(), { before, name }].slice(-pastMax)
      body.value = { ...before, ...part }
    },
    undo: past.value.length > 0 ? undo : null,
    begin(kept) {
      body.value = kept
      past.value = []
    },
  }
}

/** Whether two values are deeply equal, whatever the order of their properties. */
export function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const [left, right] = [a, b] as Record<string, unknown>[]
  const names = Object.keys(left!)
  return (
    names.length === Object.keys(right!).length &&
    names.every((name) => Object.hasOwn(right!, name) && isSame(left![name], right![name]))
  )
}

/** A panel's name if it has no title. */
export const kindNames: Record<Panel['kind'], string> = {
  chart: 'Chart',
  live: 'Live chart',
  top: 'Top list',
  number: 'Number',
  incidents: 'Incidents',
  clock: 'Clock',
  text: 'Text',
}

export function nameOf({ kind, title }: Pick<Panel, 'kind' | 'title'>): string {
  return title ?? kindNames[kind]
}
