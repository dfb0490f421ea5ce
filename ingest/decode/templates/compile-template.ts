/** Compiles a template to the groups and steps that read its records. */
import type { Element, ScratchName } from '../element.ts'
import { ciscoEnterprise, proceraEnterprise } from '../elements.ts'
import type { Place } from '../steps/batch.ts'
import {
  isProtocol,
  placeElements,
  preferInnermost,
  type PlacedElement,
} from './placed-elements.ts'
import { StepList } from './step-list.ts'
import type { CountsAgain } from '../counted-before/counted-again.ts'
import type { CompiledTemplate, DecodeTarget, Template } from './template.ts'

/** flowEndSysUpTime */
const uptimeEndId = 21
/** packetDeltaCount and postPacketDeltaCount */
const packetsInId = 2
const packetsOutId = 24
const firewallEventId = 233
const flowIdId = 148
const biflowDirectionId = 239
/** Counts of the initiator. */
const initiatorIds: ReadonlySet<number> = new Set([231, 298])
/** Totals of octets and packets */
const totalIds: ReadonlySet<number> = new Set([85, 86, 171, 172, 353, 431])

const samplingScratch: readonly ScratchName[] = [
  'selectorId',
  'selectionSequenceId',
  'samplingPacketInterval',
  'samplingSize',
  'samplingProbability',
]

/** The steps of a template. For each column, the preferred element runs first. */
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
    outgoing: isBiflow || template.isVariable ? null : outgoingOf(template, places),
    countsAgain: countsAgainOf(template, places, forward),
    byLocalEnd: isBiflow ? byLocalEnd(forward, reverse) : null,
    initiator: isBiflow ? initiatorOf(template, places, forward) : null,
    ...flowSteps.columns.masks(),
    scratch: flowSteps.scratchTaken,
    usesUptime: flowSteps.usesUptime || reverseSteps.usesUptime,
    uptimeEnd: forward.find(({ element }) => element.id === uptimeEndId)?.place ?? null,
    ...traitsOf(flowSteps, forward),
    lists: forward.flatMap(({ element: { action }, place }) =>
      action.kind === 'list' ? [{ kind: action.list, place }] : [],
    ),
    exactly: flowSteps.exactly,
    finishes: flowSteps.finishes,
    tellsProtocols: flowSteps.tellsProtocols,
    badLengths: flowSteps.badLengths + reverseSteps.badLengths,
    usedMs: template.usedMs,
    isInUse: false,
    isDropped: false,
  }
}

/** Columns that make a record count something, and those that make it a flow. */
const countColumns = ['octetDeltaCount', 'packetDeltaCount', 'section']
const flowColumns = ['sourceAddress', 'destinationAddress', ...countColumns]
/** Columns of a record that counts what came of one session in a time. */
const sessionColumns = [
  'sourceAddress',
  'destinationAddress',
  'protocolIdentifier',
  'octetDeltaCount',
  'flowStartMilliseconds',
  'flowEndMilliseconds',
]

/** Properties of a template's records that matter after the steps. */
function traitsOf({ taken, scratchTaken }: StepList, forward: readonly PlacedElement[]) {
  const takesAny = (names: readonly string[]) => names.some((name) => taken.has(name))
  const setsSampling = taken.has('samplingInterval')
  return {
    hasDurations: scratchTaken.has('flowDurationMs'),
    setsSampling,
    saysSampling: setsSampling || samplingScratch.some((name) => scratchTaken.has(name)),
    isFlow: takesAny(flowColumns),
    hasCounts: takesAny(countColumns),
    hasDeltas:
      sessionColumns.every((name) => taken.has(name)) &&
      (taken.has('destinationTransportPort') || taken.has('icmpTypeCode')),
    hasPackets: taken.has('packetDeltaCount'),
    translatesDestination: taken.has('postNATDestinationAddress'),
    hasSection: taken.has('section'),
    icmpInPort:
      taken.has('destinationTransportPort') &&
      taken.has('protocolIdentifier') &&
      !forward.some(({ element: { action } }) => action.kind === 'type' || action.kind === 'code'),
  }
}

/** Whether records count by totals, or are events of connections that count by initiator and responder. */
function countsAgainOf(
  { fields }: Template,
  places: readonly Place[],
  forward: readonly PlacedElement[],
): CountsAgain | null {
  const counters = countersOf(forward)
  const isBy = (ids: ReadonlySet<number>) =>
    counters.length > 0 && counters.every(({ enterprise, id }) => enterprise === 0 && ids.has(id))
  if (isBy(totalIds)) return 'totals'
  const placeOf = (wanted: number) => placeOfField(fields, places, wanted)
  const [event, connection] = [placeOf(firewallEventId), placeOf(flowIdId)]
  return event && connection && isBy(initiatorIds) ? { event, connection } : null
}

/** The elements that count octets and packets. */
function countersOf(forward: readonly PlacedElement[]): Element[] {
  return ['octetDeltaCount', 'packetDeltaCount']
    .map((name) => elementFor(forward, name))
    .filter((element) => element !== undefined)
}

/** The preferred element of a column. */
function elementFor(forward: readonly PlacedElement[], column: string): Element | undefined {
  return forward.find(({ element: { action } }) => 'column' in action && action.column === column)
    ?.element
}

/** Where a record has one of IANA's elements that is not read by a step. */
function placeOfField(
  fields: Template['fields'],
  places: readonly Place[],
  wanted: number,
): Place | undefined {
  return places[
    fields.findIndex(
      ({ id, enterprise, length }) => enterprise === 0 && id === wanted && length > 0,
    )
  ]
}

/** Where records say which end is the initiator that they count by; Cisco's client always is. */
function initiatorOf(
  { fields }: Template,
  places: readonly Place[],
  forward: readonly PlacedElement[],
): Place | null {
  const isByInitiator = countersOf(forward).every(({ enterprise, id }) =>
    enterprise === 0 ? initiatorIds.has(id) : enterprise === ciscoEnterprise,
  )
  const isOfSource = elementFor(forward, 'sourceAddress')?.enterprise === 0
  if (!isByInitiator || !isOfSource) return null
  return placeOfField(fields, places, biflowDirectionId) ?? null
}

/** Incoming and outgoing packets, if records count both. */
function outgoingOf(
  { fields }: Template,
  places: readonly Place[],
): { in: Place; out: Place } | null {
  const packetsIn = placeOfField(fields, places, packetsInId)
  const packetsOut = placeOfField(fields, places, packetsOutId)
  return packetsIn && packetsOut ? { in: packetsIn, out: packetsOut } : null
}

/** Whether records count by local and remote end, and where they say which is local. */
function byLocalEnd(
  forward: readonly PlacedElement[],
  reverse: readonly PlacedElement[],
): { field: Place | null } | null {
  const isProcera = reverse.some(({ element }) => element.enterprise === proceraEnterprise)
  if (!isProcera) return null
  return {
    field: forward.find(({ element: { action } }) => action.kind === 'localEnd')?.place ?? null,
  }
}
