/** From an element's table entry to the step that reads it. */
import type { FlowColumns } from '../../../flow/columns.ts'
import type { NumberArray, Place, Step } from '../steps/batch.ts'
import type { AddressColumn, ElementAction } from '../element.ts'
import { addressStep } from '../steps/addresses.ts'
import { floatStep, joinStep, readUnsigned, unsignedStep } from '../steps/numbers.ts'
import { applicationStep, stationStep } from '../steps/special.ts'
import { sectionStep } from '../steps/section.ts'
import type { ScratchColumns } from './template.ts'
import { timevalBytes, timeKindNames, timeStep, type TimeKind } from '../steps/times.ts'

interface StepContext {
  flows: FlowColumns
  scratch: ScratchColumns
  /** A preferred element already sets the column. */
  second: boolean
  /** The record gives the field's length. */
  variable: boolean
}

/** `bad-length`: the element cannot have this length; `not-needed`: a better element is present. */
type StepResult = Step | 'bad-length' | 'not-needed'

const optionalAddresses: ReadonlySet<AddressColumn> = new Set<AddressColumn>([
  'nextHopAddress',
  'postNATSourceAddress',
  'postNATDestinationAddress',
])

const numberBytesMax = 8

/** The step for an element at its place in the record. */
export function stepOf(action: ElementAction, place: Place, context: StepContext): StepResult {
  const { flows, scratch, second, variable } = context
  if (action.kind === 'option' || action.kind === 'list' || action.kind === 'localEnd')
    return 'not-needed'
  if (action.kind === 'section') return sectionStep(flows, place, action.link)
  if (action.kind === 'address') {
    if (!variable && place.length !== 4 && place.length !== 16) return 'bad-length'
    const columns = { high: flows[`${action.column}High`], low: flows[`${action.column}Low`] }
    const optional = optionalAddresses.has(action.column)
    return addressStep(columns, place, { second, variable, optional })
  }
  if (action.kind === 'station') return stationStep(flows, place)
  if (action.kind === 'application') return applicationStep(flows.applicationId, place)
  if ('scratch' in action) return scratchStep(action.kind, scratch[action.scratch], place, context)
  const isTimeval = action.kind === 'microseconds' && place.length === timevalBytes
  if (!variable && place.length > numberBytesMax && !isTimeval) return 'bad-length'
  if (isTime(action))
    return timeStep(flows[action.column], place, { kind: action.kind, second, variable })
  return numberStep(action.kind, flows[action.column], place, context)
}

type TimeAction = Extract<ElementAction, { kind: TimeKind }>

const timeKinds: ReadonlySet<string> = new Set(timeKindNames)

function isTime(action: ElementAction): action is TimeAction {
  return timeKinds.has(action.kind)
}

function numberStep(
  kind: 'unsigned' | 'counter' | 'flags' | 'dscp' | 'type' | 'code' | 'label',
  column: NumberArray,
  place: Place,
  { second, variable }: StepContext,
): StepResult {
  if (kind === 'counter') return second ? 'not-needed' : unsignedStep(column, place, variable)
  // In an untouched column, combining is the same as writing.
  if (kind === 'flags' && !second) return unsignedStep(column, place, variable)
  const join = joins[kind]
  if (join !== null) return joinStep(column, place, join)
  if (!second) return unsignedStep(column, place, variable)
  return joinStep(column, place, (held, read) => (held === 0 ? read : held))
}

/** How a number combines with the column's value; null: it overwrites it. */
const joins = {
  unsigned: null,
  flags: (held: number, read: number) => held | read,
  dscp: (held: number, read: number) => (held === 0 ? read << 2 : held),
  type: (held: number, read: number) => held | (read << 8),
  code: (held: number, read: number) => held | read,
  label: (held: number, read: number) => (held === 0 ? read >>> 4 : held),
} as const

function scratchStep(
  kind: 'scratch' | 'scratchFloat' | 'scratchMicroseconds',
  column: Float64Array,
  place: Place,
  { second, variable }: StepContext,
): StepResult {
  if (kind === 'scratchFloat') return floatStep(column, place)
  if (!variable && place.length > numberBytesMax) return 'bad-length'
  const scale = kind === 'scratchMicroseconds' ? 1 / 1000 : 1
  return (batch, row) => {
    let at = batch.offset + place.offset
    for (let i = row; i < row + batch.records; i++, at += batch.stride) {
      if (second && column[i] !== 0) continue
      column[i] = Math.round(readUnsigned(batch.view, at, place.length) * scale)
    }
  }
}
