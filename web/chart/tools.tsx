/** The chart's tools: how it is drawn, comparison, explanation, saving, sharing. */
import { formatDuration, parseScaled } from '../../flow/units.ts'
import { WordSelect } from '../controls/word-select.tsx'
import { comparisons, drawings, stepChoices, type Drawing } from '../state/address.ts'
import { draft } from '../state/annotations.ts'
import { clockNow } from '../state/clock.ts'
import { addressOf, shownFlows } from '../state/route.ts'
import { traffic } from '../state/traffic.ts'
import { show, view } from '../state/view.ts'
import { windowAt } from '../state/window.ts'
import { comparisonTexts } from './compared.ts'
import { Keep } from './keep.tsx'

const drawingTexts: Record<Drawing, string> = {
  mirror: 'received above, sent below',
  stack: 'all above, stacked',
  lines: 'lines',
  table: 'figures',
}

export function ChartTools() {
  const { draw, compare, step, p95, explain } = view.value
  return (
    <div class="chart-tools" role="toolbar" aria-label="Chart">
      <button
        type="button"
        class="due"
        aria-pressed={explain !== ''}
        title="what happened here, and who it was (e)"
        onClick={explainShown}
      >
        Explain
      </button>
      <WordSelect
        label="Drawn as"
        words={drawings}
        chosen={draw}
        textOf={(word) => drawingTexts[word]}
        choose={(word) => show({ draw: word })}
      />
      <WordSelect
        label="Compared with"
        words={comparisons}
        chosen={compare}
        textOf={(word) => comparisonTexts[word]}
        choose={(word) => show({ compare: word })}
      />
      <WordSelect
        label="Step"
        title="how long each step is averaged; auto fits the width"
        words={stepChoices}
        chosen={step}
        textOf={(word) =>
          word === 'auto' ? 'step: auto' : `step: ${formatDuration(Number(word))}`
        }
        choose={(word) => show({ step: word })}
      />
      <button
        type="button"
        aria-pressed={p95 === 'on'}
        title="95th percentile of the 5-minute values, as a line"
        onClick={() => show({ p95: p95 === 'on' ? 'off' : 'on' })}
      >
        95th
      </button>
      <Threshold />
      <button type="button" title="annotate this time (a)" onClick={annotateShown}>
        Annotate
      </button>
      <a
        class="button"
        href={addressOf('/reports', { ...shownFlows(), report: 'flow-times' })}
        title="the flows of this time, one by one"
      >
        Flows
      </a>
      <Keep />
    </div>
  )
}

/** Explains the window shown, or closes the explanation. */
export function explainShown(): void {
  show({ explain: view.value.explain === '' ? 'shown' : '' })
}

/** Starts an annotation of the window shown. */
export function annotateShown(): void {
  const shown = traffic.value?.window ?? windowAt(clockNow())
  if (!shown) return
  const { from, to } = shown
  draft.value = { from: Math.floor(from / 1000), to: Math.ceil(to / 1000), text: '', of: null }
}

function Threshold() {
  const { threshold } = view.value
  return (
    <input
      class="threshold"
      type="text"
      aria-label="Threshold"
      title="a line at a figure such as 100M"
      placeholder="threshold"
      key={threshold}
      defaultValue={threshold}
      onChange={({ currentTarget: field }) => {
        const text = field.value.trim()
        const isSound = text === '' || parseScaled(text) !== null
        field.setCustomValidity(isSound ? '' : 'write a figure such as 100M or 2.5G')
        if (field.reportValidity()) show({ threshold: text })
      }}
    />
  )
}
