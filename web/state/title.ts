/** The title of the browser window: what is shown, so that tabs and bookmarks can be told apart. */
import { effect } from '@preact/signals'

import { presetOf } from '../time/presets.ts'
import { rangeText } from '../time/words.ts'
import { traffic } from './traffic.ts'
import { view } from './view.ts'
import { zone } from './zone.ts'

/** Keeps Explore's title current; returns the function that stops this. */
export function followTitle(): () => void {
  return effect(() => {
    const { by, measure, from, to, exporter, filter } = view.value
    const window = traffic.value?.window
    const range =
      presetOf(from, to)?.title ?? (window ? rangeText(window.from, window.to, zone.value) : '')
    const parts = [`${measure} by ${by}`, exporter, filter, range, 'Weir'].filter(Boolean)
    document.title = parts.join(' · ')
  })
}
