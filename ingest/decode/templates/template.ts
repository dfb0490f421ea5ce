/**
 * Templates: the fields announced by an exporter, and the steps they are compiled to, once, when
 * their first data arrives.
 */
import type { ColumnMask, FlowColumns } from '../../../flow/columns.ts'
import type { Place, Step } from '../steps/batch.ts'
import type { ListKind, ScratchName } from '../element.ts'
import type { Field } from './field.ts'
import type { GroupLoop, Offsets } from '../steps/group-loops.ts'
import type { FieldGroup } from '../steps/groups.ts'
import type { CountsAgain } from '../counted-before/counted-again.ts'

/** The length that means: the record gives the field's length (RFC 7011, section 7). */
export const variableLength = 65_535

/** Columns that steps write in addition to those of flows. */
export type ScratchColumns = { readonly [Name in ScratchName]: Float64Array }

/** The targets of steps: rows of flows, rows of their other direction, scratch. */
export interface DecodeTarget {
  flows: FlowColumns
  reverse: FlowColumns
  scratch: ScratchColumns
  /** For the columns of `flows`. */
  groups: readonly FieldGroup[]
}

/** A group's loop and the offsets of its fields. */
export interface PlacedGroup {
  loop: GroupLoop
  at: Offsets
}

/** A list and its place. */
interface PlacedList {
  kind: ListKind
  place: Place
}

export interface CompiledTemplate {
  /** One per field; for variable-length records, set anew for each. */
  places: Place[]
  /** Run before the steps. */
  groups: PlacedGroup[]
  steps: Step[]
  scratchSteps: Step[]
  reverseSteps: Step[]
  /**
   * Incoming and outgoing packets of a record, while it is unknown whether the latter are return
   * traffic: see both-ways.ts.
   */
  outgoing: { in: Place; out: Place } | null
  /**
   * Set if both directions count by local and remote end, with the field that says which is local:
   * see steps/local-end.ts.
   */
  byLocalEnd: { field: Place | null } | null
  /**
   * Where records whose directions count by initiator and responder say which end is the initiator;
   * null if that is the source: see steps/initiator.ts.
   */
  initiator: Place | null
  /** Whether it has the destination after address translation. */
  translatesDestination: boolean
  /** Set if records may count what counted before: see counted-before/. */
  countsAgain: CountsAgain | null
  /** Whether records count what came of one session in a time that they give: see kept-starts.ts. */
  hasDeltas: boolean
  /** Scratch columns set by the scratch steps. */
  scratch: ReadonlySet<ScratchName>
  /** Columns written in every row, and columns that may be written. */
  writes: ColumnMask
  touches: ColumnMask
  /** Whether it has uptime-relative times, which need the exporter's uptime. */
  usesUptime: boolean
  /** The end's place, if it is uptime-relative. */
  uptimeEnd: Place | null
  /** Whether it has flow durations. */
  hasDurations: boolean
  /** Whether it has the sampling rate itself. */
  setsSampling: boolean
  /** Whether it has any element about sampling. */
  saysSampling: boolean
  /** Whether it has anything that makes a record a flow: addresses, counts or a packet's start. */
  isFlow: boolean
  /** Lists of records, with their places. */
  lists: PlacedList[]
  /** Whether it counts octets or packets, or has a packet's start. */
  hasCounts: boolean
  /** Whether it counts packets. */
  hasPackets: boolean
  /** Whether it has the starts of packets instead of counts. */
  hasSection: boolean
  /** Rereads rows that a group found to be odd; null: no group checks for that. */
  exactly: PlacedGroup | null
  /** Whether that group finishes the rows, unless they are odd. */
  finishes: boolean
  /** Whether a group reports the protocols it saw. */
  tellsProtocols: boolean
  /** Whether the ICMP type must be taken from the destination port. */
  icmpInPort: boolean
  /** Fields with a length that their element cannot have. */
  badLengths: number
  /** unix ms of the last data read with it. */
  usedMs: number
  /** A record with lists is being read with it: its steps must not be freed, whatever the lists need. */
  isInUse: boolean
  /** Its steps were freed to save memory: it must be compiled again. */
  isDropped: boolean
}

/** This many records with far more in one direction, and as many in the other, decide that both count. */
const farMoreRecordsMin = 8

export class Template {
  id: number
  readonly fields: readonly Field[]
  /** How many of the first fields are the scope of an options record; 0: a data template. */
  scopeCount: number
  isOptions: boolean
  /** Records with far more packets in one direction than in the other, and with any that came in, or only left. */
  readonly seen = { moreIn: 0, moreOut: 0, in: 0, onlyOut: 0 }
  /** Announced from another port of the exporter: see ports.ts. */
  isAdopted = false
  /** Bytes of a record; the minimum if variable. */
  recordBytes: number
  isVariable: boolean
  /** unix ms of the last announcement or data. */
  usedMs: number
  /** Shared by all templates with the same fields; see TemplateStore. */
  compiled: CompiledTemplate | null = null

  constructor(
    id: number,
    fields: readonly Field[],
    options: { scopeCount: number; isOptions: boolean; nowMs: number },
  ) {
    this.id = id
    this.fields = fields
    this.scopeCount = options.scopeCount
    this.isOptions = options.isOptions
    this.usedMs = options.nowMs
    let bytes = 0
    let variable = false
    for (const { length } of fields) {
      if (length === variableLength) variable = true
      bytes += length === variableLength ? 1 : length
    }
    this.recordBytes = bytes
    this.isVariable = variable
  }

  /** Copies another template into this one, so that a forgotten template is reused. */
  become(other: Template): this {
    this.id = other.id
    const fields = this.fields as Field[]
    fields.length = other.fields.length
    for (let i = 0; i < fields.length; i++) fields[i] = other.fields[i]!
    this.scopeCount = other.scopeCount
    this.isOptions = other.isOptions
    this.isAdopted = other.isAdopted
    Object.assign(this.seen, other.seen)
    this.recordBytes = other.recordBytes
    this.isVariable = other.isVariable
    this.usedMs = other.usedMs
    this.compiled = other.compiled
    return this
  }

  /** Its outgoing counts are those of the other direction: see both-ways.ts. */
  get countsBothWays(): boolean {
    return this.seen.moreOut >= farMoreRecordsMin && this.seen.moreIn >= farMoreRecordsMin
  }

  /** Its records count what left, and nothing that came in: see both-ways.ts. */
  get countsOutgoing(): boolean {
    return this.seen.in === 0 && this.seen.onlyOut > 0
  }

  /** The fields as text, equal for templates that are read in the same way. */
  get layout(): string {
    let text = this.isOptions ? 'o' : this.countsBothWays ? 'b' : this.countsOutgoing ? 'e' : 'd'
    for (const { id, enterprise, length } of this.fields)
      text += enterprise === 0 ? ` ${id}:${length}` : ` ${enterprise}/${id}:${length}`
    return text
  }

  /** Whether another template has exactly the same fields. */
  equals(other: Template): boolean {
    return (
      this.isOptions === other.isOptions &&
      this.scopeCount === other.scopeCount &&
      this.fields.length === other.fields.length &&
      this.fields.every((field, i) => {
        const { id, enterprise, length } = other.fields[i]!
        return field.id === id && field.enterprise === enterprise && field.length === length
      })
    )
  }
}
