/**
 * What happened, in one or two sentences of plain English that claim only what the flows show.
 *
 *     Monday 16 November 2026, 11:32:10: traffic through pfsense was cut for 4 min 23 s. 10.0.0.22
 *     (bobby22.bigbiz.local) opened 312 connections outward, 280 of them to 203.0.113.80, and
 *     downloaded 4.0 GB.
 */
import { countOf, formatDuration, formatExact } from '../../units.ts'
import { unknownTime, type Carried, type Incident } from '../incident.ts'
import { openings, sayActors } from './actors.ts'
import {
  isOneDay,
  sayAddresses,
  sayBytes,
  sayClock,
  sayExporter,
  sayHost,
  sayTime,
  type Wording,
} from './wording.ts'

/** A description of an incident. */
export function sayIncident(incident: Incident, wording: Wording): string {
  const said = kinds[incident.kind](incident, wording)
  return [`${sayTime(incident.from, wording.zone)}: ${said}`, ...cautions(incident, wording)].join(
    ' ',
  )
}

/** Others that kept less than this share of their traffic were cut off, otherwise slowed down. */
const cutRatio = 0.1

const kinds: Record<Incident['kind'], (incident: Incident, wording: Wording) => string> = {
  congestion(incident, wording) {
    const exporter = sayExporter(incident.exporter, wording)
    const time = sayLength(incident)
    const { connectionsKept, isOngoing, wentOn = 0 } = incident
    const isOfBytes = connectionsKept === undefined
    const kept = connectionsKept ?? incident.othersKept ?? 0
    const verb = isOfBytes ? (isOngoing ? 'has been' : 'was') : isOngoing ? 'have been' : 'were'
    const what = `${isOfBytes ? 'traffic' : 'new connections'} through ${exporter} ${verb}`
    const some = countOf(wentOn, 'other host')
    const apart = wentOn > 0 ? `, except that of ${some}, which went on` : ''
    const rest = wentOn > 0 ? `${some} went on, and the rest` : 'the other hosts'
    const effect =
      kept <= cutRatio
        ? `${what} cut for ${time}${apart}.`
        : `${what} held up for ${time}: ${rest} kept ${percent(kept)} of theirs.`
    return [effect, ...sayActors(incident, wording)].join(' ')
  },
  silence(incident, wording) {
    if (incident.carried) return sayCarried(incident.carried, incident, wording)
    const exporter = sayExporter(incident.exporter, wording)
    // With lost flows or sampled packets, the rest is unknown.
    const isAllSeen = incident.lost.flows === 0 && incident.sampling === 1
    const passed = sayPassed(incident, isAllSeen)
    const nobody = isAllSeen ? 'No host took the line' : 'No host is seen to have taken the line'
    // An exporter without flows sends nothing, but its next datagram continues the sequence.
    const isWhole = incident.lost.flows === 0
    const reports = isWhole
      ? `no report of ${exporter} is missing`
      : `${exporter} went on reporting`
    return (
      `traffic through ${exporter} was cut for ${sayLength(incident)}. ` +
      `${nobody}: ${passed}, and ${reports}.`
    )
  },
  exporter(incident, wording) {
    const exporter = sayExporter(incident.exporter, wording)
    const [why = ''] = incident.facts
    if (incident.mayBeSilence)
      return `nothing came from ${exporter} for ${sayLength(incident)}: it was away or cut off, or nothing passed through it. Which of these, its reports do not show.`
    return `${exporter} itself was away or cut off for ${sayLength(incident)}: ${why}. What passed in that time is not known.`
  },
  surge(incident, wording) {
    const [actor] = incident.actors
    const others = 'The traffic of the others was not cut by it.'
    if (!actor) return others
    const host = sayHost(actor.host, wording)
    const time = sayLength(incident)
    const { opened, beenOpened } = openings(incident)
    if (actor.direction === 'in')
      return `${formatExact(actor.accepted)} connections were ${beenOpened} to ${host} in ${time} from ${sayAddresses(actor.acceptedFrom ?? actor.peers)}, with ${sayBytes(actor.bytes)}. ${others}`
    return `${host} ${opened} ${formatExact(actor.connections)} connections in ${time} to ${countOf(actor.openedTo ?? actor.peers, 'host')}, and sent ${sayBytes(actor.bytes)}. ${others}`
  },
}

/** A silence in which hosts went on through another exporter. */
function sayCarried(
  { exporter, hosts, of }: Carried,
  incident: Incident,
  wording: Wording,
): string {
  const [from, to] = [incident.exporter, exporter].map((each) => sayExporter(each, wording))
  const some = hosts === of ? 'all' : `${formatExact(hosts)} of`
  return (
    `traffic through ${from} stopped for ${sayLength(incident)}, but ${some} the ${countOf(of, 'host')} ` +
    `that had received from outside through it just before went on through ${to}, as in a fail-over.`
  )
}

/** No IP packet has fewer bytes: less is a share of a record that reaches into the silence by rounding. */
const packetMin = 20

/** What passed in a silence, or was seen to pass. */
function sayPassed(
  { total, passed = total.in + total.out, fromOutside, spanned }: Incident,
  isAllSeen: boolean,
): string {
  if (spanned)
    return `hardly a flow ${spanned === 'outside' ? 'from outside ' : ''}${isAllSeen ? 'began' : 'was seen to begin'} or ${isAllSeen ? 'ended' : 'end'} in it`
  const only = (bytes: number) => (bytes < packetMin ? 'nothing' : `only ${sayBytes(bytes)}`)
  if (fromOutside === undefined)
    return `${only(passed)} ${isAllSeen ? 'passed' : 'was seen to pass'}`
  const came = isAllSeen ? 'came' : 'was seen to come'
  return `${only(fromOutside)} ${came} from outside, though hosts sent on as before`
}

function sayLength(incident: Incident): string {
  const { from, to, isOpenStart = false, isOngoing, gaps = [], idleMs } = incident
  const length = formatDuration(Math.max(1, Math.round((to - from) / 1000)))
  const unknown = gaps.map((gap) => unknownTime(gap, idleMs))
  const isCut =
    unknown.some((gap) => gap.from < from && gap.to >= from) ||
    // An end is known to the second.
    unknown.some((gap) => gap.from <= to + 1000 && gap.to > to)
  const isLonger = isOpenStart || isOngoing || isCut
  return isLonger ? `at least ${length}` : length
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

/** Which part of the packets was looked at, such as 1 of 100 packets. */
export function saySampling({
  sampling,
  samplingVaries,
}: Pick<Incident, 'sampling' | 'samplingVaries'>): string {
  return `1 of ${samplingVaries ? 'up to ' : ''}${formatExact(sampling)} packets`
}

/** The limits of the figures, where they matter. */
function cautions(incident: Incident, wording: Wording): string[] {
  const { sampling, kind, estimatedFrom = 1 } = incident
  if (kind === 'exporter') return []
  const said: string[] = []
  if (estimatedFrom > 1)
    said.push(
      `Figures are estimated from 1 of ${formatExact(estimatedFrom)} connections, but hosts are only those seen in these.`,
    )
  if (sampling > 1)
    said.push(
      `Bytes are estimated, for ${saySampling(incident)} was looked at: there were more connections and hosts than were seen.`,
    )
  const missing = whatIsMissing(incident, wording)
  if (missing !== '')
    said.push(`${missing[0]!.toUpperCase()}${missing.slice(1)}: figures are at least these.`)
  return said
}

/** Why figures may be greater; empty if nothing is missing. */
function whatIsMissing(
  { from, exporter, isOpenStart, gaps = [], lost }: Incident,
  wording: Wording,
): string {
  const { zone } = wording
  const reasonOf = ({ isOurs, isUnreadable }: (typeof gaps)[number]) =>
    isUnreadable ? 'unreadable' : isOurs ? 'ours' : 'theirs'
  const [theirs, ours, unreadable] = (['theirs', 'ours', 'unreadable'] as const).map((reason) =>
    gaps
      .filter((gap) => reasonOf(gap) === reason)
      .map((gap) => {
        const [a, b] = [gap.from, gap.to].map((t) =>
          isOneDay(from, t, zone) ? sayClock(t, zone) : sayTime(t, zone),
        )
        return `from ${a} to ${b}`
      }),
  ) as [string[], string[], string[]]
  const unseen = (when: string[], why: string) =>
    when.length > 0 ? `what passed ${when.join(' and ')} is not known, for ${why}` : null
  const lostFlows = Math.max(1, Math.round(lost.flows))
  const about = lost.estimated ? 'about ' : ''
  return [
    isOpenStart ? 'this may have begun before the first of these flows' : null,
    unseen(theirs, `${sayExporter(exporter, wording)} itself was away or cut off`),
    unseen(ours, 'Weir was not listening'),
    unseen(unreadable, 'the flows received then cannot be read'),
    lost.flows > 0
      ? `${about}${countOf(lostFlows, 'flow')} of that time ${lostFlows === 1 ? 'was' : 'were'} lost`
      : null,
  ]
    .filter((reason) => reason !== null)
    .join(', and ')
}
