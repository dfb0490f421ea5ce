/** Which columns a step writes in every row, and which it may write. */
import { columnMask, columnNames, type ColumnMask, type ColumnName } from '../../../flow/columns.ts'
import type { Place } from './batch.ts'
import type { ElementAction } from '../element.ts'
import { swappedColumn } from '../reverse.ts'

/** Written when rows are finished, regardless of the template. */
const finishedColumns: readonly ColumnName[] = [
  'collectionTimeMilliseconds', 'exporterAddressLow', 'observationDomainId', 'samplingInterval',
] // prettier-ignore

/** Written in every row of an sFlow sample. */
const sampledColumns: readonly ColumnName[] = [
  ...finishedColumns, 'flowStartMilliseconds', 'flowEndMilliseconds', 'packetDeltaCount',
  'exporterAddressHigh', 'ingressInterface', 'egressInterface',
] // prettier-ignore

/** What the start of a packet may set. */
const packetColumns: readonly ColumnName[] = [
  'sourceMacAddress', 'destinationMacAddress', 'vlanId', 'mplsTopLabel', 'ipClassOfService',
  'protocolIdentifier', 'sourceAddressHigh', 'sourceAddressLow', 'destinationAddressHigh',
  'destinationAddressLow', 'sourceTransportPort', 'destinationTransportPort', 'tcpControlBits',
  'icmpTypeCode', 'octetDeltaCount', 'packetDeltaCount',
] // prettier-ignore

/** What other sFlow records may set. */
const sampleColumns: readonly ColumnName[] = [
  'flowDirection', 'postVlanId',
  'nextHopAddressHigh', 'nextHopAddressLow', 'sourcePrefixLength', 'destinationPrefixLength',
  'bgpSourceAsNumber', 'bgpDestinationAsNumber',
] // prettier-ignore

/** Actions that write every row if nothing has set their column before. */
const plainKinds: ReadonlySet<ElementAction['kind']> = new Set<ElementAction['kind']>([
  'unsigned', 'counter', 'flags', 'application', 'seconds', 'milliseconds', 'microseconds', 'nanoseconds',
  'uptime', 'delta',
]) // prettier-ignore

/** For rows of sFlow samples. */
export const sampleMasks: { writes: ColumnMask; touches: ColumnMask } = {
  writes: columnMask(sampledColumns),
  touches: columnMask([...sampledColumns, ...packetColumns, ...sampleColumns]),
}

/** Collects the columns of a template's steps. */
export class TouchedColumns {
  readonly #written = new Set<ColumnName>(finishedColumns)
  readonly #touched = new Set<ColumnName>([
    ...finishedColumns,
    'flowStartMilliseconds',
    'flowEndMilliseconds',
  ])

  /** Adds an element's step; `isFirst`: nothing has set its column before. */
  add(
    action: ElementAction,
    place: Place,
    { isFirst, isVariable }: { isFirst: boolean; isVariable: boolean },
  ): void {
    const touched = columnsOf(action, place, isVariable)
    for (const name of touched) this.#touched.add(name)
    if (!isFirst) return
    const isWhole = action.kind === 'address' ? !isVariable : plainKinds.has(action.kind)
    if (isWhole) for (const name of touched) this.#written.add(name)
  }

  /** Adds the other direction, whose rows have swapped ends. */
  addReverse(reverse: TouchedColumns): void {
    for (const name of this.#touched) this.#touched.add(swappedColumn(name))
    for (const name of reverse.#touched) this.#touched.add(name)
  }

  masks(): { writes: ColumnMask; touches: ColumnMask } {
    return { writes: columnMask(this.#written), touches: columnMask(this.#touched) }
  }
}

function columnsOf(action: ElementAction, { length }: Place, isVariable: boolean): ColumnName[] {
  if (action.kind === 'section') return [...packetColumns]
  if (action.kind === 'station') return ['sourceAddressLow', 'destinationAddressLow']
  if (action.kind === 'address') {
    const low: ColumnName = `${action.column}Low`
    return length === 4 && !isVariable ? [low] : [low, `${action.column}High`]
  }
  return 'column' in action ? [action.column] : []
}

/** Sometimes written when rows are finished. */
export const icmpColumn = columnMask(['icmpTypeCode'])
export const exporterHighColumn = columnMask(['exporterAddressHigh'])

/** Every column, for rows copied from others. */
export const everyColumn = columnMask(columnNames)
