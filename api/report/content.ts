/** What a report says, before layout: the same for HTML, Markdown and the formats made from them. */
import { icmpText } from '../../flow/icmp.ts'
import { peersOf } from '../../flow/incident/facts/actor-facts.ts'
import {
  sayBytes,
  sayClockUnder,
  sayExporter,
  sayHost,
  sayList,
  sayRange,
  sayTime,
  type Wording,
} from '../../flow/incident/sentence/wording.ts'
import type { Gap } from '../../flow/incident/incident.ts'
import { endpointText } from '../../flow/settings/values.ts'
import { formatDuration, formatExact, formatWithUnit } from '../../flow/units.ts'
import { offsetText } from '../../flow/zone.ts'
import type { FlowRecord } from '../../store/flows.ts'
import type { Event } from '../query/explain/event.ts'
import type { Actor, ExplainAnswer } from '../schema/explain.ts'
import { chartOf, sumOf, type Chart, type Values } from './chart.ts'
import { titleOf } from './title.ts'

/** A table: headings with their alignment, and cells as text. */
export interface ReportTable {
  title: string
  /** A number stands on one line, and so does what is whole. */
  columns: readonly { heading: string; isNumber?: boolean; isWhole?: boolean }[]
  rows: readonly (readonly string[])[]
  /** A note under the table. */
  note?: string
}

export interface Report {
  title: string
  sentence: string
  /** Name and value pairs, in order: what the report is about. */
  about: readonly (readonly [string, string])[]
  chart: Chart | null
  tables: readonly ReportTable[]
  /** Why it was judged so, and what the data cannot show. */
  facts: readonly string[]
  limits: readonly string[]
  /** The second page: flows. */
  evidence: ReportTable | null
  generated: string
}

/** Rows on the first page, so that it stays one. */
const actorsMax = 4
const peersMax = 6
/** Flows on the second page. */
export const flowsMax = 40

export interface ReportFacts {
  event: Event
  answer: ExplainAnswer
  wording: Wording
  /** Flows of the actors (all flows if there are none), greatest first. */
  flows: readonly FlowRecord[]
  /** The filter that selects these flows. */
  filter: string
  /** unix ms */
  now: number
}

export function reportOf(facts: ReportFacts): Report {
  const { answer, wording, now } = facts
  const where = answer.exporter === null ? '' : `${sayExporter(answer.exporter, wording)}: `
  return {
    title: `${where}${titleOf(facts.event)}`,
    sentence: answer.sentence,
    about: aboutOf(facts),
    chart: chartOf(answer, wording.zone),
    tables: [actorTable(answer, wording), peerTable(facts), timeline(facts)].filter(
      (table) => table !== null,
    ),
    facts: answer.evidence.facts,
    limits: limitsOf(answer),
    evidence: flowTable(facts),
    generated: withOffset(sayTime(now, wording.zone), offsetText(now, wording.zone)),
  }
}

/** Around a clock change a time has its offset already. */
function withOffset(time: string, offset: string): string {
  return time.endsWith(offset) ? time : `${time} ${offset}`
}

function aboutOf({ answer, wording, filter }: ReportFacts): [string, string][] {
  const { window, exporter } = answer
  const from = window.from * 1000
  const to = window.to * 1000
  const [offset, atEnd] = [from, to].map((at) => offsetText(at, wording.zone)) as [string, string]
  const offsets = offset === atEnd ? offset : `${offset}, at its end ${atEnd}`
  const zone = wording.zone === offsets ? offset : `${wording.zone} (${offsets})`
  return [
    ['Period', `${sayRange(from, to, wording.zone)} (${formatDuration(window.seconds)})`],
    ['Time zone', zone],
    [
      'Exporter',
      exporter === null ? 'all' : sayHost(exporter, { ...wording, hostName: wording.exporterName }),
    ],
    ['Filter', filter === '' ? 'none' : filter],
    ...usualRow(answer),
  ]
}

function usualRow({ usual }: ExplainAnswer): [string, string][] {
  if (!usual) return []
  const { bits, actual, basis } = usual
  return [
    [
      'All traffic',
      `${rate(actual.bits.in)} in, ${rate(actual.bits.out)} out; usual ${rate(bits.in)} in, ${rate(bits.out)} out (${basis})`,
    ],
  ]
}

function limitsOf({ evidence }: ExplainAnswer): string[] {
  const lost =
    evidence.lost?.flows === 0
      ? ['no flows of that time were lost on the way, by the exporter’s own numbers']
      : []
  return [...lost, ...evidence.limits]
}

function actorTable({ actors, top, window }: ExplainAnswer, wording: Wording): ReportTable | null {
  const listed = window.kind === 'none' ? top : actors
  if (listed.length === 0) return null
  const areSeveral = listed.some(({ exporter }) => exporter !== undefined)
  const through = ({ exporter }: Actor) =>
    exporter === undefined ? [] : [sayExporter(exporter, wording)]
  const row = (actor: Actor) => [
    sayHost(actor.host, wording),
    ...through(actor),
    actor.direction === 'in' ? 'received' : 'sent',
    sayBytes(actor.bytes),
    formatExact(actor.bytes),
    actor.normal === null ? 'not known' : sayBytes(actor.normal),
    formatExact(actor.connections),
    formatExact(actor.peers),
  ]
  return {
    title: window.kind === 'none' ? 'The hosts with most bytes' : 'Who',
    columns: [
      { heading: 'Host' },
      ...(areSeveral ? [{ heading: 'Through' }] : []),
      { heading: 'Direction' },
      { heading: 'Bytes', isNumber: true },
      { heading: 'exactly', isNumber: true },
      { heading: 'Usual', isNumber: true },
      { heading: 'Connections opened', isNumber: true },
      { heading: 'Peers', isNumber: true },
    ],
    rows: listed.slice(0, actorsMax).map((actor) => row(actor)),
    ...noteOfMore(listed.length - actorsMax),
  }
}

function noteOfMore(more: number): Pick<ReportTable, 'note'> {
  return more > 0 ? { note: `and ${formatExact(more)} more` } : {}
}

function peerTable({ event, answer, wording }: ReportFacts): ReportTable | null {
  const actor = answer.actors[0]
  const { scene, span } = event
  const host = actor && scene ? scene.hosts.find(actor.host) : null
  if (!actor || !scene || host === null) return null
  const { direction } = actor
  const peers = peersOf(scene, host, { span, direction, most: peersMax })
  return {
    title: `With whom ${sayHost(actor.host, wording)} had to do`,
    columns: [
      { heading: 'Peer' },
      { heading: 'Connections', isNumber: true },
      { heading: direction === 'in' ? 'Bytes received' : 'Bytes sent', isNumber: true },
    ],
    rows: peers.map((peer) => [
      sayHost(peer.address, wording),
      formatExact(peer.connections),
      `${sayBytes(peer.bytes)} (${formatExact(peer.bytes)})`,
    ]),
    ...noteOfMore(actor.peers - peers.length),
  }
}

function rate(bits: number | null): string {
  return bits === null ? 'unknown' : formatWithUnit(bits, 'b/s')
}

/** What happened when, from the evidence's series. */
function timeline({ event, answer, wording }: ReportFacts): ReportTable | null {
  const { window, evidence, actors } = answer
  if (window.kind === 'none' || evidence.time.length === 0) return null
  const { step } = evidence
  const actor = sumOf(
    answer,
    (series) => series.host !== null && series.direction === (actors[0]?.direction ?? 'in'),
  )
  const others = sumOf(answer, (series) => series.host === null)
  const who = actors.length === 1 ? actors[0]!.host : 'the actors'
  const both = (from: number, to: number) => {
    const [other, own] = [others, actor].map((values) => average(values, evidence, { from, to }))
    if (typeof other !== 'number' || typeof own !== 'number') return null
    return `others ${rate(other)}${actors.length > 0 ? `, ${who} ${rate(own)}` : ''}`
  }
  const { from, to } = window
  const half = (from + to) / 2
  // Long enough to contain a whole step, wherever steps begin.
  const beside = Math.max(60, 2 * step)
  const length = beside === 60 ? 'minute' : formatDuration(beside)
  const compared = (at: number, what: string, figures: string | null): Happening[] =>
    figures === null ? [] : [[at, `${what}: ${figures}`]]
  const first = event.incident?.isOpenStart ? 'first seen (it may have begun before)' : 'it begins'
  const hosts = actors.map(({ host }) => host)
  const begins = hosts.length > 0 ? `${first}: ${sayList(hosts, actorsMax)}` : first
  const rows: Happening[] = [
    [from, begins],
    ...(event.incident?.gaps ?? []).flatMap(gapRows),
    [to, window.ongoing ? 'last seen: it was not over' : 'it is over'],
    ...compared(from - beside, `the ${length} before`, both(from - beside, from)),
    ...compared(half, 'from here to its end', both(half, to)),
    ...compared(to, `the ${length} after`, both(to, to + beside)),
    ...(actors.length > 0 ? [peakRow(actor, who, evidence)] : []),
  ]
  return {
    title: 'When',
    columns: [{ heading: 'Time' }, { heading: 'What' }],
    rows: rows
      .sort((a, b) => a[0] - b[0])
      .map(([t, what]) => [sayClockUnder(from * 1000, t * 1000, wording.zone), what]),
  }
}

/** When (unix seconds), and what. */
type Happening = [at: number, what: string]

function gapRows({ from, to, isOurs, isUnreadable }: Gap): Happening[] {
  const who = isOurs ? 'Weir was not listening' : 'the exporter was away or cut off'
  const why = isUnreadable ? 'flows cannot be read' : who
  return [
    [from / 1000, `nothing is known from here: ${why}`],
    [to / 1000, 'known again'],
  ]
}

function peakRow(
  values: Values,
  who: string,
  { time, step }: ExplainAnswer['evidence'],
): Happening {
  const peak = values.reduce<number>((best, value, i) => (value! > values[best]! ? i : best), 0)
  const length = step === 1 ? 'second' : `${step} s`
  return [time[peak]!, `the greatest ${length} of ${who}: ${rate(values[peak]!)}`]
}

/**
 * The mean over the whole steps of a time; null unless all of it is known, except for a step at
 * each end.
 */
function average(
  values: Values,
  { time, step }: ExplainAnswer['evidence'],
  { from, to }: { from: number; to: number },
): number | null {
  const within = values.filter((_, i) => time[i]! >= from && time[i]! + step <= to)
  const known = within.filter((value) => value !== null)
  const isCovered = known.length > 0 && known.length * step >= to - from - 2 * step
  if (!isCovered || known.length < within.length) return null
  return known.reduce((sum, value) => sum + value, 0) / known.length
}

function flowTable({ flows, wording, filter, event }: ReportFacts): ReportTable | null {
  if (flows.length === 0) return null
  const time = (t: number) => sayClockUnder(event.span.from, t, wording.zone, `.${milliseconds(t)}`)
  return {
    title: 'Evidence: the flows with most bytes',
    columns: [
      { heading: 'First packet', isWhole: true },
      { heading: 'Last packet', isWhole: true },
      { heading: 'Source' },
      { heading: 'Destination' },
      { heading: 'Protocol', isWhole: true },
      { heading: 'Flags', isWhole: true },
      { heading: 'Packets', isNumber: true },
      { heading: 'Bytes', isNumber: true },
    ],
    rows: flows.map((flow) => [
      time(flow.first),
      time(flow.last),
      endpointText({ host: flow.source, port: flow.sourcePort }),
      endpointText({ host: flow.destination, port: icmpText(flow) ?? flow.destinationPort }),
      flow.protocol,
      flow.tcpFlags,
      formatExact(flow.packets),
      formatExact(flow.bytes),
    ]),
    note: `As the exporter reported them; bytes of whole records. All of them are in the flow list of the page; who with whom: ${queryText(filter, event.span)}`,
  }
}

/** The command that sums the flows of an event, with its window widened to whole seconds. */
function queryText(filter: string, { from, to }: Event['span']): string {
  const time = (ms: number) => new Date(ms).toISOString().replace('.000', '')
  const [first, end] = [Math.floor(from / 1000) * 1000, Math.ceil(to / 1000) * 1000]
  const quoted = filter === '' ? '' : ` '${filter}'`
  return `npx --no weir query${quoted} --from ${time(first)} --to ${time(end)} --by src,dst`
}

function milliseconds(t: number): string {
  return String(Math.floor(t % 1000)).padStart(3, '0')
}
