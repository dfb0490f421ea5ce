/**
 * The chart as a stand-alone picture with title, legend and caption: SVG, and PNG made from it.
 * Light or dark as shown; it has no external references. It says what the page says: whoever is
 * shown it has no cursor to ask what a gap is.
 */
import { formatShort, formatWithUnit } from '../../flow/units.ts'
import type { Traffic } from '../state/traffic.ts'
import { zone } from '../state/zone.ts'
import { tickLabels, tickStep, tickTimes } from '../time/ticks.ts'
import { localText, rangeText, shortInstantText } from '../time/words.ts'
import { captionParts, waysText, zoneText } from './caption-parts.ts'
import type { Half, Layers, Values } from './layers.ts'
import { forRuns } from './paint.ts'
import { footBars } from './paint-marks.ts'
import { cutName, layerLabel, measureUnits, rateTexts } from './readout.ts'
import { extremes, figureRange, levelsBeyond, levelsWithin } from './scale.ts'
import type { Note, Scene, SceneLayer } from './scene.ts'
import { inks, theme, type Ink } from './theme.ts'

const width = 1200
const plotHeight = 420
const margin = { left: 70, right: 30 }
/** From the top to the foot of the title, and between lines of text below it. */
const [titleBottom, textLine] = [24, 18]
/** Letters that fit beside each other in a line, of the width that most have. */
const lettersMax = 170
/**
 * Letters of a name, as an IPv6 address has, up to which two entries stand beside each other; and
 * that fit in a line.
 */
const [besideMax, nameMax] = [40, 116]
/** Distance of the lines of hatching. */
const hatchGap = 7
/** Height of the bar where flows were lost. */
const lostHeight = 4
/** PNG pixels per pixel of the drawing. */
const pngScale = 2

interface Drawing {
  scene: Scene
  ink: Ink
  /** The upper edge of the plot. */
  top: number
  x: (t: number) => number
  y: (value: number) => number
}

/** The chart as an SVG document. */
export function chartSvg(scene: Scene, all: Layers, shown: Traffic): string {
  const ink = inks[theme.value]
  const { from, to, measure } = scene.answer
  const { by, filter, exporter, draw } = shown.view
  const ways = `${rateTexts[measure]}: ${waysText(measure, draw)}`
  const about = [`by ${by}`, exporter || 'all exporters', filter, ways]
  const heading = wrapped(about.filter(Boolean).join(' · '))
  const top = titleBottom + heading.length * textLine + 12
  const [low, high] = figureRange(...extremes(scene))
  const drawing: Drawing = {
    scene,
    ink,
    top,
    x: (t) => margin.left + ((t - from) / (to - from)) * (width - margin.left - margin.right),
    y: (value) => top + plotHeight - ((value - low) / (high - low)) * plotHeight,
  }
  const bottom = top + plotHeight
  const legend = legendOf(scene, all, { top: bottom + 52, ink })
  const below = [
    ...scene.notes.flatMap((note, i) => wrapped(noteText(note, i))),
    ...wrapped(localText(captionParts(all, scene, shown).join(' · '), zone.value)),
    `${zoneText(from * 1000, to * 1000, zone.value)} · Weir`,
  ]
  const belowTop = legend.bottom + 8
  const lines = (words: readonly string[], y: number) =>
    words.map((each, i) => text(each, { x: margin.left, y: y + i * textLine, fill: ink.dim }))
  const height = belowTop + below.length * textLine
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<defs>${hatching(ink)}<clipPath id="plot"><rect x="${margin.left}" y="${top}" width="${width - margin.left - margin.right}" height="${plotHeight}"/></clipPath></defs>`,
    `<rect width="${width}" height="${height}" fill="${ink.panel}"/>`,
    text(rangeText(from * 1000, to * 1000, zone.value), { x: margin.left, y: titleBottom, fill: ink.text, size: 15 }),
    ...lines(heading, titleBottom + textLine),
    '<g clip-path="url(#plot)">',
    unknown(drawing),
    '</g>',
    grid(drawing, [low, high]),
    '<g clip-path="url(#plot)">',
    areas(drawing),
    unfinished(drawing),
    '</g>',
    levels(drawing, [low, high]),
    legend.svg,
    ...lines(below, belowTop),
    '</svg>',
  ].join('\n') // prettier-ignore
}

/** The same as a PNG, at twice the pixels. */
export async function chartPng(scene: Scene, all: Layers, shown: Traffic): Promise<Blob> {
  const url = URL.createObjectURL(
    new Blob([chartSvg(scene, all, shown)], { type: 'image/svg+xml' }),
  )
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

function grid({ scene, ink, top, x, y }: Drawing, [low, high]: [number, number]): string {
  const { from, to } = scene.answer
  const step = tickStep(from * 1000, to * 1000, 12)
  const times = tickTimes([from * 1000, to * 1000], step, zone.value)
  const labels = tickLabels(times, step, zone.value)
  const bottom = top + plotHeight
  const vertical = times.map((t, i) => {
    const at = x(t / 1000).toFixed(1)
    const lines = (labels[i] ?? '').split('\n')
    const words = lines.map((word, row) =>
      text(word, { x: Number(at), y: bottom + 16 + row * 14, fill: ink.dim, anchor: 'middle' }),
    )
    return `<path d="M${at} ${top}V${bottom}" stroke="${ink.grid}"/>${words.join('')}`
  })
  const size = 10 ** Math.floor(Math.log10((high - low) / 4))
  const figure = [1, 2, 5, 10].map((n) => n * size).find((n) => (high - low) / n <= 8) ?? size * 10
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
  const { scene, ink, top, x, y } = drawing
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
    const drawn = band({ left, right: Math.max(left + 1, x(to)), top }, ink.note, 0.3)
    return drawn + text(String(i + 1), { x: left + 3, y: top + 12, fill: ink.note })
  })
  return [...shapes, ...beside, ...notes].join('\n')
}

/** Lines for time of which nothing is known, or not all. */
function hatching({ hatch }: Ink): string {
  return `<pattern id="hatching" width="${hatchGap}" height="${hatchGap}" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V${hatchGap}" stroke="${hatch}"/></pattern>`
}

function unknown({ scene, top, x }: Drawing): string {
  return scene.unknown
    .map(([from, to]) => band({ left: x(from), right: x(to), top }, 'url(#hatching)'))
    .join('')
}

/** The open step, pale behind a dashed line, and the bars at the foot. */
function unfinished({ scene, ink, top, x }: Drawing): string {
  const { open, answer } = scene
  const pale = open
    ? [
        band({ left: x(open[0]), right: x(answer.to), top }, ink.panel, 0.55),
        `<path d="M${x(open[0])} ${top}V${top + plotHeight}" stroke="${ink.dim}" stroke-dasharray="3 3"/>`,
      ]
    : []
  const foot = { top: top + plotHeight - lostHeight, height: lostHeight }
  const bars = footBars(scene, ink).map(({ from, to, widthMin, colour }) =>
    band({ left: x(from), right: Math.max(x(to), x(from) + widthMin), ...foot }, colour),
  )
  return [...pale, ...bars].join('')
}

interface Band {
  left: number
  right: number
  top: number
  /** Default: that of the plot. */
  height?: number
}

function band({ left, right, top, height = plotHeight }: Band, fill: string, opacity = 1): string {
  return `<rect x="${left}" y="${top}" width="${right - left}" height="${height}" fill="${fill}" opacity="${opacity}"/>`
}

function levels({ scene, ink, top, y }: Drawing, range: [number, number]): string {
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
    ...higher.map((name, i) => atEdge(name, top + 16 + i * 16)),
    ...lower.map((name, i) => atEdge(name, top + plotHeight - 8 - i * 16)),
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
  const { above, below } = scene.layers
  const half = Math.ceil(above.length / 2)
  // Stacked, all are above: then either column has a half of them.
  const halves = below.length > 0 ? [above, below] : [above.slice(0, half), above.slice(half)]
  const isLong = halves.flat().some(({ layer }) => layerLabel(layer).length > besideMax)
  const columns = isLong ? [halves.flat()] : halves
  const columnWidth = (width - margin.left - margin.right) / columns.length
  const entry = ({ layer, colour }: SceneLayer, column: number, row: number) => {
    const x = margin.left + column * columnWidth
    const y = top + row * textLine
    const { average, maximum } = layer.summary
    const figure = (value: number | null | undefined) =>
      value === null || value === undefined ? '–' : formatWithUnit(value, unit)
    const arrow = layer.direction === 'out' ? '▼' : '▲'
    const words = `${arrow} ${cutName(layerLabel(layer), nameMax)}: average ${figure(average)}, maximum ${figure(maximum)}`
    return `<rect x="${x}" y="${y - 9}" width="10" height="10" fill="${colour}"/>${text(words, { x: x + 16, y, fill: ink.text, size: 11 })}`
  }
  return {
    svg: columns.flatMap((each, i) => each.map((layer, at) => entry(layer, i, at))).join('\n'),
    bottom: top + Math.max(...columns.map(({ length }) => length)) * textLine,
  }
}

function noteText({ from, text: words }: Note, index: number): string {
  return `${index + 1} · ${shortInstantText(from * 1000, zone.value)} · ${words}`
}

/** A text in lines, broken between words; a word longer than a line stays whole. */
function wrapped(words: string): string[] {
  const lines: string[] = []
  for (const word of words.split(/\s+/)) {
    const longer = `${lines.at(-1) ?? ''} ${word}`.trim()
    if (lines.length > 0 && longer.length <= lettersMax) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
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

/** Names come from the network: nothing in them may act as markup, or break it (XML 1.0, 2.2). */
function escaped(words: string): string {
  return words
    .toWellFormed()
    .replace(/(?![\t\n\r])\p{Cc}|[\uFFFE\uFFFF]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
