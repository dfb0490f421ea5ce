/** An event in the terms of the contract: sentence, actors, evidence. */
import type { ActorFacts } from '../../flow/incident/incident.ts'
import { Rates } from '../../flow/incident/rates.ts'
import { directions } from '../../flow/incident/scene.ts'
import {
  sayBytes,
  sayExporter,
  sayHost,
  sayIncident,
  sayRange,
  saySampling,
  type Wording,
} from '../../flow/incident/sentence.ts'
import { formatDuration, formatExact } from '../../flow/units.ts'
import type { Actor, EventWindow, Evidence, ExplainAnswer, Usual } from '../schema/explain.ts'
import { judgedMsMax, usualTraffic, type Event, type Unseen } from './explain.ts'

/**
 * Steps of the evidence, in seconds: the first that keeps the series within its maximum number of
 * values is used.
 */
const steps = [1, 2, 5, 10, 30, 60, 300]
const valuesMax = 900
/** Seconds shown before and after an event: a quarter of it, and at least a minute. */
const besideSecondsMin = 60

/** The answer of /api/explain. */
export function explainAnswer(
  event: Event,
  usual: Awaited<ReturnType<typeof usualTraffic>>,
  wording: Wording,
): ExplainAnswer {
  const { asked, incident, exporter } = event
  return {
    asked: { from: asked.from / 1000, to: asked.to / 1000 },
    window: windowOf(event),
    exporter,
    exporterName: exporter === null ? null : wording.exporterName(exporter),
    sentence: incident ? sayIncident(incident, wording) : sayNothing(event, wording),
    actors: (incident?.actors ?? []).map((actor) => actorOf(actor, wording)),
    top: event.greatest.map((actor) => actorOf(actor, wording)),
    usual: usual ? usualAnswer(usual, event) : null,
    evidence: evidenceOf(event, wording),
    incident: incident && incident.id !== '' ? incident.id : null,
  }
}

/** The event's window in unix seconds. */
export function windowOf({ incident, span }: Pick<Event, 'incident' | 'span'>): EventWindow {
  return {
    from: span.from / 1000,
    to: span.to / 1000,
    seconds: (span.to - span.from) / 1000,
    kind: incident?.kind ?? 'none',
    ongoing: incident?.isOngoing ?? false,
  }
}

export function actorOf(actor: ActorFacts, { hostName }: Wording): Actor {
  const { mainPeer, ...facts } = actor
  return {
    ...facts,
    name: hostName(actor.host),
    mainPeer: mainPeer && { ...mainPeer, name: hostName(mainPeer.address) },
  }
}

const shorter =
  'No incident was found in it as its flows came in. Ask for a shorter time, or for one exporter.'
/** If no flows were read, nothing can be called usual. */
const unseenSentences: Record<Unseen, string> = {
  'none-received': 'no flows were received of that time.',
  gone: 'its flows are kept no more. No incident was found in it as they came in.',
  'too-long': `not looked into, for it is longer than ${formatDuration(judgedMsMax / 1000)}. ${shorter}`,
  'too-many': `not looked into, for it holds too many flows. ${shorter}`,
}

/** The sentence when nothing happened: who had most traffic. */
function sayNothing({ span, exporter, greatest, usual, unseen }: Event, wording: Wording): string {
  const through = exporter === null ? '' : ` through ${sayExporter(exporter, wording)}`
  const time = sayRange(span.from, span.to, wording.zone)
  const [most] = greatest
  if (unseen) return `${time}: ${unseenSentences[unseen]}`
  const said = [`${time}: nothing out of the usual was found in the traffic${through}.`]
  if (most) {
    const verb = most.direction === 'in' ? 'received' : 'sent'
    said.push(`${sayHost(most.host, wording)} had most: it ${verb} ${sayBytes(most.bytes)}.`)
  }
  for (const sentence of usual) said.push(`${sentence}.`)
  return said.join(' ')
}

function usualAnswer(
  { usual, actual }: NonNullable<Awaited<ReturnType<typeof usualTraffic>>>,
  { span, incident }: Event,
): Usual {
  const seconds = (span.to - span.from) / 1000
  const bits = (bytes: number) => (bytes * 8) / seconds
  const seen = (value: number | null) => (isAway(incident) ? null : value)
  return {
    basis: usual.basis,
    bits: { in: bits(usual.bytes[0]!), out: bits(usual.bytes[1]!) },
    connections: null,
    actual: {
      bits: { in: seen(bits(actual.in)), out: seen(bits(actual.out)) },
      connections: seen(actual.connections),
    },
  }
}

function evidenceOf(event: Event, wording: Wording): Evidence {
  const { incident, scene } = event
  const { lost } = event
  const facts = incident?.facts ?? []
  const limits = limitsOf(event)
  if (!scene) return { step: 1, time: [], series: [], facts, limits, lost }
  return { ...onlyKnown(seriesOf(event, wording), event), facts, limits, lost }
}

type Shown = Pick<Evidence, 'step' | 'time' | 'series'>

/** Whether nothing is known about an event's time: then it holds only shares of records from before and after it. */
function isAway(incident: Event['incident']): boolean {
  return incident?.kind === 'exporter'
}

/** The series without the values in a time about which nothing is known. */
function onlyKnown(shown: Shown, { incident, span }: Event): Shown {
  if (!isAway(incident)) return shown
  const { step, time } = shown
  const isKnown = time.map((t) => (t + step) * 1000 <= span.from || t * 1000 >= span.to)
  const series = shown.series.map((each) => ({
    ...each,
    values: each.values.map((value, at) => (isKnown[at] ? value : null)),
  }))
  return { ...shown, series }
}

/** A series for each actor and one for everybody else, by direction, in bits per second. */
function seriesOf(event: Event, wording: Wording): Shown {
  const scene = event.scene!
  const { span } = event
  const seconds = (span.to - span.from) / 1000
  const beside = Math.max(besideSecondsMin, Math.round(seconds / 4)) * 1000
  const from = Math.max(scene.grid.from, Math.floor((span.from - beside) / 1000) * 1000)
  const to = Math.min(scene.grid.from + scene.grid.seconds * 1000, span.to + beside)
  const step = steps.find((each) => (to - from) / 1000 / each <= valuesMax) ?? steps.at(-1)!
  const count = Math.max(1, Math.floor((to - from) / 1000 / step))
  if (scene.times > 1) return seriesOfCounted(event, wording, { from, step, count })
  const { table, hosts } = scene
  const grid = { from, seconds: count * step }
  const ratesOf = () => ({ in: new Rates(grid), out: new Rates(grid) })
  const named = (event.incident?.actors ?? event.greatest).map(({ host }) => ({
    host,
    rates: ratesOf(),
  }))
  const byHost = new Map(named.map(({ host, rates }) => [hosts.find(host), rates]))
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
  const series = [...named, { host: null, rates: rest }].flatMap(({ host, rates }) =>
    (['in', 'out'] as const).map((direction) => ({
      label: `${host === null ? 'all others' : sayHost(host, wording)} ${direction}`,
      host,
      direction,
      values: stepped(rates[direction].take(), step),
    })),
  )
  const time = Array.from({ length: count }, (_, at) => from / 1000 + at * step)
  return { step, time, series }
}

/** The same for flows counted as they passed, from the seconds that the scene keeps. */
function seriesOfCounted(
  event: Event,
  wording: Wording,
  { from, step, count }: { from: number; step: number; count: number },
): Shown {
  const scene = event.scene!
  const begin = scene.place(from)
  const cut = (values: Float64Array) => stepped(values.slice(begin, begin + count * step), step)
  const hosts = (event.incident?.actors ?? event.greatest).map(({ host }) => host)
  const numbers = hosts.map((host) => scene.hosts.find(host)).filter((each) => each !== null)
  const series = directions.flatMap((direction) => {
    const rest = scene.total[direction].slice()
    const own = scene.seriesOf(numbers, direction)
    for (let t = 0; t < rest.length; t++) rest[t] = Math.max(0, rest[t]! - own[t]!)
    const named = hosts.map((host) => {
      const number = scene.hosts.find(host)
      const values = scene.seriesOf(number === null ? [] : [number], direction)
      return { label: `${sayHost(host, wording)} ${direction}`, host, direction, values: cut(values) } // prettier-ignore
    })
    return [
      ...named,
      { label: `all others ${direction}`, host: null, direction, values: cut(rest) },
    ]
  })
  const time = Array.from({ length: count }, (_, at) => from / 1000 + at * step)
  return { step, time, series }
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

function sampledIn({ table: { sampling, samplingMin } }: NonNullable<Event['scene']>) {
  return { sampling, samplingVaries: samplingMin < sampling }
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
  if (lost && lost.flows > 0)
    limits.push(
      `${lost.estimated ? 'about ' : ''}${formatExact(lost.flows)} flows of these minutes were lost on the way: figures are at least these`,
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
