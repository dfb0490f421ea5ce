/**
 * The chart as a stand-alone picture with title, legend and caption: SVG, and PNG made from it.
 * Light or dark as shown; it has no external references.
 */
import { formatDuration, formatShort, formatWithUnit } from '../../flow/units.ts'
import { view } from '../state/view.ts'
import { zone } from '../state/zone.ts'
import { tickLabels, tickStep, tickTimes } from '../time/ticks.ts'
import { rangeText } from '../time/words.ts'
import type { Half, Layers, Values } from './layers.ts'
import { forRuns } from './paint.ts'
import { layerLabel, measureUnits, rateTexts } from './readout.ts'
import { extremes, figureRange, levelsBeyond, levelsWithin } from './scale.ts'
import type { Scene } from './scene.ts'
import { inks, theme, type Ink } from './theme.ts'

const width = 1200
const plotHeight = 420
const margin = { left: 70, right: 30, top: 44 }
const legendColumns = 3
const legendLine = 18
/** PNG pixels per pixel of the drawing. */
const pngScale = 2

interface Drawing {
  scene: Scene
  ink: Ink
  x: (t: number) => number
  y: (value: number) => number
}

/** The chart as an SVG document. */
export function chartSvg(scene: Scene, all: Layers): string {
  const ink = inks[theme.value]
  const { from, to, step, source } = scene.answer
  const [low, high] = figureRange(...extremes(scene))
  const drawing: Drawing = {
    scene,
    ink,
    x: (t) => margin.left + ((t - from) / (to - from)) * (width - margin.left - margin.right),
    y: (value) => margin.top + plotHeight - ((value - low) / (high - low)) * plotHeight,
  }
  const bottom = margin.top + plotHeight
  const legend = legendOf(scene, all, { top: bottom + 52, ink })
  const height = legend.bottom + 30
  const { by, filter, exporter } = view.value
  const about = [`by ${by}`, exporter || 'all exporters', filter, rateTexts[scene.answer.measure]]
  const title = `${rangeText(from * 1000, to * 1000, zone.value)} · ${about.filter(Boolean).join(' · ')}`
  const caption = `averaged over ${formatDuration(step)} · source: ${source} · ${zone.value} · Weir`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="${ink.panel}"/>`,
    text(title, { x: margin.left, y: 24, fill: ink.text, size: 15 }),
    grid(drawing, [low, high]),
    areas(drawing),
    levels(drawing, [low, high]),
    text(caption, { x: margin.left, y: height - 12, fill: ink.dim, size: 12 }),
    legend.svg,
    '</svg>',
  ].join('\n')
}

/** The same as a PNG, at twice the pixels. */
export async function chartPng(scene: Scene, all: Layers): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([chartSvg(scene, all)], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = image.width * pngScale
    canvas.height = image.height * pngScale
    canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height)
    return await new Promise((resolve, reject) => {
      const take = (blob: Blob | null) =>
        blob ? resolve(blob) : reject(new Error('the picture is too large for this browser'))
      canvas.toBlob(take, 'image/png')
    })
  } finally {
    URL.revokeObjectURL(url)
  }
}

function grid({ scene, ink, x, y }: Drawing, [low, high]: [number, number]): string {
  const { from, to } = scene.answer
  const step = tickStep(from * 1000, to * 1000, 12)
  const times = tickTimes([from * 1000, to * 1000], step, zone.value)
  const labels = tickLabels(times, step, zone.value)
  const bottom = margin.top + plotHeight
  const vertical = times.map((t, i) => {
    const at = x(t / 1000).toFixed(1)
    const lines = (labels[i] ?? '').split('\n')
    const words = lines.map((word, row) =>
      text(word, { x: Number(at), y: bottom + 16 + row * 14, fill: ink.dim, anchor: 'middle' }),
    )
    return `<path d="M${at} ${margin.top}V${bottom}" stroke="${ink.grid}"/>${words.join('')}`
  })
  const size = 10 ** Math.floor(Math.log10((high - low) / 4))
  const figure = [1, 2, 5, 10].map((n) => n * size).find((n) => (high - low) / n <= 7) ?? size * 10
  const horizontal: string[] = []
  for (let value = Math.ceil(low / figure) * figure; value <= high; value += figure) {
    const at = y(value)
    horizontal.push(
      `<path d="M${margin.left} ${at.toFixed(1)}H${width - margin.right}" stroke="${value === 0 ? ink.axis : ink.grid}"/>`,
      text(formatShort(Math.abs(value)), {
        x: margin.left - 8,
        y: at + 4,
        fill: ink.dim,
        anchor: 'end',
      }),
    )
  }
  return [...horizontal, ...vertical].join('\n')
}

function areas(drawing: Drawing): string {
  const { scene, ink, x, y } = drawing
  const halves: readonly Half[] = ['above', 'below']
  const shapes = halves.flatMap((half) =>
    scene.layers[half]
      .toReversed()
      .map(({ edge, colour }) =>
        scene.lines
          ? `<path d="${line(drawing, edge)}" fill="none" stroke="${colour}" stroke-width="1.5"/>`
          : `<path d="${line(drawing, edge, y(0))}" fill="${colour}"/>`,
      ),
  )
  const beside = halves.flatMap((half) =>
    [
      { values: scene.peak?.[half], look: `stroke="${ink.peak}"` },
      { values: scene.compared?.[half], look: `stroke="${ink.text}" stroke-dasharray="5 4"` },
    ].flatMap(({ values, look }) => {
      const signed = values?.map((v) => (v === null ? null : half === 'above' ? v : -v))
      return signed ? [`<path d="${line(drawing, signed)}" fill="none" ${look}/>`] : []
    }),
  )
  const notes = scene.notes.map(({ from, to }, i) => {
    const left = x(from)
    const band = `<rect x="${left}" y="${margin.top}" width="${Math.max(1, x(to) - left)}" height="${plotHeight}" fill="${ink.note}" opacity="0.3"/>`
    return band + text(String(i + 1), { x: left + 3, y: margin.top + 12, fill: ink.note })
  })
  return [...shapes, ...beside, ...notes].join('\n')
}

function levels({ scene, ink, y }: Drawing, range: [number, number]): string {
  const right = width - margin.right
  const within = levelsWithin(scene.levels, range).flatMap(({ value, text: name, limit }) => [
    `<path d="M${margin.left} ${y(value)}H${right}" stroke="${limit ? ink.limit : ink.level}" stroke-dasharray="${limit ? 'none' : '2 3'}"/>`,
    text(name, { x: right - 4, y: y(value) - 4, fill: ink.text, anchor: 'end' }),
  ])
  const { higher, lower } = levelsBeyond(scene.levels, range)
  const atEdge = (name: string, at: number) =>
    text(name, { x: margin.left + 6, y: at, fill: ink.text })
  return [
    ...within,
    ...higher.map((name, i) => atEdge(name, margin.top + 16 + i * 16)),
    ...lower.map((name, i) => atEdge(name, margin.top + plotHeight - 8 - i * 16)),
  ].join('\n')
}

/** A path that keeps its height over each step; closed at `base` if given. */
function line({ scene, x, y }: Drawing, values: Values, base?: number): string {
  const parts: string[] = []
  const at = (t: number | undefined) => x(t ?? 0).toFixed(1)
  forRuns(values, (from, to) => {
    if (base !== undefined) parts.push(`M${at(scene.time[from])} ${base.toFixed(1)}`)
    for (let i = from; i < to; i++) {
      const height = y(values[i]!).toFixed(1)
      parts.push(
        i === from && base === undefined ? `M${at(scene.time[i])} ${height}` : `V${height}`,
      )
      parts.push(`H${at(scene.time[i + 1])}`)
    }
    if (base !== undefined) parts.push(`V${base.toFixed(1)}Z`)
  })
  return parts.join('')
}

function legendOf(
  scene: Scene,
  { answer }: Layers,
  { top, ink }: { top: number; ink: Ink },
): { svg: string; bottom: number } {
  const unit = measureUnits[answer.measure]
  const column = (width - margin.left - margin.right) / legendColumns
  const listed = [...scene.layers.above, ...scene.layers.below]
  const rows = listed.map(({ layer, colour }, i) => {
    const x = margin.left + (i % legendColumns) * column
    const y = top + Math.floor(i / legendColumns) * legendLine
    const { average, maximum } = layer.summary
    const figure = (value: number | null | undefined) =>
      value === null || value === undefined ? '–' : formatWithUnit(value, unit)
    const arrow = layer.direction === 'out' ? '▼' : '▲'
    const words = `${arrow} ${layerLabel(layer)}: average ${figure(average)}, maximum ${figure(maximum)}`
    return `<rect x="${x}" y="${y - 9}" width="10" height="10" fill="${colour}"/>${text(words, { x: x + 16, y, fill: ink.text, size: 11 })}`
  })
  return {
    svg: rows.join('\n'),
    bottom: top + Math.ceil(listed.length / legendColumns) * legendLine,
  }
}

interface TextPlace {
  x: number
  y: number
  fill: string
  size?: number
  anchor?: 'middle' | 'end'
}

function text(words: string, { x, y, fill, size = 12, anchor }: TextPlace): string {
  const place = anchor === undefined ? '' : ` text-anchor="${anchor}"`
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="${fill}" font-size="${size}"${place}>${escaped(words)}</text>`
}

/** Names come from the network: nothing in them may act as markup. */
function escaped(words: string): string {
  return words.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
