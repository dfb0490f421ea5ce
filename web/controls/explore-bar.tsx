/** The bar of Explore: exporter, split, measure, and filter. */
import { signal } from '@preact/signals'

import { measures, splits, type Measure, type Split } from '../state/address.ts'
import { show, view } from '../state/view.ts'
import { Choice } from './choice.tsx'
import { ExporterSelect } from './exporter-select.tsx'
import { FilterInput } from './filter-input.tsx'

/** The filter's field, so that a key can focus it. */
export const filterField = signal<HTMLInputElement | null>(null)

export const measureTitles: Record<Measure, string> = {
  bits: 'bits per second',
  packets: 'packets per second',
  flows: 'flows begun per second',
  active: 'flows in progress, on average',
  connections: 'connections opened per second, from the archive: some hours at most',
}
export const splitTitles: Record<Split, string> = {
  host: 'our hosts: what each received and sent',
  port: 'the service port of each flow',
  protocol: 'TCP, UDP, ICMP …',
  interface: "the exporters' interfaces, as their own counters would show them",
  exporter: 'the routers that report',
  direction: 'in, out, internal, transit',
}

export function ExploreBar() {
  const { by, measure, exporter, filter } = view.value
  return (
    <search class="bar" aria-label="What is shown">
      <ExporterSelect
        value={exporter}
        choose={(chosen) => show({ exporter: chosen, only: [], hide: [] })}
      />
      <Choice
        label="Split by"
        words={splits}
        chosen={by}
        titles={splitTitles}
        choose={(word) => show({ by: word, only: [], hide: [] })}
      />
      <Choice
        label="Measure"
        words={measures}
        chosen={measure}
        titles={measureTitles}
        choose={(word) => show({ measure: word })}
      />
      <FilterInput
        value={filter}
        apply={(written) => show({ filter: written, only: [], hide: [] })}
        placeholder="filter: host 10.0.0.22 and port 443"
        take={takeFilterField}
      />
    </search>
  )
}

function takeFilterField(element: HTMLInputElement | null): void {
  filterField.value = element
}
