/** Collects the steps that fill one set of columns from a template's records. */
import type { FlowColumns } from '../../../flow/columns.ts'
import type { ScratchName } from '../element.ts'
import type { Step } from '../steps/batch.ts'
import { offsetsOf, type FieldGroup } from '../steps/groups.ts'
import { TouchedColumns } from '../steps/touched.ts'
import { stepOf } from './compile.ts'
import type { PlacedElement } from './placed-elements.ts'
import type { PlacedGroup, ScratchColumns } from './template.ts'

/** Whether no preferred element sets the same column. */
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

/**
 * The elements of a group among those of a template; null if one is missing, or is not where the
 * group's loop reads it.
 */
function membersOf(
  { fields, offsets }: FieldGroup,
  placed: readonly PlacedElement[],
): PlacedElement[] | null {
  const members: PlacedElement[] = []
  for (const [id, length] of fields) {
    const member = placed.find(
      (other) =>
        isPreferred(placed, other) &&
        other.element.enterprise === 0 &&
        other.element.id === id &&
        other.place.length === length,
    )
    if (member === undefined) return null
    members.push(member)
  }
  const isElsewhere = offsets && members.some(({ place }, i) => place.offset !== offsets[i])
  return isElsewhere ? null : members
}

/** Columns written by groups that finish their rows. */
const finishedColumns: ReadonlySet<string> = new Set([
  'octetDeltaCount',
  'packetDeltaCount',
  'flowStartMilliseconds',
  'flowEndMilliseconds',
])

/** Whether an element may change values of a group's members, which run first. */
function mayChange(other: PlacedElement, members: readonly PlacedElement[]): boolean {
  const { action } = other.element
  if (members.includes(other) || action.kind === 'counter') return false
  return action.kind === 'section' || ('column' in action && finishedColumns.has(action.column))
}

/** Tracks which columns have a step; of several elements for one column, the first added counts. */
export class StepList {
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

  /** Adds elements, as groups where possible. */
  addGroups(placed: readonly PlacedElement[], groups: readonly FieldGroup[]): void {
    const grouped = new Set<PlacedElement>()
    for (const group of groups) {
      const members = membersOf(group, placed)
      if (members === null || members.some((member) => grouped.has(member))) continue
      for (const member of members) {
        grouped.add(member)
        this.#take(member)
      }
      const { loop, tellsProtocols, exactly, counts = 0 } = group
      if (tellsProtocols) this.tellsProtocols = true
      this.groups.push({ loop, at: offsetsOf(members.map(({ place }) => place)) })
      if (!exactly) continue
      const counted = offsetsOf(members.slice(counts).map(({ place }) => place))
      this.exactly = { loop: exactly, at: counted }
      this.finishes = !placed.some((other) => mayChange(other, members))
    }
    for (const other of placed) if (!grouped.has(other)) this.add(other)
  }

  /** Notes what a member of a group sets. */
  #take({ element: { action }, place }: PlacedElement): void {
    if ('column' in action) this.taken.add(action.column)
    this.columns.add(action, place, { isFirst: true, isVariable: false })
    if (action.kind === 'uptime') this.usesUptime = true
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
    this.columns.add(action, place, { isFirst: !this.taken.has(column), isVariable: variable })
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
