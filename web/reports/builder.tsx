/** The question of a report: which form, by what, in which order, how many, and which flows count. */
import { Words } from '../controls/words.tsx'
import { exporterName, exporters } from '../state/collector.ts'
import { addressWith, go } from '../state/route.ts'
import { further, printed, statistics, type Preset } from './presets.ts'
import { inclusions, limits, question, type Inclusion } from './question.ts'

const orders = { top: ['bytes', 'packets', 'flows', 'peers'], flows: ['first', 'last', 'received', 'bytes', 'packets', 'duration'] } // prettier-ignore
const inclusionTexts: Record<Inclusion, string> = {
  any: 'any part in the time (bytes pro rata)',
  start: 'begin in the time',
  end: 'end in the time',
  within: 'lie within the time',
}

export function Builder() {
  const { preset, by, order, limit, include, exporter } = question.value
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
      <Select
        label="order"
        value={order}
        options={orders[preset.kind].map((word) => [word, word])}
        name="order"
      />
      <Select label="lines" value={limit} options={limits.map((n) => [n, n])} name="limit" />
      <Select
        label="flows that"
        value={include}
        options={inclusions.map((word) => [word, inclusionTexts[word]])}
        name="include"
      />
      <Select
        label="exporter"
        value={exporter}
        options={[
          ['', 'all'],
          ...(exporters.value ?? []).map((each): [string, string] => [
            exporterName(each),
            exporterName(each),
          ]),
        ]}
        name="exporter"
      />
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

function Select(props: {
  label: string
  value: string
  options: readonly (readonly [value: string, text: string])[]
  name: string
}) {
  const { label, value, options, name } = props
  return (
    <label>
      {label}
      <select
        value={value}
        onChange={(event) => go(addressWith({ [name]: event.currentTarget.value }))}
      >
        {options.map(([word, text]) => (
          <option key={word} value={word}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}
