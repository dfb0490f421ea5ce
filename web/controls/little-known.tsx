/** Where the data is, in a window of which nearly nothing is known: a first day in a year is one pixel. */
import { intervalSeconds } from '../../flow/interval.ts'
import { knownRanges, type KnownRange } from '../chart/unknown.ts'
import { clockNow } from '../state/clock.ts'
import { layers } from '../state/traffic.ts'
import { show, view } from '../state/view.ts'
import { zone } from '../state/zone.ts'
import { isoText, rangeText } from '../time/words.ts'

/** Less of a window than this is hard to see. */
const shareMin = 0.02
/** Data that ends so lately goes on, and so does the window that shows it. */
const goingOnSeconds = 2 * intervalSeconds

/** From the first to the last that is known of the window, unix seconds; null if nothing is. */
function knownExtent(): KnownRange | null {
  const answer = layers.value?.answer
  const known = answer ? knownRanges(answer, clockNow() / 1000) : []
  return known.length > 0 ? [known[0]![0], known.at(-1)![1]] : null
}

export function LittleKnown() {
  const all = layers.value
  const extent = knownExtent()
  if (!all || !extent) return null
  const [from, to] = extent
  const isDrawn = all.layers.some(({ values }) => values.some((value) => value !== null))
  if (!isDrawn || to - from >= shareMin * (all.answer.to - all.answer.from)) return null
  return (
    <p class="message note" role="status">
      <b>Little of this window is known:</b> {rangeText(from * 1000, to * 1000, zone.value)}.{' '}
      <ShowKnown />
    </p>
  )
}

/** Zooms to what is known; nothing if that is most of the window. */
export function ShowKnown() {
  const answer = layers.value?.answer
  const extent = knownExtent()
  if (!answer || !extent) return null
  const [from, to] = extent
  if (to - from >= (answer.to - answer.from) / 2) return null
  const goesOn = view.value.to === 'now' && to > clockNow() / 1000 - goingOnSeconds
  const range = { from: isoText(from * 1000), to: goesOn ? 'now' : isoText(to * 1000) }
  return (
    <button type="button" onClick={() => show(range)}>
      Show it
    </button>
  )
}
