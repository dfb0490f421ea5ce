/** The time range: presets, one window back and on, wider, and two fields that take what people write. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import { isRelative, parseTime } from '../../flow/time-grammar.ts'
import { offsetText } from '../../flow/zone.ts'
import { pan, zoom } from '../chart/zoom.ts'
import { refreshChoices, type Refresh } from '../state/address.ts'
import { isMoving } from '../state/refresh.ts'
import { load } from '../state/traffic.ts'
import { show, view } from '../state/view.ts'
import { timeFaults } from '../state/window.ts'
import { browserZone, serverZone, zone } from '../state/zone.ts'
import { mainPresets, morePresets, presetOf } from '../time/presets.ts'
import { fieldText, isoText } from '../time/words.ts'

export function TimeBar() {
  return (
    <nav class="bar time" aria-label="Time range">
      <Presets />
      <div class="choice">
        <button
          type="button"
          aria-label="One window back"
          title="one window back ( [ )"
          onClick={() => pan(-1)}
        >
          ←
        </button>
        <button
          type="button"
          aria-label="One window on"
          title="one window on ( ] )"
          onClick={() => pan(1)}
        >
          →
        </button>
        <button
          type="button"
          aria-label="Twice the window"
          title="twice the window ( − )"
          onClick={() => zoom(2)}
        >
          ⤢
        </button>
      </div>
      <RangeFields />
      <span class="gap" />
      <ZoneChoice />
      <RefreshChoice />
    </nav>
  )
}

function Presets() {
  const chosen = presetOf(view.value.from, view.value.to)
  const pick = (label: string) => {
    const preset = [...mainPresets, ...morePresets].find((p) => p.label === label)
    if (preset) show({ from: preset.from, to: preset.to })
  }
  const other = morePresets.some((preset) => preset === chosen)
  return (
    <div class="choice" role="group" aria-label="Presets">
      {mainPresets.map((preset) => (
        <button
          key={preset.label}
          type="button"
          aria-pressed={preset === chosen}
          title={preset.title}
          onClick={() => pick(preset.label)}
        >
          {preset.label}
        </button>
      ))}
      <select
        aria-label="More ranges"
        class={other ? 'chosen' : ''}
        value={other ? chosen?.label : ''}
        onChange={(event) => pick(event.currentTarget.value)}
      >
        <option value="" disabled>
          more
        </option>
        {morePresets.map((preset) => (
          <option key={preset.label} value={preset.label}>
            {preset.label}
          </option>
        ))}
      </select>
    </div>
  )
}

/** A text of the view as its field shows it: relative as it is, an instant in the chosen zone. */
function shownTime(text: string, side: 'from' | 'to'): string {
  const t = parseTime(text, { now: Date.now(), zone: zone.value, side })
  return t === null || isRelative(text) ? text : fieldText(t, zone.value)
}

/** What was typed, as the address has it: an instant with its zone, so that it is the same for everybody. */
function sentTime(text: string, side: 'from' | 'to'): string {
  const t = parseTime(text, { now: Date.now(), zone: zone.value, side })
  return t === null || isRelative(text) ? text.trim() : isoText(t)
}

function RangeFields() {
  const { from, to } = view.value
  const shown = { from: shownTime(from, 'from'), to: shownTime(to, 'to') }
  const draft = useSignal(shown)
  useEffect(() => {
    draft.value = shown
  }, [shown.from, shown.to])
  const apply = (event: Event) => {
    event.preventDefault()
    const changed = (side: 'from' | 'to') =>
      draft.value[side] === shown[side] ? view.value[side] : sentTime(draft.value[side], side)
    show({ from: changed('from'), to: changed('to') })
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
    <form class="range" onSubmit={apply}>
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

function ZoneChoice() {
  const now = Date.now()
  const zones = [...new Set([zone.value, serverZone.value || browserZone, browserZone, 'UTC'])]
  return (
    <select
      aria-label="Time zone"
      title="time zone of all times on this page"
      value={zone.value}
      onChange={(event) => {
        const chosen = event.currentTarget.value
        show({ tz: chosen === (serverZone.value || browserZone) ? '' : chosen })
      }}
    >
      {zones.map((name) => (
        <option key={name} value={name}>
          {name === 'UTC' ? name : `${name} (${offsetText(now, name)})`}
        </option>
      ))}
    </select>
  )
}

function RefreshChoice() {
  const moving = isMoving.value
  return (
    <div class="choice">
      <button
        type="button"
        aria-label="Fetch again"
        title="fetch again (r)"
        onClick={() => void load()}
      >
        ↻
      </button>
      <select
        aria-label="Refresh"
        title={moving ? 'how often it is fetched again' : 'a range between two dates stands still'}
        disabled={!moving}
        value={moving ? view.value.refresh : 'off'}
        onChange={(event) => show({ refresh: event.currentTarget.value as Refresh })}
      >
        {refreshChoices.map((word) => (
          <option key={word} value={word}>
            {word}
          </option>
        ))}
      </select>
    </div>
  )
}
