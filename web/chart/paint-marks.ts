/** Marks on a chart: levels across it, notes on its time axis, and bars at its foot. */
import type uPlot from 'uplot'

import type { SizedLook } from './paint.ts'
import { levelsBeyond, levelsWithin } from './scale.ts'
import type { Scene } from './scene.ts'
import type { Ink } from './theme.ts'

const font = (pixels: number) => `${pixels}px system-ui, sans-serif`

/** A bar at the foot of a chart. */
interface FootBar {
  /** unix seconds */
  from: number
  to: number
  /** Pixels: a morning in a year would not be seen as a bar of its own width. */
  widthMin: number
  colour: string
}

/** Where too little is known for a value, and where flows were lost. */
export function footBars({ undrawn, lost }: Scene, ink: Ink): FootBar[] {
  return [
    ...undrawn.map(([from, to]) => ({ from, to, widthMin: 4, colour: ink.level })),
    ...lost.map(([from, to]) => ({ from, to, widthMin: 2, colour: ink.lost })),
  ]
}

/**
 * Horizontal lines labelled at the right: 95th percentile, threshold, speed. One out of view is
 * named at the left, with an arrow.
 */
export function paintLevels(u: uPlot, scene: Scene, look: SizedLook): void {
  const { ctx, bbox } = u
  const { ink, pixel } = look
  const { min = 0, max = 0 } = u.scales['y'] ?? {}
  for (const { value, text, limit } of levelsWithin(scene.levels, [min, max])) {
    const y = Math.round(u.valToPos(value, 'y', true)) + 0.5
    ctx.strokeStyle = limit ? ink.limit : ink.level
    ctx.lineWidth = pixel
    ctx.setLineDash(limit ? [] : [2 * pixel, 3 * pixel])
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
    ctx.setLineDash([])
    label(ctx, {
      text,
      x: bbox.left + bbox.width - 4 * pixel,
      y: y - 4 * pixel,
      align: 'right',
      look,
    })
  }
  const { higher, lower } = levelsBeyond(scene.levels, [min, max])
  const atEdge = (text: string, y: number) =>
    label(ctx, { text, x: bbox.left + 6 * pixel, y, align: 'left', look })
  higher.forEach((text, i) => atEdge(text, bbox.top + (14 + i * 14) * pixel))
  lower.forEach((text, i) => atEdge(text, bbox.top + bbox.height - (8 + i * 14) * pixel))
}

/** Vertical lines or bands, each numbered at the top. */
export function paintNotes(u: uPlot, scene: Scene, look: SizedLook): void {
  const { ctx, bbox } = u
  const { ink, pixel } = look
  scene.notes.forEach((note, i) => {
    const left = Math.round(u.valToPos(note.from, 'x', true))
    const right = Math.round(u.valToPos(Math.max(note.from, note.to), 'x', true))
    if (right < bbox.left || left > bbox.left + bbox.width) return
    ctx.fillStyle = ink.note
    if (right > left) {
      ctx.globalAlpha = 0.14
      ctx.fillRect(left, bbox.top, right - left, bbox.height)
      ctx.globalAlpha = 1
    }
    ctx.fillRect(left, bbox.top, Math.max(1, pixel), bbox.height)
    badge(ctx, { text: String(i + 1), x: left, y: bbox.top, look })
  })
}

interface Label {
  text: string
  x: number
  y: number
  align: CanvasTextAlign
  look: SizedLook
}

/** A text outlined in the background colour, so that it is readable on any area. */
function label(ctx: CanvasRenderingContext2D, { text, x, y, align, look }: Label): void {
  const { ink, pixel } = look
  ctx.font = font(11 * pixel)
  ctx.textAlign = align
  ctx.textBaseline = 'alphabetic'
  ctx.lineWidth = 3 * pixel
  ctx.lineJoin = 'round'
  ctx.strokeStyle = ink.panel
  ctx.strokeText(text, x, y)
  ctx.fillStyle = ink.text
  ctx.fillText(text, x, y)
}

function badge(ctx: CanvasRenderingContext2D, of: Omit<Label, 'align'>): void {
  const { text, x, y, look } = of
  const { ink, pixel } = look
  const size = 15 * pixel
  ctx.fillStyle = ink.note
  ctx.fillRect(x, y, size, size)
  ctx.font = font(10 * pixel)
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = ink.panel
  ctx.fillText(text, x + size / 2, y + size / 2)
}
