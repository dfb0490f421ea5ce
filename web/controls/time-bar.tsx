/** The time range: presets, one window back and forward, wider, and two text fields. */
import { offsetText } from '../../flow/zone.ts'
import { pan, zoom } from '../chart/zoom.ts'
import { refreshChoices } from '../state/address.ts'
import { clockNow } from '../state/clock.ts'
import { isMoving } from '../state/refresh.ts'
import { load } from '../state/traffic.ts'
import { show, view } from '../state/view.ts'
import { browserZone, serverZone, zone } from '../state/zone.ts'
import { mainPresets, morePresets, presetOf, rangeLabelled } from '../time/presets.ts'
import { RangeFields } from './range-fields.tsx'
import { WordSelect } from './word-select.tsx'

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
      <RangeFields apply={show} />
      <span class="gap" />
      <ZoneChoice />
      <RefreshChoice />
    </nav>
  )
}

function Presets() {
  const chosen = presetOf(view.value.from, view.value.to)
  const pick = (label: string) => {
    const range = rangeLabelled(label)
    if (range) show(range)
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

function ZoneChoice() {
  const now = clockNow()
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
      <WordSelect
        label="Refresh"
        title={moving ? 'how often it is refreshed' : 'a range between two dates does not move'}
        words={refreshChoices}
        chosen={moving ? view.value.refresh : 'off'}
        disabled={!moving}
        choose={(word) => show({ refresh: word })}
      />
    </div>
  )
}
