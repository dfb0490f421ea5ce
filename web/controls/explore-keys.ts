/** The keys of Explore, active anywhere in it except in text fields. */
import { annotateShown, explainShown } from '../chart/tools.tsx'
import { back, pan, zoom } from '../chart/zoom.ts'
import { load } from '../state/traffic.ts'
import { filterField } from './explore-bar.tsx'
import { isForPage } from './help.tsx'

const actions: Record<string, () => void> = {
  '/': () => filterField.value?.focus(),
  Escape: back,
  '[': () => pan(-1),
  ']': () => pan(1),
  '+': () => zoom(0.5),
  '-': () => zoom(2),
  r: () => void load(),
  e: explainShown,
  a: annotateShown,
}

/** Handles a key that has a meaning. */
export function exploreKeys(event: KeyboardEvent): void {
  const action = actions[event.key]
  if (!action || !isForPage(event)) return
  event.preventDefault()
  action()
}
