/** What is shown: the view in the address's query. */
import { computed } from '@preact/signals'

import { readAddress, writeAddress, type View } from './address.ts'
import { go, place } from './route.ts'

const read = computed(() => readAddress(place.value.query))

export const view = computed<View>(() => read.value.view)

/** The parts of Explore's address that could not be read. Other views have their own parameters. */
export const addressFaults = computed(() => (place.value.path === '/' ? read.value.faults : []))

/** Shows a changed view; a new history entry, so that Back undoes it. */
export function show(change: Partial<View>): void {
  const next = { ...view.value, ...change }
  const address = writeAddress(next)
  if (place.value.path === '/' && address === writeAddress(view.value)) return
  go(`/${address}`)
}
