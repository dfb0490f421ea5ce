/** The page in a browser with an empty cache. */
import { firstPaint, type FirstPaint } from '../../browser/first-paint.ts'
import { startWeir } from '../../browser/weir.ts'
import { skipWithout } from '../../setup/parts.ts'
import { figure, median } from '../figure.ts'
import type { Part } from './part.ts'

const runs = 3
const day = '?from=2026-11-15T14:00:00Z&to=2026-11-16T14:00:00Z&tz=UTC'
const paintMsMax = 1000

export const page: Part = async () => {
  if (skipWithout('chromium')) return []
  const weir = await startWeir()
  try {
    const paints: FirstPaint[] = []
    for (let run = 0; run < runs; run++) paints.push(await firstPaint(`${weir.url}/${day}`))
    return [
      figure('page, first paint of Explore', median(paints.map(({ paintMs }) => paintMs)), 'ms', { most: paintMsMax }), // prettier-ignore
      figure('page, the chart’s figures are there', median(paints.map(({ figuresMs }) => figuresMs)), 'ms'), // prettier-ignore
      figure('page, all that has to come, compressed', median(paints.map(({ bytes }) => bytes / 1000)), 'kB'), // prettier-ignore
    ]
  } finally {
    await weir.close()
  }
}
