/**
 * Templates: the list of fields that an exporter announced, and the steps it is compiled into, once,
 * when the first data for it comes.
 */
import type { FlowColumns } from '../../flow/columns.ts'
import type { Place, Step } from './batch.ts'
import { offsetsOf } from './groups.ts'
import type { FieldGroup, GroupLoop, Offsets } from './groups.ts'
import { elementOf, reversedElementOf } from './elements.ts'
import type { Element, ScratchName } from './elements.ts'
import { stepOf } from './compile.ts'

/** A length that says: the record itself says how long the field is (RFC 7011, section 7). */
export const variableLength = 65_535

/** A field of a template as it was announced. */
export interface Field {
  id: number
  /** 0 where it is IANA's. */
  enterprise: number
  /** Bytes, or variableLength. */
  length: number
}

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

export interface CompiledTemplate {
  /** One a field; of records of variable length, set anew for each record. */
  places: Place[]
  /** To be run before the steps. */
  groups: PlacedGroup[]
  steps: Step[]
  scratchSteps: Step[]
  reverseSteps: Step[]
  /** Scratch columns that the scratch steps set. */
  scratch: ReadonlySet<ScratchName>
  /** Has uptime-relative times, so that the exporter's uptime must be known. */
  usesUptime: boolean
  /** Where the end is, if it is uptime-relative. */
  uptimeEnd: Place | null
  /** Says anything of how its packets were sampled. */
  saysSampling: boolean
  /** Has anything by which a record is a flow: addresses, counts or a packet's start. */
  isFlow: boolean
  /** Says how many packets. */
  hasPackets: boolean
  /** Holds the starts of packets rather than counts. */
  hasSection: boolean
  /** Columns whose ICMP type must be taken from the destination port. */
  icmpInPort: boolean
  /** Fields whose length their element cannot have. */
  badLengths: number
}

export class Template {
  readonly id: number
  readonly fields: readonly Field[]
  /** How many of the fields, from the first, say what an options record is about; 0: a data template. */
  readonly scopeCount: number
  readonly isOptions: boolean
  /** Bytes of a record, the least where it is variable. */
  readonly recordBytes: number
  readonly isVariable: boolean
  /** unix ms of the last announcement or data. */
  usedMs: number
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

/** flowEndSysUpTime */
const uptimeEndId = 21

const samplingScratch: readonly ScratchName[] = [
  'selectorId',
  'samplingPacketInterval',
  'samplingSize',
  'samplingProbability',
]

interface PlacedElement {
  element: Element
  place: Place
  variable: boolean
}

/** The steps of a template. Within a column the preferred element runs first. */
export function compileTemplate(template: Template, target: DecodeTarget): CompiledTemplate {
  const places: Place[] = []
  const forward: PlacedElement[] = []
  const reverse: PlacedElement[] = []
  let offset = 0
  for (const { id, enterprise, length } of template.fields) {
    const variable = length === variableLength
    const place = { offset, length: variable ? 0 : length }
    places.push(place)
    offset += place.length
    if (length === 0) continue
    const element = elementOf(enterprise, id)
    const reversed = reversedElementOf(enterprise, id)
    if (element) forward.push({ element, place, variable })
    if (reversed) reverse.push({ element: reversed, place, variable })
  }
  const byRank = (a: PlacedElement, b: PlacedElement) => a.element.rank - b.element.rank
  const flowSteps = new StepList(target.flows, target.scratch)
  flowSteps.addGroups(forward.sort(byRank), template.isVariable ? [] : target.groups)
  const reverseSteps = new StepList(target.reverse, target.scratch)
  for (const placed of reverse.sort(byRank)) reverseSteps.add(placed)
  return {
    places,
    groups: flowSteps.groups,
    steps: flowSteps.steps,
    scratchSteps: flowSteps.scratchSteps,
    reverseSteps:
      reverseSteps.taken.has('octetDeltaCount') || reverseSteps.taken.has('packetDeltaCount')
        ? reverseSteps.steps
        : [],
    scratch: flowSteps.scratchTaken,
    usesUptime: flowSteps.usesUptime || reverseSteps.usesUptime,
    uptimeEnd: forward.find(({ element }) => element.id === uptimeEndId)?.place ?? null,
    saysSampling:
      flowSteps.taken.has('samplingInterval') ||
      samplingScratch.some((name) => flowSteps.scratchTaken.has(name)),
    isFlow: [
      'sourceAddress',
      'destinationAddress',
      'octetDeltaCount',
      'packetDeltaCount',
      'section',
    ].some((name) => flowSteps.taken.has(name)),
    hasPackets: flowSteps.taken.has('packetDeltaCount'),
    hasSection: flowSteps.taken.has('section'),
    icmpInPort:
      flowSteps.taken.has('destinationTransportPort') &&
      flowSteps.taken.has('protocolIdentifier') &&
      !flowSteps.taken.has('icmpTypeCode'),
    badLengths: flowSteps.badLengths + reverseSteps.badLengths,
  }
}

/** Whether no element before it, by preference, sets the same column. */
function isPreferred(placed: readonly PlacedElement[], { element }: PlacedElement): boolean {
  const { action } = element
  const first = placed.find(
    (other) =>
      'column' in other.element.action &&
      'column' in action &&
      other.element.action.column === action.column,
  )
  return first?.element === element
}

/** Collects the steps for one set of columns, knowing which columns are spoken for. */
class StepList {
  readonly groups: PlacedGroup[] = []
  readonly steps: Step[] = []
  readonly scratchSteps: Step[] = []
  readonly taken = new Set<string>()
  readonly scratchTaken = new Set<ScratchName>()
  usesUptime = false
  badLengths = 0
  readonly #flows: FlowColumns
  readonly #scratch: ScratchColumns

  constructor(flows: FlowColumns, scratch: ScratchColumns) {
    this.#flows = flows
    this.#scratch = scratch
  }

  /** Adds elements, by groups where they form some. */
  addGroups(placed: readonly PlacedElement[], groups: readonly FieldGroup[]): void {
    const grouped = new Set<PlacedElement>()
    for (const { fields, loop } of groups) {
      const members = fields.map(([id, length]) =>
        placed.find(
          (other) =>
            isPreferred(placed, other) &&
            other.element.enterprise === 0 &&
            other.element.id === id &&
            other.place.length === length,
        ),
      )
      if (members.some((member) => member === undefined || grouped.has(member))) continue
      const found = members as PlacedElement[]
      for (const member of found) {
        grouped.add(member)
        const { action } = member.element
        if ('column' in action) this.taken.add(action.column)
        if (action.kind === 'uptime') this.usesUptime = true
      }
      this.groups.push({ loop, at: offsetsOf(found.map((member) => member.place)) })
    }
    for (const other of placed) if (!grouped.has(other)) this.add(other)
  }

  add({ element, place, variable }: PlacedElement): void {
    const { action } = element
    if (action.kind === 'option') return
    const isScratch = 'scratch' in action
    const column = isScratch ? action.scratch : 'column' in action ? action.column : action.kind
    const step = stepOf(action, place, {
      flows: this.#flows,
      scratch: this.#scratch,
      second: isScratch ? this.scratchTaken.has(action.scratch) : this.taken.has(column),
      variable,
    })
    if (step === 'bad-length') this.badLengths++
    if (step === 'bad-length' || step === 'not-needed') return
    if (action.kind === 'uptime') this.usesUptime = true
    if (isScratch) {
      this.scratchTaken.add(action.scratch)
      this.scratchSteps.push(step)
    } else {
      this.taken.add(column)
      this.steps.push(step)
    }
  }
}
