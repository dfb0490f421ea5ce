/** Saving or sharing what is shown: a permanent address, a picture, the figures. */
import { signal } from '@preact/signals'

import { writeAddress } from '../state/address.ts'
import { fetchCode } from '../state/code.ts'
import { layers, traffic } from '../state/traffic.ts'
import { view } from '../state/view.ts'
import { zone } from '../state/zone.ts'
import { isoText } from '../time/words.ts'
import { chartCsv } from './chart-csv.ts'
import { scene } from './chart.tsx'

const notice = signal('')
const noticeMs = 3000
let noticeTimer: ReturnType<typeof setTimeout> | undefined

/** The address of what is shown with absolute times: it shows the same next year. */
function permalink(): string {
  const shown = traffic.value
  const times = shown && { from: isoText(shown.window.from), to: isoText(shown.window.to) }
  return `${location.origin}/${writeAddress({ ...view.value, ...times, tz: zone.value })}`
}

export function Keep() {
  const choose = (event: { currentTarget: HTMLSelectElement }) => {
    const chosen = event.currentTarget.value
    event.currentTarget.value = ''
    void keep(chosen)
  }
  return (
    <>
      <select aria-label="Keep or share" value="" onChange={choose}>
        <option value="" disabled>
          keep …
        </option>
        <option value="link">copy the link</option>
        <option value="png">picture (PNG)</option>
        <option value="svg">drawing (SVG)</option>
        <option value="csv">figures (CSV)</option>
      </select>
      <span class="notice" role="status">
        {notice.value}
      </span>
    </>
  )
}

async function keep(chosen: string): Promise<void> {
  try {
    await actions[chosen]?.()
  } catch (error) {
    showNotice((error as Error).message)
  }
}

const actions: Record<string, () => void | Promise<void>> = {
  link: copyLink,
  png: async () => {
    const picture = await fetchCode(() => import('./picture.ts'))
    const [drawn, all, shown] = [scene.value, layers.value, traffic.value]
    if (picture && drawn && all && shown) save(await picture.chartPng(drawn, all, shown), 'png')
  },
  svg: async () => {
    const picture = await fetchCode(() => import('./picture.ts'))
    const [drawn, all, shown] = [scene.value, layers.value, traffic.value]
    if (picture && drawn && all && shown)
      save(new Blob([picture.chartSvg(drawn, all, shown)], { type: 'image/svg+xml' }), 'svg')
  },
  csv: () => {
    const all = layers.value
    if (all) save(new Blob([chartCsv(all, zone.value)], { type: 'text/csv' }), 'csv')
  },
}

async function copyLink(): Promise<void> {
  try {
    await navigator.clipboard.writeText(permalink())
    showNotice('copied')
  } catch {
    // Over plain HTTP a page may not write to the clipboard: the link is put in the address bar
    // instead.
    history.replaceState(history.state, '', permalink())
    showNotice('the link is in the address bar')
  }
}

function showNotice(text: string): void {
  notice.value = text
  clearTimeout(noticeTimer)
  noticeTimer = setTimeout(() => (notice.value = ''), noticeMs)
}

/** Saves a file under a name that says what it shows. */
function save(blob: Blob, extension: string): void {
  const from = isoText(traffic.value?.window.from ?? 0).replace(/[:Z]/g, '')
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = `weir-${view.value.by}-${from}.${extension}`
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), noticeMs)
}
