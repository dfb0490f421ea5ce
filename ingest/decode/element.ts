/** What can be done with an information element: how it is read and which column it sets. */
import type { ColumnName } from '../../flow/columns.ts'

/** Address columns, without High and Low. */
export type AddressColumn =
  | 'sourceAddress'
  | 'destinationAddress'
  | 'nextHopAddress'
  | 'postNATSourceAddress'
  | 'postNATDestinationAddress'

/** Values read into a scratch column first, because a row's value needs more than one element. */
export const scratchNames = [
  'selectorId',
  'selectionSequenceId',
  'samplingPacketInterval',
  'samplingPacketSpace',
  'samplingSize',
  'samplingPopulation',
  'samplingProbability',
  'flowDurationMs',
  'systemInitTimeMs',
  'replyAfterMs',
] as const
export type ScratchName = (typeof scratchNames)[number]

/** A number column that an element of this kind can set. */
type NumberColumn = Exclude<ColumnName, `${string}AddressHigh` | `${string}AddressLow`>

/**
 * - unsigned: a number of 1 to 8 bytes (reduced-size encoding); the first that is not 0 counts
 * - counter: the same, but only the template's best one counts, even if it is 0
 * - flags: the same, combined by or; dscp: upper 6 bits of the class of service
 * - type, code: upper and lower byte of icmpTypeCode
 * - address: IPv4 or IPv6 by length
 * - application: classification engine and selector (RFC 6759)
 * - station: a wireless client's address
 * - localEnd: a text that says which end is local
 * - label: MPLS label stack entry; its upper 20 bits are the label
 * - seconds … delta: the forms of time (RFC 7011, section 6.1; delta: RFC 5102, 5.9.9)
 * - scratch …: into a scratch column
 * - section: the start of a packet, from its Ethernet header or its IP header
 * - list: records within the record (RFC 6313)
 * - option: only read in options records
 */
export type ElementAction =
  | {
      kind: 'unsigned' | 'counter' | 'flags' | 'dscp' | 'type' | 'code' | 'label'
      column: NumberColumn
    }
  | { kind: 'address'; column: AddressColumn }
  | {
      kind: 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds' | 'uptime' | 'delta'
      column: 'flowStartMilliseconds' | 'flowEndMilliseconds'
    }
  | { kind: 'scratch' | 'scratchFloat' | 'scratchMicroseconds'; scratch: ScratchName }
  | { kind: 'section'; link: 'ethernet' | 'ip' }
  | { kind: 'list'; list: ListKind }
  | { kind: 'application'; column: 'applicationId' }
  | { kind: 'station' }
  | { kind: 'localEnd' }
  | { kind: 'option' }

export type ListKind = 'basic' | 'subTemplate' | 'subTemplateMulti'

export interface Element {
  id: number
  /** Private enterprise number; 0 for IANA. */
  enterprise: number
  name: string
  action: ElementAction
  /** Position in the table: lower is preferred. */
  rank: number
}
