/** The time range of a view other than Explore: presets, fields, and the range in its address. */
import { formatDuration } from '../../flow/units.ts'
import { clockNow } from '../state/clock.ts'
import { presets, presetOf, rangeLabelled } from '../time/presets.ts'
import { addressWith, go } from '../state/route.ts'
import { view } from '../state/view.ts'
import { windowAt } from '../state/window.ts'
import { zone } from '../state/zone.ts'
import { rangeText } from '../time/words.ts'
import { RangeFields } from './range-fields.tsx'

export function RangeField() {
  const { from, to } = view.value
  const chosen = presetOf(from, to)
  const window = windowAt(clockNow())
  const pick = (label: string) => {
    const range = rangeLabelled(label)
    if (range) go(addressWith(range))
  }
  return (
    <>
      <select
        aria-label="Time range"
        value={chosen?.label ?? ''}
        onChange={(event) => pick(event.currentTarget.value)}
      >
        {!chosen && (
          <option value="">
            {window ? formatDuration((window.to - window.from) / 1000) : '?'}
          </option>
        )}
        {presets.map(({ label, title }) => (
          <option key={label} value={label}>
            {title}
          </option>
        ))}
      </select>
      <RangeFields apply={(range) => go(addressWith(range))} />
      <span class="dim">
        {window && `${rangeText(window.from, window.to, zone.value)} · ${zone.value}`}
      </span>
    </>
  )
}
