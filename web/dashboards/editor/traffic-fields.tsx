/** Which traffic a panel shows, and when: exporter, interface, filter, time range. */
import { exporterName, exporters } from '../../state/collector.ts'
import { zone } from '../../state/zone.ts'
import { ExporterSelect } from '../../controls/exporter-select.tsx'
import { FilterInput } from '../../controls/filter-input.tsx'
import type { Options } from '../../controls/form.tsx'
import { presets, presetOf, rangeLabelled } from '../../time/presets.ts'
import { standsStill } from './checks.ts'
import { needsZone } from './draft.ts'
import { Field, fieldId, SelectField, TextField, type DraftFacts } from './field.tsx'

export function TrafficFields(facts: DraftFacts) {
  const { draft, change } = facts
  return (
    <>
      <div class="field-row">
        <Field name="exporter" label="Exporter">
          <ExporterSelect
            id={fieldId('exporter')}
            value={draft.exporter}
            choose={(exporter) => change({ exporter, interface: '' })}
          />
        </Field>
        <InterfaceField {...facts} />
      </div>
      <FilterField {...facts} />
    </>
  )
}

/** Each exporter has its own interface indexes, so an exporter must be chosen first. */
function InterfaceField({ draft, faults, change }: DraftFacts) {
  const { exporter, interface: index } = draft
  const chosen = (exporters.value ?? []).find(
    (each) => each.address === exporter || exporterName(each) === exporter,
  )
  const field = { name: 'interface', label: 'Interface', fault: faults.interface }
  const choose = (text: string) => change({ interface: text.trim() })
  if (exporter === '' || exporter.includes(','))
    return (
      <Field {...field}>
        <select id={fieldId('interface')} disabled>
          <option>all interfaces of all exporters</option>
        </select>
      </Field>
    )
  const listed = chosen?.interfaces ?? []
  if (listed.length === 0)
    return (
      <TextField
        {...field}
        value={index}
        size={12}
        placeholder="all, or an ifIndex"
        write={choose}
      />
    )
  const options: Options = [
    ['', 'all interfaces'],
    ...listed.map((each) => [String(each.index), interfaceText(each)] as const),
    ...(index === '' || listed.some((each) => String(each.index) === index)
      ? []
      : [[index, `interface ${index}`] as const]),
  ]
  return <SelectField {...field} value={index} options={options} choose={choose} />
}

function interfaceText(named: {
  index: number
  name: string | null
  alias: string | null
}): string {
  const { index, name, alias } = named
  const words = [name ?? `interface ${index}`, alias ?? ''].filter(Boolean).join(' · ')
  return name === null ? words : `${words} (${index})`
}

/** Explore's filter field; the preview uses a valid filter at once. */
function FilterField({ draft, sound, change, hear }: DraftFacts) {
  return (
    <Field name="filter" label="Filter">
      <FilterInput
        id={fieldId('filter')}
        value={sound}
        apply={hear}
        written={(filter) => {
          if (filter !== draft.filter) change({ filter })
        }}
        placeholder="all; or: host 10.0.0.22 and port 443"
      />
    </Field>
  )
}

const ownRange = 'own'

export function RangeFields({ draft, faults, change }: DraftFacts) {
  const { from, to, tz } = draft
  const chosen = presetOf(from, to)
  const pick = (label: string) => {
    const range = rangeLabelled(label)
    if (range) change({ ...range, tz: zone.value })
  }
  const options: Options = [
    ...presets.map(({ label, title }) => [label, title] as const),
    ...(chosen ? [] : [[ownRange, 'as written'] as const]),
  ]
  const write = (part: { from?: string; to?: string }) => change({ ...part, tz: zone.value })
  return (
    <div class="field">
      <div class="field-row">
        <SelectField
          name="range"
          label="Time range"
          value={chosen?.label ?? ownRange}
          options={options}
          choose={pick}
        />
        <TextField
          name="from"
          label="From"
          size={20}
          fault={faults.from}
          value={from}
          write={(text) => write({ from: text })}
        />
        <TextField
          name="to"
          label="To"
          size={20}
          fault={faults.to}
          value={to}
          write={(text) => write({ to: text })}
        />
      </div>
      {standsStill(draft) && <p>This range is fixed: write now-6h for one that moves on.</p>}
      {needsZone(from, to) && <p>Days begin as in {tz || 'UTC'}.</p>}
    </div>
  )
}
