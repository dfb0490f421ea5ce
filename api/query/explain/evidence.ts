/** The evidence of an event: who moved how much by step, and what the data cannot show. */
import type { Span } from '../../../flow/incident/facts/span.ts'
import { unknownTime } from '../../../flow/incident/incident.ts'
import { Rates } from '../../../flow/incident/scene/rates.ts'
import { directions, type Scene } from '../../../flow/incident/scene/scene.ts'
import { saySampling } from '../../../flow/incident/sentence/sentence.ts'
import {
  sayExporter,
  sayHost,
  sayRange,
  type Wording,
} from '../../../flow/incident/sentence/wording.ts'
import { countOf, formatDuration } from '../../../flow/units.ts'
import type { Evidence } from '../../schema/explain.ts'
import type { Event } from './event.ts'

/**
 * Step lengths of the evidence, in seconds: the first that keeps the series within its maximum number of
 * values is used.
 */
const stepLengths = [1, 2, 5, 10, 30, 60, 300]
const valuesMax = 900
/** Seconds shown before and after an event: a quarter of it, and at least a minute. */
const besideSecondsMin = 60

/** The evidence of an event; without series if its flows were not read. */
export function evidenceOf(event: Event, wording: Wording): Evidence {
  const { incident, scene, lost } = event
  const facts = incident?.facts ?? []
  const limits = [...unseenOf(event, wording), ...limitsOf(event), ...event.leftOut]
  if (!scene) return { step: 1, time: [], series: [], facts, limits, lost }
  return { ...onlyKnown(seriesOf(event, wording), event), facts, limits, lost }
}

/** Longer lists of times are cut. */
const timesMax = 3

/** If nothing was found: the times asked for in which something may have happened that was not seen. */
function unseenOf(
  { incident, asked, scene, unknown, unknownOf }: Event,
  wording: Wording,
): string[] {
  const { zone } = wording
  if (incident) return []
  const first = scene ? Math.min(scene.grid.from, asked.to) : asked.from
  const before = asked.from < first ? [{ from: asked.from, to: first }] : []
  const within = (spans: readonly Span[]) =>
    spans
      .map(({ from, to }) => ({
        from: Math.max(from, asked.from, first),
        to: Math.min(to, asked.to),
      }))
      .filter(({ from, to }) => from < to)
  const times = (spans: readonly Span[]) => {
    const said = spans.slice(0, timesMax).map(({ from, to }) => sayRange(from, to, zone))
    const more = spans.length > timesMax ? ` and ${spans.length - timesMax} other times` : ''
    return `${said.join('; ')}${more}`
  }
  const ofExporters = unknownOf
    .map(({ exporter, unknown: spans }) => ({ exporter, spans: within(spans) }))
    .filter(({ spans }) => spans.length > 0)
  const named = ofExporters
    .slice(0, timesMax)
    .map(
      ({ exporter, spans }) =>
        `not everything is known of ${sayExporter(exporter, wording)}, ${times(spans)}`,
    )
  const rest = ofExporters.length - timesMax
  return [
    ...before.map((span) => `no flows were received of ${times([span])}`),
    ...(within(unknown).length > 0 ? [`not everything is known of ${times(within(unknown))}`] : []),
    ...named,
    ...(rest > 0
      ? [`nor of ${rest === 1 ? 'another exporter' : `${rest} other exporters`} in this time`]
      : []),
  ]
}

/** What the data cannot show, where it matters. */
function limitsOf({ incident, scene, lost, unseen, isGone }: Event): string[] {
  const limits: string[] = []
  const idleMs = incident?.idleMs ?? scene?.connections.idleMs ?? 0
  const sampled = incident ?? (scene && sampledIn(scene))
  if (sampled && sampled.sampling > 1)
    limits.push(
      `the exporter looked at ${saySampling(sampled)}: bytes are estimates, and connections of few packets are missed`,
    )
  if (lost && lost.flows > 0) {
    const flows = Math.max(1, Math.round(lost.flows))
    limits.push(
      `${lost.estimated ? 'about ' : ''}${countOf(flows, 'flow')} of these minutes ${flows === 1 ? 'was' : 'were'} lost on the way: figures are at least these`,
    )
  }
  if (scene?.connections.isOneWay)
    limits.push(
      'of nearly all connections only one direction is reported: what went the other way is not seen, and may have been more',
    )
  if (scene && scene.table.translated > 0)
    limits.push(
      'the exporter reports traffic on both sides of its address translation: here it is counted once',
    )
  if (scene && !hasLocal(scene))
    limits.push(
      'no address of these flows is in a local network (WEIR_LOCAL): each counts as a host, and whoever is behind a router’s address is not seen. Set it, or let the exporter report the inside',
    )
  if (idleMs > 0)
    limits.push(
      `records of this exporter last up to ${formatDuration(idleMs / 1000)}: within a record, bytes are spread evenly over its time`,
    )
  if (!scene && !incident && unseen === null)
    limits.push('this covers several exporters: for details by the second, ask for one of them')
  if (!scene && incident)
    limits.push(
      `the flows of that time ${isGone ? 'have left the archive' : 'were not read again'}: figures are those kept when it was judged`,
    )
  return limits
}

/** Whether any host of a scene is local. */
function hasLocal({ hosts, table: { source, destination, count } }: Scene): boolean {
  for (let row = 0; row < count; row++)
    if (hosts.isLocal(source[row]!) || hosts.isLocal(destination[row]!)) return true
  return false
}

function sampledIn({ table: { sampling, samplingMin } }: NonNullable<Event['scene']>) {
  return { sampling, samplingVaries: samplingMin < sampling }
}

type Shown = Pick<Evidence, 'step' | 'time' | 'series'>

/** A series for each actor and one for everybody else, by direction, in bits per second. */
function seriesOf(event: Event, wording: Wording): Shown {
  const scene = event.scene!
  const steps = stepsAround(event.span, scene)
  const hosts = (event.incident?.actors ?? event.greatest).map(({ host }) => host)
  const read = scene.times > 1 ? countedSeries : recordSeries
  const series = read(scene, hosts, steps).map((each) => ({
    label: `${each.host === null ? 'all others' : sayHost(each.host, wording)} ${each.direction}`,
    ...each,
  }))
  const { from, step, count } = steps
  const time = Array.from({ length: count }, (_, at) => from / 1000 + at * step)
  return { step, time, series }
}

/** `count` steps of `step` seconds from `from`, unix ms. */
interface Steps {
  from: number
  step: number
  count: number
}

/** The event's time and some before and after it, as far as the scene goes. */
function stepsAround(span: Event['span'], { grid }: Scene): Steps {
  const seconds = (span.to - span.from) / 1000
  const beside = Math.max(besideSecondsMin, Math.round(seconds / 4)) * 1000
  const from = Math.max(grid.from, Math.floor((span.from - beside) / 1000) * 1000)
  const to = Math.min(grid.from + grid.seconds * 1000, span.to + beside)
  const step =
    stepLengths.find((each) => (to - from) / 1000 / each <= valuesMax) ?? stepLengths.at(-1)!
  return { from, step, count: Math.max(1, Math.floor((to - from) / 1000 / step)) }
}

type HostSeries = Omit<Evidence['series'][number], 'label'>

/** From the scene's records. */
function recordSeries(scene: Scene, hosts: readonly string[], steps: Steps): HostSeries[] {
  const { from, step, count } = steps
  const { table } = scene
  const grid = { from, seconds: count * step }
  const to = from + grid.seconds * 1000
  const ratesOf = () => ({ in: new Rates(grid), out: new Rates(grid) })
  const named = hosts.map((host) => ({ host, rates: ratesOf() }))
  const byHost = new Map(named.map(({ host, rates }) => [scene.hosts.find(host), rates]))
  const rest = ratesOf()
  for (let row = 0; row < table.count; row++) {
    const first = table.first[row]!
    const last = table.last[row]!
    const bytes = table.bytes[row]!
    if (first >= to || last < from) continue
    for (const [end, direction] of ends)
      if (scene.isCandidate(row, end))
        (byHost.get(table[end][row]!) ?? rest)[direction].add(first, last, bytes)
  }
  return [...named, { host: null, rates: rest }].flatMap(({ host, rates }) =>
    directions.map((direction) => ({
      host,
      direction,
      values: stepped(rates[direction].take(), step),
    })),
  )
}

/** The same for flows counted as they passed, from the seconds that the scene keeps. */
function countedSeries(scene: Scene, hosts: readonly string[], steps: Steps): HostSeries[] {
  const { from, step, count } = steps
  const begin = scene.place(from)
  const cut = (values: Float64Array) => stepped(values.slice(begin, begin + count * step), step)
  const numbers = hosts.map((host) => scene.hosts.find(host)).filter((each) => each !== null)
  return directions.flatMap((direction) => {
    const rest = scene.total[direction].slice()
    const own = scene.seriesOf(numbers, direction)
    for (let t = 0; t < rest.length; t++) rest[t] = Math.max(0, rest[t]! - own[t]!)
    const named = hosts.map((host) => {
      const number = scene.hosts.find(host)
      const values = scene.seriesOf(number === null ? [] : [number], direction)
      return { host, direction, values: cut(values) }
    })
    return [...named, { host: null, direction, values: cut(rest) }]
  })
}

const ends = [
  ['destination', 'in'],
  ['source', 'out'],
] as const

/** Bytes by second as bits per second by step. */
function stepped(bytes: Float64Array, step: number): number[] {
  return Array.from({ length: bytes.length / step }, (_, at) => {
    let sum = 0
    for (let t = at * step; t < (at + 1) * step; t++) sum += bytes[t]!
    return Math.round((sum * 8) / step)
  })
}

/**
 * The series without the values in times of which nothing is known and, within an event, of which not
 * everything is known. Beside such a gap an interval has traffic too: of it only the zeros are unknown.
 */
function onlyKnown(shown: Shown, { incident, unknown }: Event): Shown {
  const { step, time } = shown
  const gaps = gapsOf(incident).map((gap) =>
    incident?.kind === 'exporter' ? gap : unknownTime(gap, incident?.idleMs ?? 0),
  )
  const isIn = (spans: readonly Span[], t: number) =>
    spans.some(({ from, to }) => (t + step) * 1000 > from && t * 1000 < to)
  const isIdle = (at: number) => shown.series.every(({ values }) => values[at] === 0)
  const isKnown = time.map((t, at) => !isIn(gaps, t) && !(isIdle(at) && isIn(unknown, t)))
  const series = shown.series.map((each) => ({
    ...each,
    values: each.values.map((value, at) => (isKnown[at] ? value : null)),
  }))
  return { ...shown, series }
}

/** The times of an event of which nothing is known: they hold only shares of records from before and after them. */
export function gapsOf(incident: Event['incident']): readonly Span[] {
  if (incident?.kind === 'exporter') return [incident]
  return incident?.gaps ?? []
}
