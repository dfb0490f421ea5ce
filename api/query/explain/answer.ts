/** An event in the terms of the contract: sentence, actors, evidence. */
import type { ActorFacts, Incident, PeerFacts } from '../../../flow/incident/incident.ts'
import { sayIncident } from '../../../flow/incident/sentence/sentence.ts'
import {
  hostsNamed,
  sayBytes,
  sayExporter,
  sayHost,
  sayRange,
  type Wording,
} from '../../../flow/incident/sentence/wording.ts'
import { formatDuration } from '../../../flow/units.ts'
import type { Actor, EventWindow, ExplainAnswer, Usual } from '../../schema/explain.ts'
import type { Event, Unseen } from './event.ts'
import type { usualTraffic } from './find-event.ts'
import { judgedMsMax } from './judged.ts'
import { evidenceOf, gapsOf } from './evidence.ts'

/** The answer of /api/explain. */
export async function explainAnswer(
  event: Event,
  usual: Awaited<ReturnType<typeof usualTraffic>>,
  wording: Wording,
): Promise<ExplainAnswer> {
  const { asked, incident, exporter } = event
  await wording.learn?.(hostsNamed([...(incident?.actors ?? []), ...event.greatest]))
  return {
    asked: { from: asked.from / 1000, to: asked.to / 1000 },
    window: windowOf(event),
    exporter,
    exporterName: exporter === null ? null : wording.exporterName(exporter),
    sentence: incident ? sayEvent(incident, wording) : sayNothing(event, wording),
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
  // What only the sentence needs.
  for (const name of [
    'askedBy',
    'sentNothing',
    'isUnasked',
    'tunnel',
    'openedTo',
    'acceptedFrom',
    'opensInside',
    'isUsual',
  ] as const)
    delete facts[name]
  return { ...facts, name: hostName(actor.host), mainPeer: mainPeer && peerOf(mainPeer, hostName) }
}

function peerOf({ address, connections, bytes }: PeerFacts, hostName: Wording['hostName']) {
  return { address, connections, bytes, name: hostName(address) }
}

/** What happened, and whether only who asks is told. */
function sayEvent(incident: Incident, wording: Wording): string {
  const said = sayIncident(incident, wording)
  if (incident.id !== '') return said
  return `${said} This is not in the list of incidents: as its flows came in it was not found, or they have not been judged yet.`
}

const shorter =
  'No incident was found in it as its flows came in. Ask for a shorter time, or for one exporter.'
/** If no flows were read, nothing can be called usual. */
const unseenSentences: Record<Unseen, string> = {
  'none-received': 'no flows were received of that time.',
  gone: 'its flows are kept no more. No incident was found in it as they came in.',
  'not-sent': 'its flows are not in ClickHouse yet.',
  unreadable: 'its flows cannot be read.',
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
    // What several exporters report may be the same packets, so figures are of one of them.
    const where = most.exporter ? ` through ${sayExporter(most.exporter, wording)}` : ''
    const bytes = sayBytes(most.bytes)
    said.push(`${sayHost(most.host, wording)} had most: it ${verb} ${bytes}${where}.`)
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
  const seen = (value: number | null) => (gapsOf(incident).length > 0 ? null : value)
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
