/** From a template to the groups and steps that read its records. */
import type { FlowColumns } from '../../../flow/columns.ts'
import type { Place, Step } from '../steps/batch.ts'
import { stepOf } from './compile.ts'
import {
  elementOf,
  isProbeElement,
  proceraEnterprise,
  probeReversedElementOf,
  reversedElementOf,
} from '../elements.ts'
import type { Element, ScratchName } from '../element.ts'
import { offsetsOf, type FieldGroup } from '../steps/groups.ts'
import {
  variableLength,
  type CompiledTemplate,
  type DecodeTarget,
  type PlacedGroup,
  type ScratchColumns,
  type Template,
} from './template.ts'
import { TouchedColumns } from '../steps/touched.ts'

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

/** The fields of a template that are read: those of the flow, and those of its other direction. */
interface PlacedFields {
  places: Place[]
  forward: PlacedElement[]
  reverse: PlacedElement[]
}

function placeElements(template: Template): PlacedFields {
  const placed: PlacedFields = { places: [], forward: [], reverse: [] }
  let offset = 0
  const isProbe = template.fields.some(({ enterprise, id }) => isProbeElement(enterprise, id))
  for (const { id, enterprise, length } of template.fields) {
    const variable = length === variableLength
    const place = { offset, length: variable ? 0 : length }
    placed.places.push(place)
    offset += place.length
    if (length === 0) continue
    const mirrored = isProbe ? probeReversedElementOf(enterprise, id) : null
    const element = mirrored ? null : elementOf(enterprise, id)
    const reversed = mirrored ?? reversedElementOf(enterprise, id)
    if (element) placed.forward.push({ element, place, variable })
    if (reversed) placed.reverse.push({ element: reversed, place, variable })
  }
  return placed
}

/** The steps of a template. Within a column the preferred element runs first. */
export function compileTemplate(template: Template, target: DecodeTarget): CompiledTemplate {
  const { places, forward, reverse } = placeElements(template)
  const byRank = (a: PlacedElement, b: PlacedElement) => a.element.rank - b.element.rank
  if (forward.filter(isProtocol).length > 1) preferInnermost(forward)
  const flowSteps = new StepList(target.flows, target.scratch)
  flowSteps.addGroups(forward.sort(byRank), template.isVariable ? [] : target.groups)
  const reverseSteps = new StepList(target.reverse, target.scratch)
  for (const placed of reverse.sort(byRank)) reverseSteps.add(placed)
  const isBiflow = ['octetDeltaCount', 'packetDeltaCount'].some((name) =>
    reverseSteps.taken.has(name),
  )
  if (isBiflow) flowSteps.columns.addReverse(reverseSteps.columns)
  return {
    places,
    groups: flowSteps.groups,
    steps: flowSteps.steps,
    scratchSteps: flowSteps.scratchSteps,
    reverseSteps: isBiflow ? reverseSteps.steps : [],
    byLocalEnd: isBiflow ? byLocalEnd(forward, reverse) : null,
    ...flowSteps.columns.masks(),
    scratch: flowSteps.scratchTaken,
    usesUptime: flowSteps.usesUptime || reverseSteps.usesUptime,
    uptimeEnd: forward.find(({ element }) => element.id === uptimeEndId)?.place ?? null,
    hasDurations: flowSteps.scratchTaken.has('flowDurationMs'),
    setsSampling: flowSteps.taken.has('samplingInterval'),
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
    lists: forward.flatMap(({ element: { action }, place }) =>
      action.kind === 'list' ? [{ kind: action.list, place }] : [],
    ),
    hasCounts: ['octetDeltaCount', 'packetDeltaCount', 'section'].some((name) =>
      flowSteps.taken.has(name),
    ),
    hasPackets: flowSteps.taken.has('packetDeltaCount'),
    hasSection: flowSteps.taken.has('section'),
    exactly: flowSteps.exactly,
    finishes: flowSteps.finishes,
    tellsProtocols: flowSteps.tellsProtocols,
    icmpInPort:
      flowSteps.taken.has('destinationTransportPort') &&
      flowSteps.taken.has('protocolIdentifier') &&
      !flowSteps.taken.has('icmpTypeCode'),
    badLengths: flowSteps.badLengths + reverseSteps.badLengths,
    usedMs: template.usedMs,
    isDropped: false,
  }
}

/** Where records count by local and remote end, and which is which. */
function byLocalEnd(
  forward: readonly PlacedElement[],
  reverse: readonly PlacedElement[],
): { said: Place | null } | null {
  const isProcera = reverse.some(({ element }) => element.enterprise === proceraEnterprise)
  if (!isProcera) return null
  return {
    said: forward.find(({ element: { action } }) => action.kind === 'localEnd')?.place ?? null,
  }
}

/** Of IPv6 the header that follows the first, which is the protocol or an extension. */
const nextHeaderId = 193

/** Whether a field says the protocol of a header: one that says it twice describes two. */
const isProtocol = ({ element: { action, id, enterprise } }: PlacedElement) =>
  'column' in action &&
  action.column === 'protocolIdentifier' &&
  (enterprise !== 0 || id !== nextHeaderId)

/** Columns of which each header of a packet within a packet has its own. */
const headerColumns: ReadonlySet<string> = new Set([
  'sourceAddress', 'destinationAddress', 'sourceTransportPort', 'destinationTransportPort',
  'protocolIdentifier', 'ipClassOfService', 'tcpControlBits', 'icmpTypeCode',
]) // prettier-ignore

/**
 * Of a packet within a packet, whose headers a record gives from the outermost to the innermost (RFC
 * 7011, section 8), the innermost counts: it says who speaks to whom. Where it says nothing, the next
 * one out does.
 */
function preferInnermost(placed: PlacedElement[]): void {
  for (const [i, one] of placed.entries()) {
    const { action } = one.element
    if ('column' in action && headerColumns.has(action.column))
      placed[i] = { ...one, element: { ...one.element, rank: -i } }
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

/** Columns that a group which finishes its rows reads. */
const finishedColumns: ReadonlySet<string> = new Set([
  'octetDeltaCount',
  'packetDeltaCount',
  'flowStartMilliseconds',
  'flowEndMilliseconds',
])

/** Whether an element may change what the members of a group, which run first, have said. */
function mayChange(other: PlacedElement, members: readonly PlacedElement[]): boolean {
  const { action } = other.element
  if (members.includes(other) || action.kind === 'counter') return false
  return action.kind === 'section' || ('column' in action && finishedColumns.has(action.column))
}

/** Collects the steps for one set of columns, knowing which columns are spoken for. */
class StepList {
  readonly groups: PlacedGroup[] = []
  readonly steps: Step[] = []
  readonly scratchSteps: Step[] = []
  readonly taken = new Set<string>()
  readonly columns = new TouchedColumns()
  readonly scratchTaken = new Set<ScratchName>()
  usesUptime = false
  tellsProtocols = false
  exactly: PlacedGroup | null = null
  finishes = false
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
    for (const { fields, offsets, loop, tellsProtocols, exactly, counts = 0 } of groups) {
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
      if (offsets && found.some(({ place }, i) => place.offset !== offsets[i])) continue
      for (const member of found) {
        grouped.add(member)
        const { action } = member.element
        if ('column' in action) this.taken.add(action.column)
        this.columns.add(action, member.place, true, false)
        if (action.kind === 'uptime') this.usesUptime = true
      }
      if (tellsProtocols) this.tellsProtocols = true
      const at = offsetsOf(found.map((member) => member.place))
      this.groups.push({ loop, at })
      if (exactly) {
        const counted = offsetsOf(found.slice(counts).map((member) => member.place))
        this.exactly = { loop: exactly, at: counted }
        this.finishes = !placed.some((other) => mayChange(other, found))
      }
    }
    for (const other of placed) if (!grouped.has(other)) this.add(other)
  }

  add({ element, place, variable }: PlacedElement): void {
    const { action } = element
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
    this.columns.add(action, place, !this.taken.has(column), variable)
    if (action.kind === 'uptime') this.usesUptime = true
    if (isScratch) {
      this.scratchTaken.add(action.scratch)
      this.scratchSteps.push(step)
    } else {
      this.taken.add(column)
      // A packet's own length is better than its frame's.
      if (action.kind === 'section') this.taken.add('octetDeltaCount')
      this.steps.push(step)
    }
  }
}
