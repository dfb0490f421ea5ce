/** What is to be known of a chart's figures, colours and hatching: on the page, and in a picture of it. */
import { formatDuration } from '../../flow/units.ts'
import { offsetText } from '../../flow/zone.ts'
import type { Drawing, Measure } from '../state/address.ts'
import type { Traffic } from '../state/traffic.ts'
import { comparedText } from './compared.ts'
import type { Layers } from './layers.ts'
import { halfTexts, lostText } from './readout.ts'
import type { Scene } from './scene.ts'

const sourceTexts: Record<string, string> = {
  archive: 'the flows themselves',
  '5m': '5-minute totals',
  '30m': '30-minute totals',
  '2h': '2-hour totals',
  '1d': 'daily totals',
}

/** Averaging step, source, each mark that is drawn, and what the answer lacks. */
export function captionParts(
  all: Layers,
  scene: Pick<Scene, 'unknown' | 'undrawn' | 'open' | 'lost'>,
  { view: { compare }, comparedFault, keyed }: Pick<Traffic, 'view' | 'comparedFault' | 'keyed'>,
): string[] {
  const { step, source } = all.answer
  const { unknown, open } = scene
  return [
    `averaged over ${formatDuration(step)}`,
    `source: ${sourceTexts[source] ?? source}`,
    all.peak ? `thin line: greatest 5 minutes${all.peakIsBound ? ' (at most)' : ''}` : '',
    comparedText(compare, all, comparedFault),
    hatchedText(unknown),
    open ? 'pale: still being counted' : '',
    ...footParts(scene),
    isTransit(all) ? 'no address is in a local network (WEIR_LOCAL): all is transit' : '',
    ...keyed.remarks,
  ].filter(Boolean)
}

function hatchedText(unknown: Scene['unknown']): string {
  if (unknown.length === 0) return ''
  return unknown.some(([, , , of]) => of !== '')
    ? 'hatched: unknown, of some exporters or of all'
    : 'hatched: unknown'
}

/** Whether none of the traffic is of a local host, as in an office with public addresses that is not in WEIR_LOCAL. */
function isTransit({ totals }: Layers): boolean {
  return totals.length > 0 && totals.every(({ direction }) => direction === 'transit')
}

/** The bars at the foot of a chart. */
export function footParts({ undrawn, lost }: Pick<Scene, 'undrawn' | 'lost'>): string[] {
  return [
    undrawn.length > 0 ? 'bar at the foot: known, but less than half of its step' : '',
    lost.length > 0 ? `orange: ${lostText(lost)}` : '',
  ].filter(Boolean)
}

/** Which way is up. */
export function waysText(measure: Measure, drawing: Drawing): string {
  const { above, below } = halfTexts[measure]
  if (drawing === 'stack') return `▲ ${above}, and on it paler ▼ ${below}`
  return `▲ ${above} above, ▼ ${below} below`
}

/** A zone with its offset in a range, unix ms. */
export function zoneText(from: number, to: number, zone: string): string {
  const [first, last] = [offsetText(from, zone), offsetText(to, zone)]
  if (first !== last) return `${zone} (${first}, later ${last})`
  return first === zone ? first : `${zone} (${first})`
}
