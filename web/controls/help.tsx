/** Help: the keys, and how to read the chart. Also the keys that work in every view. */
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

export const helpOpen = signal(false)

const keys: readonly [string, string][] = [
  ['drag', 'zoom into that range, down to seconds'],
  ['two fingers', 'stretch the time between them'],
  ['double click, Esc', 'back to the view before; at the first, out to twice the window'],
  ['← →', 'on the chart: move the cursor by a step (Shift: ten), Home, End'],
  ['Enter Enter', 'on the chart: from the cursor, to the cursor: zoom into that range'],
  ['Shift and drag', 'mark a range: explain it, zoom, annotate. By keyboard: Enter, Shift Enter'],
  ['+ −', 'zoom in and out, around the cursor'],
  ['[ ]', 'one window back, one window on'],
  ['e', 'explain what is shown'],
  ['a', 'annotate what is shown'],
  ['/', 'to the filter'],
  ['r', 'fetch again'],
  ['?', 'this help'],
]

const reading: readonly [string, string][] = [
  ['areas', 'mean of each step; received above the axis, sent below'],
  ['thin line', 'greatest 5-minute value of each step, if steps are longer: no peak is lost'],
  [
    'hatched',
    'nothing is known there, or not of all exporters, which is not zero; the cursor says why',
  ],
  ['bar at the foot', 'known, but less than half of the step is, so it has no value'],
  ['orange at the foot', 'flows were lost on the way there'],
  ['pale at the end', 'the step that is still being counted: too low until its flows are reported'],
  ['host', 'our hosts, each with all that it received and sent. Grey is the rest of ours'],
  ['port, protocol', 'above: in, and paler internal and transit; below: out. Each flow once'],
]

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (helpOpen.value) dialog.current?.showModal()
    else dialog.current?.close()
  }, [helpOpen.value])
  const list = (title: string, rows: readonly [string, string][]) => (
    <>
      <h2>{title}</h2>
      <dl>
        {rows.map(([term, text]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </>
  )
  return (
    <dialog ref={dialog} aria-label="Help" onClose={() => (helpOpen.value = false)}>
      {list('Keys and mouse', keys)}
      {list('How to read the chart', reading)}
      <p>
        <a href="/api/docs">The API</a> answers everything that is drawn here.
      </p>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  )
}

/** Handles keys that mean the same in every view, except in text fields. */
export function pageKeys(event: KeyboardEvent): void {
  if (!isForPage(event) || event.key !== '?') return
  event.preventDefault()
  helpOpen.value = true
}

/** Whether a key is for the page, not for a field, a dialog or the browser. */
export function isForPage(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement
  const writing = target.matches('input, select, textarea')
  if (event.key === 'Escape' && writing) target.blur()
  const isOpen = document.querySelector('dialog[open]') !== null
  return !(writing || isOpen || event.ctrlKey || event.metaKey || event.altKey)
}
