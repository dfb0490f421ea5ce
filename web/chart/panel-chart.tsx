/** A chart by itself: its layers are given, and a drag in it is reported. */
import { useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'

import type { Drawing } from '../state/address.ts'
import { clockNow } from '../state/clock.ts'
import { zone } from '../state/zone.ts'
import { footParts } from './caption-parts.ts'
import { Card } from './card.tsx'
import type { Layers } from './layers.ts'
import { makePlot, type Plot } from './plot.ts'
import { readoutAt, spoken } from './readout.ts'
import { makeScene, type Level, type Scene } from './scene.ts'
import { inks, theme } from './theme.ts'
import { drawInTurn } from './turns.ts'
import { undrawnRanges } from './unknown.ts'

interface PanelChartFacts {
  layers: Layers | null
  label: string
  drawing?: Drawing
  levels?: readonly Level[]
  scale?: number
  /** Called with the range of a drag, unix seconds; absent: drags do nothing. */
  selected?: (from: number, to: number) => void
}

export function PanelChart(facts: PanelChartFacts) {
  const { layers } = facts
  const feet = useMemo(() => (layers ? feetOf(layers) : []), [layers])
  return (
    <>
      <Drawn {...facts} />
      {feet.length > 0 && <p class="dim chart-foot">{feet.join(' · ')}</p>}
    </>
  )
}

/** What the bars at the foot mean; without the scene, whose making waits for its turn. */
function feetOf({ answer, total }: Layers): string[] {
  const undrawn = undrawnRanges(answer, total, clockNow() / 1000)
  return footParts({ undrawn, lost: answer.lost })
}

function Drawn(facts: PanelChartFacts) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<Plot | null>(null)
  /** As of the last render: what a drag does may change while the chart stays. */
  const selected = useRef(facts.selected)
  selected.current = facts.selected
  const given = useSignal(facts)
  const pointed = useSignal<number | null>(null)
  const scene = useComputed(() => sceneOf(given.value))
  const readout = useComputed(() => {
    const [at, drawn, { layers }] = [pointed.value, scene.value, given.value]
    if (at === null || !drawn || !layers || at >= drawn.answer.time.length) return null
    return readoutAt(at, {
      scene: drawn,
      layers,
      zone: zone.value,
      comparedWith: 'its own counters',
    })
  })
  useEffect(() => {
    const made = mount(host.current!, facts, {
      pointed: (at) => (pointed.value = at),
      selected: (from, to) => selected.current?.(from, to),
      scene: () => scene.value,
    })
    plot.current = made.plot
    return () => {
      made.unmount()
      plot.current = null
    }
  }, [facts.scale])
  // After the plot: a change of letter size builds it again.
  useEffect(() => {
    given.value = facts
  }, [facts.layers, facts.drawing, facts.levels, facts.scale])
  useSignalEffect(() => {
    const look = { ink: inks[theme.value], focused: null }
    void zone.value
    if (given.value.layers === null) return
    // Making the scene also waits for the turn.
    drawInTurn(given, () => {
      const drawn = scene.peek()
      if (drawn) plot.current?.draw(drawn, look)
    })
  })
  const move = (event: KeyboardEvent) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    const last = (scene.value?.time.length ?? 0) - 2
    if (way === undefined || last < 0) return
    event.preventDefault()
    plot.current?.point(Math.min(last, Math.max(0, (pointed.value ?? last + 1) + way)))
  }
  const at = pointed.value
  const left = at === null ? 0 : (plot.current?.positionOf(at) ?? 0)
  return (
    <div
      class="chart"
      role="img"
      aria-label={facts.label}
      tabIndex={0}
      onKeyDown={move}
      onBlur={() => plot.current?.point(null)}
    >
      <div class={facts.layers ? 'canvas' : 'canvas waiting'} ref={host} />
      <Card readout={readout.value} left={left} width={host.current?.clientWidth ?? 0} />
      <p class="unseen" aria-live="polite">
        {readout.value ? spoken(readout.value) : ''}
      </p>
    </div>
  )
}

function sceneOf({ layers, drawing = 'mirror', levels = [] }: PanelChartFacts): Scene | null {
  if (!layers) return null
  return makeScene(layers, {
    theme: theme.value,
    drawing,
    isShown: () => true,
    levels,
    notes: [],
  })
}

function mount(
  host: HTMLElement,
  { scale = 1, layers }: PanelChartFacts,
  hooks: {
    pointed: (index: number | null) => void
    selected: (from: number, to: number) => void
    scene: () => Scene | null
  },
): { plot: Plot; unmount: () => void } {
  const plot = makePlot(host, {
    zone: () => zone.value,
    ink: () => inks[theme.value],
    scene: hooks.scene,
    scale,
    window: () => (layers ? [layers.answer.from, layers.answer.to] : null),
    events: {
      pointed: hooks.pointed,
      scaled: () => undefined,
      marked: () => undefined,
      selected: hooks.selected,
      doubleClicked: () => undefined,
    },
  })
  const fit = () => {
    const { clientWidth: width, clientHeight: height } = host
    if (width > 0 && height > 0) plot.resize(width, height)
  }
  const observer = new ResizeObserver(() => requestAnimationFrame(fit))
  observer.observe(host)
  return {
    plot,
    unmount: () => {
      observer.disconnect()
      plot.destroy()
    },
  }
}
