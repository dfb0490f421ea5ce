/** The bar of Explore: exporter, split, measure, and filter. */
import { measures, splits, type Measure, type Split } from '../state/address.ts'
import { show, view } from '../state/view.ts'
import { Choice } from './choice.tsx'
import { ExporterSelect } from './exporter-select.tsx'
import { FilterBox } from './filter-box.tsx'

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
  const { by, measure } = view.value
  return (
    <search class="bar" aria-label="What is shown">
      <ExporterSelect
        value={view.value.exporter}
        choose={(exporter) => show({ exporter, only: [], hide: [] })}
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
      <FilterBox />
    </search>
  )
}
