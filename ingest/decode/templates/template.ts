/**
 * Templates: the list of fields that an exporter announced, and the steps it is compiled into, once,
 * when the first data for it comes.
 */
import type { ColumnMask, FlowColumns } from '../../../flow/columns.ts'
import type { Place, Step } from '../steps/batch.ts'
import type { ListKind, ScratchName } from '../element.ts'
import type { Field } from './field.ts'
import type { GroupLoop, Offsets } from '../steps/group-loops.ts'
import type { FieldGroup } from '../steps/groups.ts'

/** A length that says: the record itself says how long the field is (RFC 7011, section 7). */
export const variableLength = 65_535

/** Columns that steps write besides those of the flows. */
export type ScratchColumns = { readonly [Name in ScratchName]: Float64Array }

/** What steps write into: rows of flows, rows of their other direction, scratch. */
export interface DecodeTarget {
  flows: FlowColumns
  reverse: FlowColumns
  scratch: ScratchColumns
  /** For the columns of flows. */
  groups: readonly FieldGroup[]
}

/** A group's loop and where its fields lie. */
export interface PlacedGroup {
  loop: GroupLoop
  at: Offsets
}

/** A list and where it lies. */
export interface PlacedList {
  kind: ListKind
  place: Place
}

export interface CompiledTemplate {
  /** One a field; of records of variable length, set anew for each record. */
  places: Place[]
  /** To be run before the steps. */
  groups: PlacedGroup[]
  steps: Step[]
  scratchSteps: Step[]
  reverseSteps: Step[]
  /** Packets counted in and out of the same record, if nothing says whether out is back: see both-ways.ts. */
  outgoing: { in: Place; out: Place } | null
  /** Both directions count by local and remote end, and where records say which is local: see steps/local-end.ts. */
  byLocalEnd: { said: Place | null } | null
  /** Scratch columns that the scratch steps set. */
  scratch: ReadonlySet<ScratchName>
  /** Columns that every row is written in, and those that may be written in. */
  writes: ColumnMask
  touches: ColumnMask
  /** Has uptime-relative times, so that the exporter's uptime must be known. */
  usesUptime: boolean
  /** Where the end is, if it is uptime-relative. */
  uptimeEnd: Place | null
  /** Says how long flows lasted. */
  hasDurations: boolean
  /** Gives the rate itself. */
  setsSampling: boolean
  /** Says anything of how its packets were sampled. */
  saysSampling: boolean
  /** Has anything by which a record is a flow: addresses, counts or a packet's start. */
  isFlow: boolean
  /** Lists of records, and where they lie. */
  lists: PlacedList[]
  /** Counts octets or packets, or holds a packet's start. */
  hasCounts: boolean
  /** Says how many packets. */
  hasPackets: boolean
  /** Holds the starts of packets rather than counts. */
  hasSection: boolean
  /** Reads once more what a group has found to be odd; null: no group looks for that. */
  exactly: PlacedGroup | null
  /** That group finishes the rows, unless they are odd. */
  finishes: boolean
  /** A group tells the protocols that it saw. */
  tellsProtocols: boolean
  /** The ICMP type must be taken from the destination port. */
  icmpInPort: boolean
  /** Fields whose length their element cannot have. */
  badLengths: number
  /** unix ms of the last data read by it. */
  usedMs: number
  /** Its steps were forgotten to save memory: it must be compiled anew. */
  isDropped: boolean
}

export class Template {
  id: number
  readonly fields: readonly Field[]
  /** How many of the fields, from the first, say what an options record is about; 0: a data template. */
  scopeCount: number
  isOptions: boolean
  /** Its outgoing counts are those of the other direction: see both-ways.ts. */
  countsBothWays = false
  /** Records in which far more packets went the one way than the other. */
  readonly seen = { moreIn: 0, moreOut: 0 }
  /** Announced from another port of the exporter: see ports.ts. */
  isAdopted = false
  /** Bytes of a record, the least where it is variable. */
  recordBytes: number
  isVariable: boolean
  /** unix ms of the last announcement or data. */
  usedMs: number
  /** Held for all templates of the same fields; see TemplateStore. */
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

  /** Takes over all that another template says, so that one that is no longer held is used again. */
  become(other: Template): this {
    this.id = other.id
    const fields = this.fields as Field[]
    fields.length = other.fields.length
    for (let i = 0; i < fields.length; i++) fields[i] = other.fields[i]!
    this.scopeCount = other.scopeCount
    this.isOptions = other.isOptions
    this.isAdopted = other.isAdopted
    this.countsBothWays = other.countsBothWays
    Object.assign(this.seen, other.seen)
    this.recordBytes = other.recordBytes
    this.isVariable = other.isVariable
    this.usedMs = other.usedMs
    this.compiled = other.compiled
    return this
  }

  /** The fields as one text, the same for templates that are read in the same way. */
  get layout(): string {
    let text = this.isOptions ? 'o' : this.countsBothWays ? 'b' : 'd'
    for (const { id, enterprise, length } of this.fields)
      text += enterprise === 0 ? ` ${id}:${length}` : ` ${enterprise}/${id}:${length}`
    return text
  }

  /** Whether another template has the very same fields. */
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
