/** What is shown: the view as a signal, in step with the address bar and the browser's history. */
import { signal } from '@preact/signals'

import { readAddress, writeAddress, type AddressFault, type View } from './address.ts'

const first = readAddress(location.search)

export const view = signal<View>(first.view)
export const addressFaults = signal<readonly AddressFault[]>(first.faults)

/** How many views of this page lie behind in the history: so far a double click can go back. */
export function depth(): number {
  const state: unknown = history.state
  const found = (state as { depth?: unknown } | null)?.depth
  return typeof found === 'number' ? found : 0
}

/** Shows a changed view; a new entry in the history, so that Back undoes it. */
export function show(change: Partial<View>): void {
  const next = { ...view.value, ...change }
  const address = writeAddress(next)
  if (address === writeAddress(view.value)) return
  history.pushState({ depth: depth() + 1 }, '', address)
  addressFaults.value = []
  view.value = next
}

/** Follows Back and Forward. */
export function followHistory(): void {
  addEventListener('popstate', () => {
    const { view: read, faults } = readAddress(location.search)
    addressFaults.value = faults
    view.value = read
  })
}
