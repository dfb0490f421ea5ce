/** The time of day, in a named zone. */
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import { isZone, wallTime } from '../../flow/zone.ts'
import { clockNow } from '../state/clock.ts'
import { zone } from '../state/zone.ts'
import { clockText, dayText } from '../time/ticks.ts'
import type { PanelFacts } from './panels.tsx'

/** unix ms, as shown by the page's clocks. */
export const now = signal(clockNow())

/** Keeps `now` current; returns the function that stops this. */
export function followNow(): () => void {
  const timer = setInterval(() => (now.value = clockNow()), 1000)
  return () => clearInterval(timer)
}

export function ClockPanel({ panel }: PanelFacts<'clock'>) {
  useEffect(followNow, [])
  const named = panel.tz !== undefined && isZone(panel.tz) ? panel.tz : zone.value
  const wall = wallTime(now.value, named)
  return (
    <div class="tile-number">
      <p class="figure">{clockText(wall, true)}</p>
      <p class="dim">
        {dayText(wall)} {wall.year} · {named}
      </p>
    </div>
  )
}
