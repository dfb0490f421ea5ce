/** The filter: typed, read at once, and applied by Enter; what cannot be read is marked at its place. */
import { useEffect } from 'preact/hooks'
import { signal, useSignal } from '@preact/signals'

import { FilterError } from '../../flow/filter.ts'
import type { FilterContext } from '../../flow/filter/context.ts'
import { parseFilter } from '../../flow/filter/parse.ts'
import { show, view } from '../state/view.ts'

/** The element itself, so that a key can go to it. */
export const filterInput = signal<HTMLInputElement | null>(null)

/** Names are known to the API only: here each stands for something. */
const anyName: FilterContext = {
  local: [],
  exporters: () => ['::'],
  networks: () => [{ words: [0, 0, 0, 0], bits: 128 }],
  interfaces: () => [{ exporter: '::', index: 0 }],
  services: () => [0],
}

/** What is wrong with a filter and where; null where nothing is. */
export function filterFault(text: string): { message: string; position: number } | null {
  try {
    parseFilter(text, anyName)
    return null
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    return { message: error.message, position: error.position }
  }
}

/** The view's filter with one more condition. */
export function withCondition(condition: string): string {
  const { filter } = view.value
  if (filter.trim() === '') return condition
  return filter.includes(condition) ? filter : `${filter.trim()} and ${condition}`
}

export function FilterBox() {
  const draft = useSignal(view.value.filter)
  useEffect(() => {
    draft.value = view.value.filter
  }, [view.value.filter])
  const fault = filterFault(draft.value)
  const applied = draft.value.trim() === view.value.filter.trim()
  const submit = (event: Event) => {
    event.preventDefault()
    if (!fault) show({ filter: draft.value.trim(), only: [], hide: [] })
  }
  return (
    <form class="filter" role="search" onSubmit={submit}>
      <input
        ref={(element) => {
          filterInput.value = element
        }}
        type="text"
        spellcheck={false}
        autocomplete="off"
        placeholder="filter: host 10.0.0.22 and port 443"
        aria-label="Filter"
        aria-invalid={fault !== null}
        aria-describedby={fault ? 'filter-fault' : undefined}
        value={draft.value}
        onInput={(event) => (draft.value = event.currentTarget.value)}
      />
      {draft.value !== '' && (
        <button
          type="button"
          class="plain"
          aria-label="Clear the filter"
          onClick={() => {
            draft.value = ''
            show({ filter: '' })
          }}
        >
          ×
        </button>
      )}
      {!applied && !fault && <span class="hint">Enter</span>}
      {fault && (
        <div class="fault" id="filter-fault" role="alert">
          <code>
            {draft.value.slice(0, fault.position)}
            <mark>{draft.value.slice(fault.position).split(/\s/)[0] || ' '}</mark>
          </code>
          {fault.message}
        </div>
      )}
    </form>
  )
}
