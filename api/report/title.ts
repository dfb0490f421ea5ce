/** The title of a report: what kind of event it is about. */
import type { WindowKind } from '../../flow/incident/incident.ts'
import type { Event, Unseen } from '../query/explain/event.ts'

const titles: Record<WindowKind, string> = {
  congestion: 'The traffic of one host took the line',
  silence: 'Nothing passed',
  exporter: 'The exporter was away',
  surge: 'A surge of connections',
  none: 'Nothing out of the usual',
}

/** The title if the flows of a window could not be read. */
const unseenTitles: Record<Unseen, string> = {
  'none-received': 'No flows',
  gone: 'Flows that are kept no more',
  'not-sent': 'Flows that are not in ClickHouse yet',
  unreadable: 'Flows that cannot be read',
  'too-long': 'Too long to be looked into',
  'too-many': 'Too many flows to be looked into',
}

/** The title for an event, or for a window in which nothing happened. */
export function titleOf({ unseen, incident }: Pick<Event, 'unseen' | 'incident'>): string {
  if (unseen) return unseenTitles[unseen]
  if (!incident) return titles.none
  const { kind, actors, carried, connectionsKept, fromOutside, mayBeSilence } = incident
  if (carried) return 'Traffic went another way'
  if (mayBeSilence) return 'Nothing came from the exporter'
  if (fromOutside !== undefined) return 'Nothing came from outside'
  if (connectionsKept !== undefined) return 'New connections were held up'
  const areSeveral = actors.length > 1 && kind === 'congestion'
  return areSeveral ? `The traffic of ${actors.length} hosts took the line` : titles[kind]
}
