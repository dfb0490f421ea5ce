/** The event of a window, from which its answer and its reports are made. */
import type { Span } from '../../../flow/incident/facts/span.ts'
import type { ActorFacts, Incident } from '../../../flow/incident/incident.ts'
import type { Scene } from '../../../flow/incident/scene/scene.ts'
import type { LeftOutReason } from '../../../store/measurement.ts'

/** One of the hosts with most bytes through an exporter, which is named if there are several. */
export type Greatest = ActorFacts & { exporter?: string }

/** The event of a window, and what its description needs. */
export interface Event {
  asked: Span
  /** Null if nothing happened; its id is empty if it is not in the list of incidents. */
  incident: Incident | null
  /** The incident's time, or the window asked for. */
  span: Span
  /** The exporter it is about; null for several. */
  exporter: string | null
  /** The seconds around it; null if the archive no longer has them. */
  scene: Scene | null
  /** Times around it of which not everything is known, in whole intervals. */
  unknown: readonly Span[]
  /** The same of each of several exporters that has such times, if nothing happened. */
  unknownOf: readonly { exporter: string; unknown: readonly Span[] }[]
  /** Flows lost around it; null if unknown. */
  lost: Incident['lost'] | null
  /** Why nothing can be said about the window itself; null if its flows were read. */
  unseen: Unseen | null
  /** The hosts with most bytes, if nothing happened. */
  greatest: Greatest[]
  /** Why what looks like an incident is none: it is usual at that hour, or only the exporter's clock was set. */
  usual: string[]
  /** It is reported as judged at the time; its flows are no longer in the archive. */
  isGone: boolean
  /** A sentence for each file of the window that was left out. */
  leftOut: readonly string[]
}

/**
 * No flows came; they have been deleted, are not in the store yet or cannot be read; the window is
 * too long, or has too many flows, to be read.
 */
export type Unseen = 'none-received' | 'gone' | LeftOutReason | 'too-long' | 'too-many'

/** What is found before the files that were left out are asked for. */
export type Found = Omit<Event, 'leftOut'>
