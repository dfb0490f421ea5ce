/** Draws a scene on uPlot's canvas: unknown time, stacked areas in steps, the peak line, lost and open time. */
import type uPlot from 'uplot'

import type { Half, Values } from './layers.ts'
import { footBars, paintLevels, paintNotes } from './paint-marks.ts'
import type { Scene, SceneLayer } from './scene.ts'
import type { Ink } from './theme.ts'

/** What painting needs besides the scene. */
export interface Look {
  ink: Ink
  /** The key pointed at in the legend: the others are dimmed. */
  focused: string | null
}

/** A look for one canvas: `pixel` is its width of a line that is one pixel wide at a desk. */
export interface SizedLook extends Look {
  pixel: number
}

const halves: readonly Half[] = ['above', 'below']
/** How opaque other layers stay while one is pointed at. */
const dimmedAlpha = 0.22

/** Below the grid: hatching where nothing is known. */
export function paintUnder(u: uPlot, scene: Scene, { ink, pixel }: SizedLook): void {
  clipped(u, () => {
    for (const [from, to] of scene.unknown) {
      const [left, width] = span(u, from, to)
      hatch(u.ctx, { left, top: u.bbox.top, width, height: u.bbox.height, pixel }, ink.hatch)
    }
  })
}

/** Between grid and axes: the areas, then what is drawn on top of them. */
export function paintOver(u: uPlot, scene: Scene, look: SizedLook): void {
  clipped(u, () => {
    const x = scene.time.map((t) => Math.round(u.valToPos(t, 'x', true)))
    for (const half of halves) {
      // From the outermost in: each area covers the part of the previous one below its own edge.
      for (const layer of [...scene.layers[half]].reverse())
        if (scene.lines) paintLine(u, { x, layer, look })
        else paintLayer(u, { x, layer, look })
      if (scene.peak) paintPeak(u, { x, values: scene.peak[half], half, look })
      if (scene.compared)
        paintPeak(u, { x, values: scene.compared[half], half, look, isDashed: true })
    }
    paintOpen(u, scene, look)
    paintFoot(u, scene, look)
    paintZero(u, look.ink)
    paintLevels(u, scene, look)
    paintNotes(u, scene, look)
  })
}

function paintLayer(u: uPlot, of: { x: number[]; layer: SceneLayer; look: SizedLook }): void {
  const { x, layer, look } = of
  const { ctx } = u
  const dimmed = look.focused !== null && look.focused !== layer.layer.id
  ctx.globalAlpha = dimmed ? dimmedAlpha : 1
  ctx.beginPath()
  const zero = Math.round(u.valToPos(0, 'y', true))
  forRuns(layer.edge, (from, to) => {
    ctx.moveTo(x[from]!, zero)
    for (let i = from; i < to; i++) {
      const y = Math.round(u.valToPos(layer.edge[i]!, 'y', true))
      ctx.lineTo(x[i]!, y)
      ctx.lineTo(x[i + 1]!, y)
    }
    ctx.lineTo(x[to]!, zero)
    ctx.closePath()
    // A step narrower than a pixel may begin and end at the same one: what is in it is seen all the same.
    for (let i = from; i < to; i++) {
      if (x[i + 1] !== x[i]) continue
      const y = Math.round(u.valToPos(layer.edge[i]!, 'y', true))
      ctx.rect(x[i]!, y, 1, zero - y)
    }
  })
  if (dimmed) {
    // Opaque: a layer beneath would shine through and look like another colour.
    ctx.globalAlpha = 1
    ctx.fillStyle = look.ink.panel
    ctx.fill()
    ctx.globalAlpha = dimmedAlpha
  }
  ctx.fillStyle = layer.colour
  ctx.fill()
  ctx.globalAlpha = 1
}

/** A layer as a line, thicker if pointed at. */
function paintLine(u: uPlot, of: { x: number[]; layer: SceneLayer; look: SizedLook }): void {
  const { x, layer, look } = of
  const { ctx } = u
  const isFocused = look.focused === layer.layer.id
  ctx.globalAlpha = look.focused !== null && !isFocused ? dimmedAlpha : 1
  ctx.strokeStyle = layer.colour
  ctx.lineWidth = (isFocused ? 2.5 : 1.5) * look.pixel
  ctx.stroke(stepPath(u, x, layer.edge))
  ctx.globalAlpha = 1
}

/** A line that keeps its height over each step, and breaks where a value is unknown. */
function stepPath(u: uPlot, x: readonly number[], values: Values, sign = 1): Path2D {
  const path = new Path2D()
  forRuns(values, (from, to) => {
    for (let i = from; i < to; i++) {
      const y = Math.round(u.valToPos(values[i]! * sign, 'y', true)) + 0.5
      if (i === from) path.moveTo(x[i]!, y)
      path.lineTo(x[i]!, y)
      path.lineTo(x[i + 1]!, y)
    }
  })
  return path
}

interface OutlineToPaint {
  x: number[]
  values: Values
  half: Half
  look: SizedLook
  /** The same time some days before. */
  isDashed?: boolean
}

function paintPeak(u: uPlot, { x, values, half, look, isDashed = false }: OutlineToPaint): void {
  const { ctx } = u
  const { ink, pixel } = look
  ctx.strokeStyle = isDashed ? ink.text : ink.peak
  ctx.lineWidth = (isDashed ? 1.5 : 1) * pixel
  if (isDashed) ctx.setLineDash([5 * pixel, 4 * pixel])
  ctx.stroke(stepPath(u, x, values, half === 'above' ? 1 : -1))
  ctx.setLineDash([])
}

/** The open step: pale, behind a dashed line. */
function paintOpen(u: uPlot, scene: Scene, { ink, pixel }: SizedLook): void {
  if (!scene.open) return
  const { ctx, bbox } = u
  const [left] = span(u, scene.open[0], scene.open[1])
  const [end] = span(u, scene.answer.to, scene.answer.to)
  ctx.globalAlpha = 0.55
  ctx.fillStyle = ink.panel
  ctx.fillRect(left, bbox.top, end - left, bbox.height)
  ctx.globalAlpha = 1
  ctx.setLineDash([3 * pixel, 3 * pixel])
  line(ctx, { x: left + 0.5, from: bbox.top, to: bbox.top + bbox.height, colour: ink.dim })
  ctx.setLineDash([])
}

function paintFoot(u: uPlot, scene: Scene, { ink, pixel }: SizedLook): void {
  const { ctx, bbox } = u
  const height = 4 * pixel
  for (const { from, to, widthMin, colour } of footBars(scene, ink)) {
    const [left, width] = span(u, from, to)
    ctx.fillStyle = colour
    ctx.fillRect(left, bbox.top + bbox.height - height, Math.max(width, widthMin * pixel), height)
  }
}

function paintZero(u: uPlot, ink: Ink): void {
  const { ctx, bbox } = u
  const y = Math.round(u.valToPos(0, 'y', true)) + 0.5
  ctx.strokeStyle = ink.axis
  ctx.lineWidth = 1
  ctx.beginPath()
  ctx.moveTo(bbox.left, y)
  ctx.lineTo(bbox.left + bbox.width, y)
  ctx.stroke()
}

/** Calls with [from, to) of each run of known values. */
export function forRuns(values: Values, call: (from: number, to: number) => void): void {
  let from = -1
  for (let i = 0; i <= values.length; i++) {
    const known = i < values.length && values[i] !== null && values[i] !== undefined
    if (known && from < 0) from = i
    if (!known && from >= 0) {
      call(from, i)
      from = -1
    }
  }
}

function span(u: uPlot, from: number, to: number): [left: number, width: number] {
  const left = Math.round(u.valToPos(from, 'x', true))
  return [left, Math.round(u.valToPos(to, 'x', true)) - left]
}

function clipped(u: uPlot, draw: () => void): void {
  const { ctx, bbox } = u
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  draw()
  ctx.restore()
}

function hatch(
  ctx: CanvasRenderingContext2D,
  box: { left: number; top: number; width: number; height: number; pixel: number },
  colour: string,
): void {
  const { left, top, width, height, pixel } = box
  const gap = 7 * pixel
  ctx.save()
  ctx.beginPath()
  ctx.rect(left, top, width, height)
  ctx.clip()
  ctx.strokeStyle = colour
  ctx.lineWidth = pixel
  ctx.beginPath()
  // Lines begin on a grid of the canvas, so that the hatching of neighbouring ranges joins.
  for (let x = Math.floor((left - height) / gap) * gap; x < left + width; x += gap) {
    ctx.moveTo(x, top + height)
    ctx.lineTo(x + height, top)
  }
  ctx.stroke()
  ctx.restore()
}

function line(
  ctx: CanvasRenderingContext2D,
  { x, from, to, colour }: { x: number; from: number; to: number; colour: string },
): void {
  ctx.strokeStyle = colour
  ctx.lineWidth = 1
  ctx.beginPath()
  ctx.moveTo(x, from)
  ctx.lineTo(x, to)
  ctx.stroke()
}
