/** A dashboard while it is changed: what it was before each change, so that every change can be undone. */
import { useSignal } from '@preact/signals'

import type { DashboardBody, Panel } from '../../../api/schema/state.ts'

/** Changes that can be undone. */
const pastMax = 100

export interface Changes {
  body: DashboardBody
  /** The body as the last change made it, before the page shows it. */
  now: () => DashboardBody
  /**
   * Makes a change. Changes one after the other that have the same name, such as the steps of a
   * drag, are undone together.
   */
  change: (part: Partial<DashboardBody>, name?: string) => void
  /** Null where nothing was changed. */
  undo: (() => void) | null
  /** Begins anew with what is kept. */
  begin: (body: DashboardBody) => void
}

interface Past {
  before: DashboardBody
  name: string
}

export function useChanges(first: DashboardBody): Changes {
  const body = useSignal(first)
  const past = useSignal<readonly Past[]>([])
  // What it takes back is looked up when it is asked to: a key may come before the page shows the last change.
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

/** Whether two values are the same in all their parts, in whatever order these are written. */
export function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const [left, right] = [a, b] as Record<string, unknown>[]
  const names = Object.keys(left!)
  return (
    names.length === Object.keys(right!).length &&
    names.every((name) => Object.hasOwn(right!, name) && isSame(left![name], right![name]))
  )
}

/** What a panel is called where it has no title. */
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
