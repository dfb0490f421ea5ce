/** A morning, night or Sunday, with what must be told of it. */
import type { WindowKind } from '../../flow/incident/incident.ts'
import type { MeterOptions } from './meter.ts'
import type { Packet } from './packets.ts'

interface Verdict {
  kind: Exclude<WindowKind, 'none'>
  /** unix ms */
  from: number
  to: number
  direction?: 'in' | 'out'
  /** Expected actors with the connections, bytes and main peer of each, if these must be exact. */
  actors: Record<
    string,
    { connections?: number; bytes?: number; mainPeer?: string; /** By others. */ isAsked?: boolean }
  >
}

export interface Scenario {
  name: string
  packets: () => Packet[]
  meter: MeterOptions
  /** Datagrams received in these times are dropped. */
  drops?: readonly { from: number; to: number }[]
  /** The delay of datagrams in transit, ms. */
  lateMs?: number
  expected: Verdict | null
  /** Tolerance of the times, seconds. */
  tolerance?: number
  /** It does not show whether the exporter was away. */
  mayBeSilence?: boolean
  /** The others kept at most this share. */
  othersKept?: number
}
