/** The two ends of a time range as text fields. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import { isRelative, parseTime } from '../../flow/time-grammar.ts'
import { clockNow } from '../state/clock.ts'
import { view } from '../state/view.ts'
import { timeFaults } from '../state/window.ts'
import { zone } from '../state/zone.ts'
import { fieldText, isoText } from '../time/words.ts'

/**
 * A time of the view as its field shows it: relative times unchanged, an instant in the chosen
 * zone.
 */
function shownTime(text: string, side: 'from' | 'to'): string {
  const t = parseTime(text, { now: clockNow(), zone: zone.value, side })
  return t === null || isRelative(text) ? text : fieldText(t, zone.value)
}

/** Typed text as the address has it: an instant with its zone, so that it is the same for everybody. */
function sentTime(text: string, side: 'from' | 'to'): string {
  const t = parseTime(text, { now: clockNow(), zone: zone.value, side })
  return t === null || isRelative(text) ? text.trim() : isoText(t)
}

/** Reports what was typed, with instants in its zone. */
export function RangeFields({ apply }: { apply: (range: { from: string; to: string }) => void }) {
  const { from, to } = view.value
  const shown = { from: shownTime(from, 'from'), to: shownTime(to, 'to') }
  const draft = useSignal(shown)
  useEffect(() => {
    draft.value = shown
  }, [shown.from, shown.to])
  const submit = (event: Event) => {
    event.preventDefault()
    const changed = (side: 'from' | 'to') =>
      draft.value[side] === shown[side] ? view.value[side] : sentTime(draft.value[side], side)
    apply({ from: changed('from'), to: changed('to') })
  }
  const field = (side: 'from' | 'to', label: string) => (
    <input
      type="text"
      spellcheck={false}
      autocomplete="off"
      aria-label={label}
      title="2026-11-16 11:30, now-6h, now/d …"
      aria-invalid={timeFaults.value[side] !== ''}
      value={draft.value[side]}
      onInput={(event) => (draft.value = { ...draft.value, [side]: event.currentTarget.value })}
    />
  )
  return (
    <form class="range" onSubmit={submit}>
      {field('from', 'From')}
      <span aria-hidden="true">–</span>
      {field('to', 'To')}
      <button
        type="submit"
        class={draft.value.from !== shown.from || draft.value.to !== shown.to ? 'due' : 'plain'}
      >
        show
      </button>
    </form>
  )
}
