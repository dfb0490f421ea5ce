/** The form to create or change an alert. */
import { useSignal } from '@preact/signals'

import type { Alert } from '../../api/schema/trackers.ts'
import { rateTexts } from '../chart/readout.ts'
import { FormDialog, Select, TextLine, type Options } from '../controls/form.tsx'
import { useOpened } from '../controls/opened.ts'
import { exporterName, exporters } from '../state/collector.ts'
import { trackers } from '../trackers/trackers.ts'
import { keepAlert } from './alerts.ts'
import { bodyOfDraft, draftOf, hasCondition, type AlertDraft } from './draft.ts'
import { subjectTexts } from './words.ts'

const conditions: Options = [
  ['above', 'above'],
  ['below', 'below'],
  ['outside', 'outside of'],
  ['unusual', 'unusual: more than this many σ away'],
]
const intervals: Options = ['1', '3', '6', '12'].map((count) => [count, count])
const repeats: Options = [
  ['once', 'once, until it is over'],
  ['each', 'at every interval out of range'],
]
const measureOptions: Options = ['bits', 'packets', 'flows', 'active'].map((word) => [word, word])
const directionOptions: Options = [
  ['', 'both'],
  ['in', 'in'],
  ['out', 'out'],
]

export function AlertForm({ alert, close }: { alert: Alert | null; close: () => void }) {
  const draft = useSignal(draftOf(alert))
  const change = useOpened(alert)
  return (
    <FormDialog
      label="Alert"
      heading={alert ? `Change ${alert.name}` : 'New alert'}
      keep={() => change((of) => keepAlert(of, bodyOfDraft(draft.value, of?.isOn ?? true)))}
      close={close}
    >
      <Fields draft={draft.value} change={(part) => (draft.value = { ...draft.value, ...part })} />
    </FormDialog>
  )
}

interface FieldsFacts {
  draft: AlertDraft
  change: (part: Partial<AlertDraft>) => void
}

function Fields({ draft, change }: FieldsFacts) {
  const text = (name: keyof AlertDraft, label: string) => (
    <TextLine label={label} value={draft[name]} write={(value) => change({ [name]: value })} />
  )
  const choice = (name: keyof AlertDraft, label: string, options: Options) => (
    <Select
      label={label}
      value={draft[name]}
      options={options}
      choose={(value) => change({ [name]: value })}
    />
  )
  const { kind, is } = draft
  return (
    <>
      {text('name', 'Name')}
      {choice('kind', 'Tell of', Object.entries(subjectTexts))}
      {kind === 'tracker' && choice('tracker', 'Tracker', trackerOptions())}
      {kind === 'tracker' && choice('measure', 'Measure', measureOptions)}
      {kind === 'tracker' && choice('direction', 'Direction', directionOptions)}
      {(kind === 'incident' || kind === 'silent' || kind === 'loss') &&
        choice('exporter', 'Exporter', exporterOptions())}
      {kind === 'silent' && text('silentMinutes', 'Silent for this many minutes')}
      {hasCondition(kind) && choice('is', 'When it is', conditions)}
      {hasCondition(kind) && text('value', valueLabel(draft))}
      {hasCondition(kind) && is === 'outside' && text('high', `and, in ${unitOf(draft)}`)}
      {hasCondition(kind) &&
        is === 'unusual' &&
        text('observations', 'of this many last intervals')}
      {hasCondition(kind) && choice('intervals', 'This many intervals in a row', intervals)}
      {choice('repeat', 'Told', repeats)}
      {text('quietMinutes', 'Then quiet for this many minutes')}
      <label>
        <span>
          To: one per line, a mail address, an address for a webhook, or <code>script</code>
        </span>
        <textarea
          rows={3}
          value={draft.targets}
          onInput={(event) => change({ targets: event.currentTarget.value })}
        />
      </label>
    </>
  )
}

function valueLabel(draft: AlertDraft): string {
  if (draft.is === 'unusual') return 'σ'
  return `Value, in ${unitOf(draft)}${draft.kind === 'tracker' ? ', such as 100M' : ''}`
}

function unitOf({ kind, measure }: AlertDraft): string {
  return kind === 'tracker' ? rateTexts[measure] : 'percent'
}

function trackerOptions(): Options {
  const known = trackers.state.value.answer ?? []
  return [['', 'choose …'], ...known.map(({ id, name }) => [id, name] as const)]
}

function exporterOptions(): Options {
  const known = exporters.value ?? []
  return [['', 'any'], ...known.map((each) => [each.address, exporterName(each)] as const)]
}
