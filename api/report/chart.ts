/**
 * The chart of a report as lines on a plane: drawn once, by the server, for paper and a light
 * background.
 */
import { sayClock, sayList, sayRange } from '../../flow/incident/sentence/wording.ts'
import { scaled } from '../../flow/units.ts'
import { zoneOffsetMs } from '../../flow/zone.ts'
import { escapeMarkup } from '../markup.ts'
import type { ExplainAnswer } from '../schema/explain.ts'

export interface Chart {
  /** A description in words, for those who cannot see the chart. */
  description: string
  svg: string
}

const [width, height] = [720, 210]
const frame = { left: 70, right: 12, top: 24, bottom: 26 }
/** Colours that print and that colour-blind readers can tell apart. */
const colours = {
  others: '#8db6d9',
  actor: '#b3261e',
  axis: '#5f6368',
  grid: '#e3e5e8',
  event: '#fdf0d5',
  unknown: '#9aa0a6',
  text: '#202124',
}
const ticksMax = 5
/** Hosts in the legend, which is one line. */
const namedMax = 3
/** Distance of the lines of hatching. */
const hatchGap = 6

/** The others' traffic as an area, the actors' as a line over it, the event shaded; null without series. */
export function chartOf(answer: ExplainAnswer, zone: string): Chart | null {
  const { evidence, window, actors } = answer
  const { time, step } = evidence
  if (time.length < 2) return null
  const others = sumOf(answer, ({ host }) => host === null)
  const direction = actors[0]?.direction
  const actor = sumOf(
    answer,
    (series) => series.host !== null && (direction === undefined || series.direction === direction),
  )
  const isNamed = answer.evidence.series.some(({ host }) => host !== null)
  const top = niceTop(Math.max(1, ...[...others, ...actor].filter((value) => value !== null)))
  const end = time.at(-1)! + step
  const x = (t: number) =>
    round(frame.left + ((t - time[0]!) / (end - time[0]!)) * (width - frame.left - frame.right))
  const y = (bits: number) =>
    round(height - frame.bottom - (bits / top) * (height - frame.top - frame.bottom))
  /** A path through the steps of each known stretch; `closes` fills down to the axis. */
  const path = (values: Values, closes: boolean) =>
    values
      .map((value, i) => {
        if (value === null) return ''
        const [from, to] = [x(time[i]!), x(time[i]! + step)]
        const begins = typeof values[i - 1] !== 'number'
        const ends = typeof values[i + 1] !== 'number'
        const begun = closes ? `M${from} ${y(0)}L` : 'M'
        return `${begins ? begun : 'L'}${from} ${y(value)}L${to} ${y(value)}${closes && ends ? `L${to} ${y(0)}Z` : ''}`
      })
      .join('')
  const drawn = isNamed ? [others, actor] : [others]
  const unknown = unknownSpans(drawn).map(([from, to]) => [time[from]!, time[to] ?? end] as const)
  const hosts = actors.map(({ host }) => host)
  const names = hosts.length > 0 ? sayList(hosts, namedMax) : 'the greatest hosts'
  const shown = { window, x, y, top, end, start: time[0]!, zone }
  const parts = [
    window.kind === 'none' ? '' : shade(shown),
    ...unknown.map((span) => hatch(shown, span)),
    grid(shown),
    `<path d="${path(others, true)}" fill="${colours.others}"/>`,
    isNamed
      ? `<path d="${path(actor, false)}" fill="none" stroke="${colours.actor}" stroke-width="1.6"/>`
      : '',
    legend(isNamed ? names : null, { direction, isHatched: unknown.length > 0 }),
  ]
  return {
    description: `Traffic, ${sayRange(time[0]! * 1000, end * 1000, zone)}, in steps of ${step} s: all others as an area${isNamed ? `, ${names} as a line` : ''}${unknown.length > 0 ? '; hatched where not known' : ''}.`,
    svg: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="sans-serif" font-size="11">${parts.join('')}</svg>`,
  }
}

/** Bits per second by step; null if nothing is known. */
export type Values = readonly (number | null)[]

/** The sum of some of the evidence's series, value by value. */
export function sumOf(
  { evidence }: ExplainAnswer,
  counts: (series: ExplainAnswer['evidence']['series'][number]) => boolean,
): Values {
  const counted = evidence.series.filter((series) => counts(series))
  return evidence.time.map((_, i) =>
    counted.reduce<number | null>((sum, { values }) => {
      const value = values[i] ?? null
      return sum === null || value === null ? null : sum + value
    }, 0),
  )
}

/** The ranges of steps, [from, to), of which nothing is known. */
function unknownSpans(lines: readonly Values[]): [from: number, to: number][] {
  const spans: [number, number][] = []
  lines[0]!.forEach((_, i) => {
    if (lines.some((values) => values[i] !== null)) return
    const before = spans.at(-1)
    if (before?.[1] === i) before[1] = i + 1
    else spans.push([i, i + 1])
  })
  return spans
}

interface Plane {
  window: ExplainAnswer['window']
  x: (t: number) => number
  y: (bits: number) => number
  top: number
  start: number
  end: number
  zone: string
}

function shade({ window, x, start, end }: Plane): string {
  const from = Math.max(window.from, start)
  const to = Math.min(window.to, end)
  return `<rect x="${x(from)}" y="${frame.top}" width="${round(x(to) - x(from))}" height="${height - frame.top - frame.bottom}" fill="${colours.event}"/>`
}

/** Lines of their own instead of a pattern, which some programs that make PDF do not draw. */
function hatch({ x, start, end }: Plane, [from, to]: readonly [number, number]): string {
  const [left, right] = [x(Math.max(from, start)), x(Math.min(to, end))]
  const [top, bottom] = [frame.top, height - frame.bottom]
  const lines: string[] = []
  for (let at = left - (bottom - top); at < right; at += hatchGap) {
    const [begin, stop] = [Math.max(at, left), Math.min(at + bottom - top, right)]
    if (stop > begin)
      lines.push(
        `M${round(begin)} ${round(bottom - begin + at)}L${round(stop)} ${round(bottom - stop + at)}`,
      )
  }
  return `<path d="${lines.join('')}" stroke="${colours.unknown}" stroke-width="0.5"/>`
}

function grid(plane: Plane): string {
  const { x, y, top, start, end, zone } = plane
  const lines: string[] = []
  for (let i = 0; i <= 4; i++) {
    const bits = (top / 4) * i
    lines.push(
      `<line x1="${frame.left}" x2="${width - frame.right}" y1="${y(bits)}" y2="${y(bits)}" stroke="${colours.grid}"/>`,
    )
    lines.push(label(frame.left - 6, y(bits) + 4, { text: rateLabel(bits), anchor: 'end' }))
  }
  const every = tickSeconds((end - start) / ticksMax)
  // At whole hours by the clock of the zone.
  const ahead = zoneOffsetMs(start * 1000, zone) / 1000
  for (let t = Math.ceil((start + ahead) / every) * every - ahead; t < end; t += every) {
    lines.push(
      `<line x1="${x(t)}" x2="${x(t)}" y1="${height - frame.bottom}" y2="${height - frame.bottom + 4}" stroke="${colours.axis}"/>`,
    )
    lines.push(label(x(t), height - 8, { text: sayClock(t * 1000, zone), anchor: 'middle' }))
  }
  return lines.join('')
}

/** The legend; `names` are those of the actors' line. */
function legend(
  names: string | null,
  { direction, isHatched }: { direction: 'in' | 'out' | undefined; isHatched: boolean },
): string {
  const way = { in: ' received', out: ' sent' }
  const said = `${names}${direction ? way[direction] : ''}`
  const area = [
    `<rect x="${frame.left}" y="6" width="14" height="9" fill="${colours.others}"/>`,
    label(frame.left + 19, 14, {
      text: `all ${names === null ? '' : 'others, '}received and sent${isHatched ? '; hatched: not known' : ''}`,
      anchor: 'start',
    }),
  ]
  if (names === null) return area.join('')
  const [lineAt, lettersMax] = isHatched ? [frame.left + 310, 48] : [frame.left + 200, 70]
  return [
    ...area,
    `<line x1="${lineAt}" x2="${lineAt + 14}" y1="11" y2="11" stroke="${colours.actor}" stroke-width="2"/>`,
    label(lineAt + 19, 14, {
      text: said.length > lettersMax ? `${said.slice(0, lettersMax - 1)}…` : said,
      anchor: 'start',
    }),
  ].join('')
}

function label(x: number, y: number, { text, anchor }: { text: string; anchor: string }): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${colours.text}">${escapeMarkup(text)}</text>`
}

function rateLabel(bits: number): string {
  const { number, prefix } = scaled(bits)
  return `${Number(number.toPrecision(3))} ${prefix}b/s`
}

/** The least of 1, 2, 4, 5 or 8 times a power of ten that `most` does not exceed. */
function niceTop(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most))
  return [1, 2, 4, 5, 8, 10].map((times) => times * power).find((top) => top >= most) ?? 10 * power
}

const tickLengths = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600]

function tickSeconds(least: number): number {
  return tickLengths.find((length) => length >= least) ?? 86_400
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
