/** Actions on a range marked in the chart. */
import { signal } from '@preact/signals'

import { formatDuration } from '../../flow/units.ts'
import { rangeParameter } from '../explain/ranges.ts'
import { draft } from '../state/annotations.ts'
import { show } from '../state/view.ts'
import { zone } from '../state/zone.ts'
import { stepText } from '../time/words.ts'
import { showWindow } from './zoom.ts'

/** The marked range, unix seconds. */
export const marked = signal<[from: number, to: number] | null>(null)

export function MarkBar({ clear }: { clear: () => void }) {
  const range = marked.value
  if (!range) return null
  const [from, to] = [Math.floor(range[0]), Math.ceil(range[1])]
  const window = { from: from * 1000, to: to * 1000 }
  const then = (act: () => void) => () => {
    clear()
    act()
  }
  return (
    <div class="mark-bar" role="group" aria-label="The marked range">
      <span>
        {stepText(window.from, window.to, zone.value)} · {formatDuration(to - from)}
      </span>
      <button
        type="button"
        class="due"
        onClick={then(() => show({ explain: rangeParameter(window) }))}
      >
        Explain
      </button>
      <button type="button" onClick={then(() => showWindow(window))}>
        Zoom
      </button>
      <button type="button" onClick={then(() => (draft.value = { from, to, text: '', of: null }))}>
        Annotate
      </button>
      <button type="button" class="plain" aria-label="Take the mark away" onClick={clear}>
        ×
      </button>
    </div>
  )
}
