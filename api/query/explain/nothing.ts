/** What is told of a window in which nothing happened: the hosts with most traffic, or why nothing can be said. */
import { greatestHosts } from '../../../flow/incident/facts/totals.ts'
import type { Span } from '../../../flow/incident/facts/span.ts'
import type { Incident } from '../../../flow/incident/incident.ts'
import { factsOfHosts } from '../../../store/incident/host-facts.ts'
import { lackingByExporter } from '../../../store/incident/judge.ts'
import type { Window } from '../window.ts'
import type { Found, Greatest, Unseen } from './event.ts'
import { queryOf, type ExplainContext, type JudgedWindow } from './judged.ts'

/** Hosts named when no one is to blame. */
const greatestMax = 3

/** The hosts with most bytes in a window, or why none can be named. */
export async function nothing(
  { from, to, exporter }: Window,
  { judged, refused }: Pick<JudgedWindow, 'judged' | 'refused'>,
  context: ExplainContext,
): Promise<Found> {
  const asked = { from, to }
  const query = queryOf(context, asked, exporter)
  const facts = await Promise.all(
    judged.map(({ scene }) => {
      const hosts = greatestHosts(scene, asked, greatestMax)
      return factsOfHosts(query, scene, { hosts, span: asked })
    }),
  )
  const only = judged.length === 1 ? judged[0]! : null
  const byBytes = facts
    .flatMap(({ actors }, i): Greatest[] =>
      only ? actors : actors.map((actor) => ({ ...actor, exporter: judged[i]!.exporter })),
    )
    .sort((a, b) => b.bytes - a.bytes)
  const others = exporter === undefined ? await lackingByExporter(query) : []
  // Several exporters may have seen the same traffic.
  const greatest = byBytes
    .filter(({ host }, i) => byBytes.findIndex((each) => each.host === host) === i)
    .slice(0, greatestMax)
  return {
    asked,
    incident: null,
    span: asked,
    exporter: exporter ?? only?.exporter ?? null,
    scene: only?.scene ?? null,
    unknown: only?.unknown ?? [],
    unknownOf: others.filter((each) => each.unknown.length > 0 && each.exporter !== only?.exporter),
    lost: others.length > 1 ? lostOfAll(others) : (only?.lostIn(asked) ?? null),
    unseen: greatest.length > 0 ? null : await whyUnseen(asked, refused, context),
    greatest,
    usual: judged.flatMap((each) => each.usual),
    isGone: false,
  }
}

function lostOfAll(of: readonly { lost: Incident['lost'] }[]): Incident['lost'] {
  return {
    flows: of.reduce((sum, { lost }) => sum + lost.flows, 0),
    estimated: of.some(({ lost }) => lost.estimated && lost.flows > 0),
  }
}

async function whyUnseen(
  { from, to }: Span,
  refused: JudgedWindow['refused'],
  { flows, series, settings }: ExplainContext,
): Promise<Unseen> {
  const { rows } = await flows.extent(from, to)
  if (rows > 0 && refused !== null) return refused
  const [leftOut] = (await flows.unreadable?.(from, to)) ?? []
  if (leftOut) return leftOut.reason
  if (rows > 0) return 'none-received'
  const kept = await Promise.all(settings.tiers.map((tier) => series.extent(tier)))
  const wasReceived = kept.some((extent) => extent && extent.from < to && extent.to > from)
  const { first } = await flows.extent(0, Number.MAX_SAFE_INTEGER)
  return wasReceived && (first === null || first >= to) ? 'gone' : 'none-received'
}
