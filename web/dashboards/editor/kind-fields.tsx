/** The fields of each kind of panel, with the controls of Explore and Reports. */
import type { VNode } from 'preact'

import { Choice } from '../../controls/choice.tsx'
import { measureTitles } from '../../controls/explore-bar.tsx'
import { Words } from '../../controls/words.tsx'
import type { Options } from '../../controls/form.tsx'
import { zone } from '../../state/zone.ts'
import { liveMeasure, type Kind } from './draft.ts'
import {
  describedBy,
  Field,
  Group,
  SelectField,
  TextField,
  withOwn,
  type DraftFacts,
} from './field.tsx'
import { ChartFields, NumberFields } from './series-fields.tsx'
import { RangeFields, TrafficFields } from './traffic-fields.tsx'

const liveMeasures = ['bits', 'packets', 'flows'] as const
const liveSeconds: Options = [
  ['60', 'the last minute'],
  ['120', 'the last 2 minutes'],
  ['300', 'the last 5 minutes'],
  ['600', 'the last 10 minutes'],
  ['900', 'the last 15 minutes'],
]
const orders: Options = [
  ['bytes', 'bytes'],
  ['packets', 'packets'],
  ['flows', 'flows'],
  ['peers', 'distinct peers'],
]

const fieldsOf: Record<Kind, (facts: DraftFacts) => VNode> = {
  chart: (facts) => <ChartFields {...facts} />,
  live: (facts) => <LiveFields {...facts} />,
  top: (facts) => <TopFields {...facts} />,
  number: (facts) => <NumberFields {...facts} />,
  incidents: ({ draft, faults, change }) => (
    <TextField
      name="listed"
      label="Incidents listed, of the last 30 days"
      size={6}
      fault={faults.listed}
      value={draft.listed}
      write={(listed) => change({ listed })}
    />
  ),
  clock: ({ draft, change }) => (
    <SelectField
      name="tz"
      label="Time zone"
      value={draft.tz}
      options={zoneOptions(draft.tz)}
      choose={(tz) => change({ tz })}
    />
  ),
  text: (facts) => <NoteField {...facts} />,
}

/** The fields of a draft's kind. */
export function KindFields(facts: DraftFacts) {
  return fieldsOf[facts.draft.kind](facts)
}

function TopFields(facts: DraftFacts) {
  const { draft, faults, change } = facts
  return (
    <>
      <Group label="List">
        <Words by={draft.words} change={(words) => change({ words })} />
      </Group>
      <div class="field-row">
        <SelectField
          name="order"
          label="Order"
          value={draft.order}
          options={withOwn(orders, draft.order)}
          choose={(order) => change({ order })}
        />
        <TextField
          name="limit"
          label="Lines"
          size={6}
          fault={faults.limit}
          value={draft.limit}
          write={(limit) => change({ limit })}
        />
      </div>
      <TrafficFields {...facts} />
      <RangeFields {...facts} />
    </>
  )
}

function LiveFields({ draft, change }: DraftFacts) {
  return (
    <>
      <p class="dim">By the second, as it comes in, of all exporters.</p>
      <Group label="Measure">
        <Choice
          label="Measure"
          words={liveMeasures}
          chosen={liveMeasure(draft.measure)}
          titles={measureTitles}
          choose={(measure) => change({ measure })}
        />
      </Group>
      <SelectField
        name="seconds"
        label="How far back"
        value={draft.seconds}
        options={withOwn(liveSeconds, draft.seconds, `${draft.seconds} s`)}
        choose={(seconds) => change({ seconds })}
      />
    </>
  )
}

function NoteField({ draft, faults, change }: DraftFacts) {
  const field = { name: 'text', label: 'Text', fault: faults.text }
  return (
    <Field {...field}>
      <textarea
        {...describedBy(field)}
        rows={6}
        value={draft.text}
        onInput={(event) => change({ text: event.currentTarget.value })}
      />
    </Field>
  )
}

function zoneOptions(tz: string): Options {
  const names = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((name) => name !== 'UTC')]
  return withOwn(
    [['', `the page's: ${zone.value}`], ...names.map((name) => [name, name] as const)],
    tz,
  )
}
