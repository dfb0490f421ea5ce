/** The query builder of a report: form, keys, order, limit, and which flows count. */
import { Select, type Options } from '../controls/form.tsx'
import { Words } from '../controls/words.tsx'
import { exporterName, exporters } from '../state/collector.ts'
import { addressWith, go } from '../state/route.ts'
import { further, printed, statistics, type Preset } from './presets.ts'
import { inclusions, limits, orders, question, type Inclusion } from './question.ts'

const inclusionTexts: Record<Inclusion, string> = {
  any: 'any part in the time (bytes pro rata)',
  start: 'begin in the time',
  end: 'end in the time',
  within: 'lie within the time',
}

export function Builder() {
  const { preset, by, order, limit, include, exporter } = question.value
  const select = (name: string, label: string, value: string, options: Options) => (
    <Select
      label={label}
      value={value}
      options={options}
      choose={(word) => go(addressWith({ [name]: word }))}
    />
  )
  return (
    <div class="builder-row">
      <label>
        report
        <select
          value={preset.id}
          onChange={(event) =>
            go(addressWith({ report: event.currentTarget.value, by: '', order: '' }))
          }
        >
          <Group label="Statistics" presets={statistics} />
          <Group label="More" presets={further} />
          <Group label="Printed" presets={printed} />
        </select>
      </label>
      {preset.kind === 'top' && (
        <Words by={by} change={(words) => go(addressWith({ by: words }))} />
      )}
      {select(
        'order',
        'order',
        order,
        orders[preset.kind].map((word) => [word, word]),
      )}
      {select(
        'limit',
        'lines',
        limit,
        limits.map((n) => [n, n]),
      )}
      {select(
        'include',
        'flows that',
        include,
        inclusions.map((word) => [word, inclusionTexts[word]]),
      )}
      {select('exporter', 'exporter', exporter, [
        ['', 'all'],
        ...(exporters.value ?? []).map((each): [string, string] => [
          exporterName(each),
          exporterName(each),
        ]),
      ])}
    </div>
  )
}

function Group({ label, presets }: { label: string; presets: readonly Preset[] }) {
  return (
    <optgroup label={label}>
      {presets.map(({ id, label: name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </optgroup>
  )
}
