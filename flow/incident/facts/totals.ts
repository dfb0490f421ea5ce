/** What all hosts together had in an event, and who had most. */
import type { Incident } from '../incident.ts'
import type { Scene } from '../scene/scene.ts'
import { isOpenedIn, withinRow, type Span } from './span.ts'

/**
 * Bytes of all hosts that can be actors, and connections opened by any host. If there are more
 * flows than the scene's table holds, bytes are sums of its seconds and connections are null.
 */
export function totalOf(scene: Scene, span: Span): Incident['total'] {
  const { table, connections } = scene
  if (scene.times > 1) {
    const [from, to] = [Math.max(0, scene.place(span.from)), scene.place(span.to)]
    const bytes = (values: Float64Array) =>
      Math.round(values.subarray(from, to).reduce((all, each) => all + each, 0))
    return { in: bytes(scene.total.in), out: bytes(scene.total.out), connections: null }
  }
  const total = { in: 0, out: 0, connections: 0 }
  for (let row = 0; row < table.count; row++) {
    const bytes = withinRow(table, row, span, 'bytes')
    if (bytes === 0) continue
    if (scene.isCandidate(row, 'destination')) total.in += bytes
    if (scene.isCandidate(row, 'source')) total.out += bytes
  }
  for (let i = 0; i < connections.count; i++) if (isOpenedIn(scene, i, span)) total.connections++
  return total
}

/** The bytes that passed in a span, each counted once; null if there are more flows than the scene's table holds. */
export function passedIn(scene: Scene, span: Span): number | null {
  if (scene.times > 1) return null
  let bytes = 0
  const { table } = scene
  for (let row = 0; row < table.count; row++) bytes += withinRow(table, row, span, 'bytes')
  return bytes
}

/** The hosts with the most bytes in a span, sent plus received, largest first. */
export function greatestHosts(scene: Scene, span: Span, most: number): number[] {
  const run = { from: scene.place(span.from), to: scene.place(span.to) }
  const bytes = scene.bytesByHost(run)
  return [...bytes.keys()]
    .filter((host) => bytes[host]! > 0)
    .sort((a, b) => bytes[b]! - bytes[a]! || a - b)
    .slice(0, most)
}
