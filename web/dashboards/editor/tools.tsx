/** The buttons above a dashboard being edited, and the notice after a panel was removed. */
import { useLayoutEffect, useRef } from 'preact/hooks'

import { dashboardLimits } from '../../../flow/dashboard-limits.ts'

export function Tools(props: {
  /** Null at the maximum number of panels. */
  add: (() => void) | null
  undo: (() => void) | null
  /** Null if there is nothing to save. */
  keep: (() => void) | null
  leave: () => void
}) {
  const { add, undo, keep, leave } = props
  const first = useRef<HTMLButtonElement>(null)
  useLayoutEffect(() => first.current?.focus(), [])
  return (
    <>
      <button
        ref={first}
        type="button"
        disabled={!add}
        title={add ? '' : `at most ${dashboardLimits.panels} panels`}
        onClick={add ?? undefined}
      >
        Add a panel
      </button>
      <button type="button" disabled={!undo} title="Ctrl+Z" onClick={undo ?? undefined}>
        Undo
      </button>
      <button type="button" onClick={leave}>
        {keep ? 'Discard' : 'Done'}
      </button>
      <button type="button" class={keep ? 'due' : ''} disabled={!keep} onClick={keep ?? undefined}>
        Keep
      </button>
    </>
  )
}

export function Removed({ name, undo }: { name: string; undo: (() => void) | null }) {
  const back = useRef<HTMLButtonElement>(null)
  // The button that had the focus was removed with its panel.
  useLayoutEffect(() => back.current?.focus(), [name])
  return (
    <p class="message removed" role="status">
      {name} is removed.{' '}
      <button ref={back} type="button" disabled={!undo} onClick={undo ?? undefined}>
        Undo the removal
      </button>
    </p>
  )
}
