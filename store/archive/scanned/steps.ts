/** Sums by step, from flows added one row group at a time: see answer/step-sums.ts. */
import type { NetworkSet } from '../../../flow/address.ts'
import { fillKeyColumn } from '../keys/key-columns.ts'
import { Keys, type End } from '../keys/keys.ts'
import type { PlacedSums } from '../answer/series-answer.ts'
import { StepSums, type PackedSteps } from '../answer/step-sums.ts'
import type { Scan, StepsQuery } from './requests.ts'
import type { KeptByGroup } from './kept-by-group.ts'
import { KeyNumbers, notReported } from './key-numbers.ts'
import { timesOf, type RowGroup } from './row-group.ts'
import type { SelectedGroup } from './selected-group.ts'

/** What a packed row of sums takes, and sums beside their rows. */
const rowBytes = 40
const overheadBytes = 500

/** Sums of whole row groups by question, whatever its window: a chart that moves or goes on reads only its edges. */
export type WholeGroups = KeptByGroup<PackedSteps>

export class Steps implements Scan<PackedSteps, PlacedSums> {
  readonly keys = 0
  readonly #query: StepsQuery
  readonly #keys: Keys
  readonly #numbers: KeyNumbers
  readonly #local: NetworkSet
  readonly #sums: StepSums
  /** The index of all keys that are not listed. */
  readonly #rest: number
  readonly #whole: WholeGroups
  /** The question to all windows in the same steps; null if the keys were chosen for one window. */
  readonly #question: string | null

  constructor(query: StepsQuery, { local, whole }: { local: NetworkSet; whole: WholeGroups }) {
    this.#query = query
    this.#whole = whole
    const { keys, hasDirection } = query
    const { from, stepMs, only, filter } = query.window
    this.#question =
      keys === null ? JSON.stringify([stepMs, from % stepMs, only, hasDirection, filter]) : null
    this.#local = local
    this.#keys = new Keys(query.by, local.networks)
    this.#numbers = new KeyNumbers(this.#keys, { local, onlyReported: true })
    this.#numbers.add(query.keys)
    this.#rest = query.keys?.[0]?.length ?? 0
    this.#sums = new StepSums(query.window, this.#rest + 1)
  }

  takeKept(group: string): boolean {
    const known = this.#question === null ? undefined : this.#whole.get(this.#question, group)
    if (known) this.#sums.merge(known)
    return known !== undefined
  }

  take(selected: SelectedGroup): void {
    if (this.#question === null || !selected.isInside) this.#addTo(this.#sums, selected)
    // Another scan of the same reading may have asked the same.
    else if (!this.takeKept(selected.group.name))
      this.#sums.merge(this.#sumsOfWhole(selected, this.#question))
  }

  pack(): PackedSteps {
    return this.#sums.pack()
  }

  merge(packed: PackedSteps): void {
    this.#sums.merge(packed)
  }

  found(): PlacedSums {
    return this.#sums.placed()
  }

  #sumsOfWhole(selected: SelectedGroup, question: string): PackedSteps {
    const { window } = this.#query
    const { from, to, stepMs } = window
    const { name, place } = selected.group
    const { firstMin, lastMax } = timesOf(place)
    const begun = from + Math.floor((Math.max(firstMin, from) - from) / stepMs) * stepMs
    const ended = from + Math.ceil((Math.min(lastMax + 1, to) - from) / stepMs) * stepMs
    const sums = new StepSums({ ...window, from: begun, to: ended }, 1)
    this.#addTo(sums, selected)
    const packed = sums.pack()
    this.#whole.set(question, name, packed, packed.codes.length * rowBytes + overheadBytes)
    return packed
  }

  #addTo(sums: StepSums, selected: SelectedGroup): void {
    for (const end of this.#keys.ends) this.#addEnd(sums, selected, end)
  }

  #addEnd(sums: StepSums, selected: SelectedGroup, end: End): void {
    const numbers = this.#query.keys === null ? null : this.#numbers.found(selected, end)
    const { group } = selected
    const rows = numbers?.includes(notReported)
      ? selected.without(numbers, notReported)
      : selected.rows
    const { first, last, flows } = group
    const { only } = this.#query.window
    sums.add({
      count: rows.length,
      place: numbers && this.#placesOf(numbers),
      direction: this.#directions(group, rows, end),
      rows,
      exporterHigh: flows.exporterAddressHigh,
      exporterLow: flows.exporterAddressLow,
      isOneExporter: group.isOneExporter,
      first,
      last,
      // An amount that is not requested is not read.
      bytes: only === 'packets' ? first : group.bytes,
      packets: only === 'bytes' ? first : group.packets,
    })
  }

  /** The indices of the given keys, by number. */
  #placesOf(numbers: Int32Array): Int32Array {
    const places = new Int32Array(numbers.length)
    let count = 0
    for (let n = 0; n < numbers.length; n++) {
      const number = numbers[n]!
      if (number !== notReported) places[count++] = number < 0 ? this.#rest : number
    }
    return places.subarray(0, count)
  }

  #directions({ flows }: RowGroup, rows: Int32Array, end: End): Int32Array | null {
    if (!this.#query.hasDirection) return null
    const directions = new Int32Array(rows.length)
    const words = new Uint32Array(2 * rows.length)
    const column = this.#keys.directionDefinition(end)
    fillKeyColumn(column, flows, { rows, local: this.#local }, { words, width: 2, at: 0 })
    for (let n = 0; n < rows.length; n++) directions[n] = words[2 * n]!
    return directions
  }
}
