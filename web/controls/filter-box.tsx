/** The filter of Explore. */
import { signal } from '@preact/signals'

import { show, view } from '../state/view.ts'
import { FilterInput } from './filter-input.tsx'

/** The element itself, so that a key can focus it. */
export const filterInput = signal<HTMLInputElement | null>(null)

export function FilterBox() {
  return (
    <FilterInput
      value={view.value.filter}
      apply={(filter) => show({ filter, only: [], hide: [] })}
      placeholder="filter: host 10.0.0.22 and port 443"
      take={(element) => {
        filterInput.value = element
      }}
    />
  )
}
