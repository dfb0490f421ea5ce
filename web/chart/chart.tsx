/** The main chart: canvas, crosshair with its card, keyboard, and a table for screen readers. */
import { computed, signal, useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

import { annotations } from '../state/annotations.ts'
import { clockNow } from '../state/clock.ts'
import { isLocal } from '../state/collector.ts'
import { failure, layers, pointsWanted, traffic } from '../state/traffic.ts'
import { view } from '../state/view.ts'
import { askWho } from '../state/who.ts'
import { windowAt } from '../state/window.ts'
import { zone } from '../state/zone.ts'
import { waysText } from './caption-parts.ts'
import { Card, Named } from './card.tsx'
import { ChartTable } from './chart-table.tsx'
import { comparisonTexts } from './compared.ts'
import { chartKey } from './keyboard.ts'
import { levelsOf } from './levels.ts'
import { marked, MarkBar } from './mark-bar.tsx'
import { makePlot, type Plot } from './plot.ts'
import { readoutAt, spoken } from './readout.ts'
import { makeScene } from './scene.ts'
import { inks, theme } from './theme.ts'
import { followTouch } from './touch.ts'
import { back, showWindow } from './zoom.ts'

/** The key that the legend points at. */
export const focused = signal<string | null>(null)
/** The time that the axis shows, unix seconds; null while there is no chart. */
export const axisRange = signal<readonly [from: number, to: number] | null>(null)
/** The step under the cursor. */
const pointed = signal<number | null>(null)
/** The moment under the cursor, unix seconds. */
const pointedAt = signal<number | null>(null)

/** Whether the view shows a key. */
export function isShown(id: string): boolean {
  const { only, hide } = view.value
  return only.length > 0 ? only.includes(id) : !hide.includes(id)
}

export const scene = computed(() => {
  const all = layers.value
  if (!all) return null
  const shown = view.value
  return makeScene(all, {
    theme: theme.value,
    isShown,
    drawing: shown.draw,
    levels: levelsOf(shown, all),
    notes: annotations.value.map(({ from, to, text }) => ({ from, to: to ?? from, text })),
  })
})

const readout = computed(() => {
  const index = pointed.value
  const [drawn, all] = [scene.value, layers.value]
  if (index === null || !drawn || !all || index >= drawn.answer.time.length) return null
  return readoutAt(index, {
    scene: drawn,
    layers: all,
    zone: zone.value,
    comparedWith: comparisonTexts[traffic.value?.view.compare ?? 'none'],
  })
})

export function Chart() {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<Plot | null>(null)
  useEffect(() => {
    const made = mount(host.current!)
    plot.current = made.plot
    return made.unmount
  }, [])
  useSignalEffect(() => {
    const drawn = scene.value
    // One that is left out while the pointer rests on it in the legend is not there to stand out.
    const isThere = focused.value !== null && isShown(focused.value)
    const look = { ink: inks[theme.value], focused: isThere ? focused.value : null }
    void zone.value
    if (drawn) plot.current?.draw(drawn, look)
    // Without a query there is nothing to draw, but the axis still needs the zone.
    else plot.current?.uplot.redraw(false, true)
  })
  useSignalEffect(() => {
    if (failure.value) plot.current?.unstretch()
  })
  useSignalEffect(() => {
    const shown = traffic.value
    if (shown) askWho(pointedAt.value, isLocal.value, shown)
  })
  return (
    <div
      class="chart"
      hidden={view.value.draw === 'table'}
      role="application"
      aria-roledescription="chart"
      aria-label={chartLabel()}
      aria-describedby="chart-keys"
      tabIndex={0}
      onKeyDown={(event) => {
        if (plot.current && scene.value)
          chartKey(event, { plot: plot.current, scene: scene.value, pointed: pointed.value })
      }}
      onBlur={() => plot.current?.point(null)}
    >
      <div class="canvas" ref={host} />
      <Card
        readout={readout.value}
        left={cardLeft(plot.current)}
        width={host.current?.clientWidth ?? 0}
      >
        <Named />
      </Card>
      <MarkBar clear={() => plot.current?.mark(null)} />
      <Voice />
      <p id="chart-keys" class="unseen">
        Arrow keys move the cursor, plus and minus zoom, Escape goes back. Enter twice zooms into a
        range, Shift and Enter marks it to be explained.
      </p>
      <ChartTable />
    </div>
  )
}

function mount(host: HTMLElement): { plot: Plot; unmount: () => void } {
  const plot: Plot = makePlot(host, {
    zone: () => zone.value,
    ink: () => inks[theme.value],
    scene: () => scene.value,
    window: () => {
      const window = windowAt(clockNow())
      return window ? [window.from / 1000, window.to / 1000] : null
    },
    events: {
      pointed: (index, at) => {
        pointed.value = index
        pointedAt.value = at
      },
      scaled: (range) => (axisRange.value = range),
      marked: (range) => (marked.value = range),
      doubleClicked: back,
      selected: (from, to) => {
        plot.stretch(showWindow({ from: from * 1000, to: to * 1000 }))
      },
    },
  })
  const forgetTouch = followTouch(plot)
  const observer = new ResizeObserver(() => {
    requestAnimationFrame(() => fit(plot, host))
  })
  observer.observe(host)
  fit(plot, host)
  return {
    plot,
    unmount: () => {
      observer.disconnect()
      forgetTouch()
      plot.destroy()
      axisRange.value = null
      pointed.value = null
      pointedAt.value = null
      marked.value = null
    },
  }
}

function fit(plot: Plot, host: HTMLElement): void {
  const { clientWidth: width, clientHeight: height } = host
  if (width === 0 || height === 0) return
  if (width !== plot.uplot.width || height !== plot.uplot.height) plot.resize(width, height)
  // In steps of 200, so that resizing the window does not send a query at each pixel.
  pointsWanted.value = Math.min(2000, Math.max(400, Math.round(width / 200) * 200))
}

function cardLeft(plot: Plot | null): number {
  const index = pointed.value
  return index === null || !plot ? 0 : plot.positionOf(index)
}

function chartLabel(): string {
  const { by, measure, exporter, draw } = view.value
  return `${measure} by ${by}, ${exporter === '' ? 'all exporters' : exporter}, ${waysText(measure, draw)}`
}

/** How long the cursor must rest before its figures are announced. */
const restMs = 300

function Voice() {
  const live = useRef<HTMLParagraphElement>(null)
  useSignalEffect(() => {
    const current = readout.value
    const timer = setTimeout(() => {
      if (live.current) live.current.textContent = current ? spoken(current) : ''
    }, restMs)
    return () => clearTimeout(timer)
  })
  return <p ref={live} class="unseen" aria-live="polite" />
}
