/** The fields of a chart and of a figure, which use the same series queries. */
import { useEffect } from 'preact/hooks'

import { Choice } from '../../controls/choice.tsx'
import { measureTitles, splitTitles } from '../../controls/explore-bar.tsx'
import type { Options } from '../../controls/form.tsx'
import { measureUnits, totalUnits } from '../../chart/readout.ts'
import { statisticTexts } from '../../dashboard/number-panel.tsx'
import { measures, type Measure } from '../../state/address.ts'
import { trackers } from '../../trackers/trackers.ts'
import {
  byOf,
  chartSplits,
  splitOf,
  type ChartSplit,
  type Flow,
  type Statistic,
  type Style,
} from './draft.ts'
import { Group, SelectField, TextField, withOwn, type DraftFacts } from './field.tsx'
import { RangeFields, TrafficFields } from './traffic-fields.tsx'

const styles: readonly Style[] = ['mirrored', 'stacked', 'lines']
const styleTitles: Record<Style, string> = {
  mirrored: 'received above the axis, sent below it',
  stacked: 'all above the axis',
  lines: 'a line each',
}
const chartSplitTitles: Record<ChartSplit, string> = {
  ...splitTitles,
  tracker: 'filters followed for ever',
  counter: 'the counters of the interfaces themselves (sFlow)',
}
const flows: readonly Flow[] = ['all', 'in', 'out', 'internal', 'transit']
const flowTitles: Record<Flow, string> = {
  all: 'all traffic, each flow once',
  in: 'from outside to our networks',
  out: 'from our networks to the outside',
  internal: 'within our networks',
  transit: 'neither from nor to our networks',
}
/** The fields of a chart. */
export function ChartFields(facts: DraftFacts) {
  const { draft, faults, change } = facts
  const split = splitOf(draft.by)
  const isOfTotals = split === 'tracker' || split === 'counter'
  return (
    <>
      <Group label="Split by">
        <Choice
          label="Split by"
          words={chartSplits}
          chosen={split ?? ('' as ChartSplit)}
          titles={chartSplitTitles}
          choose={(word) => change({ by: byOf(word) })}
        />
        {split === null && (
          <p class="dim">
            As written: <code>{draft.by}</code>
          </p>
        )}
      </Group>
      {split === 'tracker' && <TrackerField {...facts} />}
      {!isOfTotals && <TrafficFields {...facts} />}
      <MeasureField {...facts} />
      <RangeFields {...facts} />
      <Group label="Drawn">
        <Choice
          label="Drawn"
          words={styles}
          chosen={draft.style}
          titles={styleTitles}
          choose={(style) => change({ style })}
        />
      </Group>
      <div class="field-row">
        {split !== 'direction' && (
          <TextField
            name="top"
            label="Number of keys, greatest first"
            size={6}
            fault={faults.top}
            hint={split === 'host' ? 'Remote hosts count, but are not drawn.' : undefined}
            value={draft.top}
            write={(top) => change({ top })}
          />
        )}
        <ThresholdField {...facts} unit={measureUnits[draft.measure]} />
      </div>
    </>
  )
}

/** The fields of a figure. */
export function NumberFields(facts: DraftFacts) {
  const { draft, change } = facts
  const { statistic, measure } = draft
  const unit = statistic === 'total' ? totalUnits[measure] : measureUnits[measure]
  const statistics = Object.entries(statisticTexts) as [Statistic, string][]
  return (
    <>
      <div class="field-row">
        <SelectField
          name="statistic"
          label="Figure"
          value={statistic}
          options={statistics}
          choose={(word) => change({ statistic: word as Statistic })}
        />
        <Group label="Direction">
          <Choice
            label="Direction"
            words={flows}
            chosen={draft.direction}
            titles={flowTitles}
            choose={(direction) => change({ direction })}
          />
        </Group>
      </div>
      <TrafficFields {...facts} />
      <MeasureField {...facts} />
      <RangeFields {...facts} />
      <div class="field-row">
        <ThresholdField {...facts} unit={unit} />
      </div>
    </>
  )
}

function MeasureField({ draft, change }: DraftFacts) {
  return (
    <Group label="Measure">
      <Choice
        label="Measure"
        words={measures}
        chosen={draft.measure}
        titles={measureTitles}
        choose={(measure: Measure) => change({ measure })}
      />
    </Group>
  )
}

function ThresholdField({ draft, faults, change, unit }: DraftFacts & { unit: string }) {
  return (
    <TextField
      name="threshold"
      label={`Threshold, in ${unit}`}
      size={16}
      placeholder="none; such as 100M"
      fault={faults.threshold}
      value={draft.threshold}
      write={(threshold) => change({ threshold })}
    />
  )
}

function TrackerField({ draft, change }: DraftFacts) {
  useEffect(() => trackers.follow(), [])
  const listed = trackers.state.value.answer ?? []
  const options: Options = [
    ['', 'all: the greatest first'],
    ...listed.map(({ id, name }) => [id, name] as const),
  ]
  return (
    <SelectField
      name="tracker"
      label="Tracker"
      value={draft.tracker}
      options={withOwn(options, draft.tracker)}
      hint={listed.length === 0 ? 'There are no trackers yet.' : undefined}
      choose={(tracker) => change({ tracker })}
    />
  )
}
