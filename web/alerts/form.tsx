/** The form in which an alert is made or changed. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

import type { Alert } from '../../api/schema-trackers.ts'
import { Fault, useAttempt } from '../controls/attempt.tsx'
import { exporterName, exporters } from '../state/collector.ts'
import { trackers } from '../trackers/trackers.ts'
import { keepAlert } from './alerts.ts'
import { bodyOfDraft, draftOf, hasCondition, type AlertDraft } from './draft.ts'
import { subjectTexts } from './words.ts'

type Options = readonly (readonly [value: string, text: string])[]

const conditions: Options = [
  ['above', 'above'],
  ['below', 'below'],
  ['outside', 'outside of'],
  ['unusual', 'unusual: beyond so many σ'],
]
const intervals: Options = ['1', '3', '6', '12'].map((count) => [count, count])
const repeats: Options = [
  ['once', 'once, until it is over'],
  ['each', 'at every interval that is amiss'],
]
const measureOptions: Options = ['bits', 'packets', 'flows', 'active'].map((word) => [word, word])
const directionOptions: Options = [['', 'both'], ['in', 'in'], ['out', 'out']] // prettier-ignore

export function AlertForm({ alert, close }: { alert: Alert | null; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const draft = useSignal(draftOf(alert))
  const { isBusy, fault, run } = useAttempt()
  useEffect(() => dialog.current?.showModal(), [])
  const submit = (event: Event) => {
    event.preventDefault()
    void run(() => keepAlert(alert, bodyOfDraft(draft.value, alert?.isOn ?? true))).then(
      (isKept) => {
        if (isKept) close()
      },
    )
  }
  const change = (part: Partial<AlertDraft>) => (draft.value = { ...draft.value, ...part })
  return (
    <dialog ref={dialog} aria-label="Alert" onClose={close}>
      <form class="form" onSubmit={submit}>
        <h2>{alert ? `Change ${alert.name}` : 'New alert'}</h2>
        <Fields draft={draft.value} change={change} />
        <Fault text={fault} />
        <div class="form-buttons">
          <button type="submit" class="due" disabled={isBusy}>
            Keep
          </button>
          <button type="button" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  )
}

interface FieldsFacts {
  draft: AlertDraft
  change: (part: Partial<AlertDraft>) => void
}

function Fields({ draft, change }: FieldsFacts) {
  const text = (name: keyof AlertDraft, label: string) => (
    <label>
      {label}
      <input
        type="text"
        required
        value={draft[name]}
        onInput={(event) => change({ [name]: event.currentTarget.value })}
      />
    </label>
  )
  const choice = (name: keyof AlertDraft, label: string, options: Options) => (
    <label>
      {label}
      <select
        value={draft[name]}
        onChange={(event) => change({ [name]: event.currentTarget.value })}
      >
        {options.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
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
      {kind === 'silent' && text('silentMinutes', 'Silent for so many minutes')}
      {hasCondition(kind) && choice('is', 'When it is', conditions)}
      {hasCondition(kind) && text('value', valueLabel(draft))}
      {hasCondition(kind) && is === 'outside' && text('high', 'and')}
      {hasCondition(kind) &&
        is === 'unusual' &&
        text('observations', 'of the last so many intervals')}
      {hasCondition(kind) && choice('intervals', 'So many intervals in a row', intervals)}
      {choice('repeat', 'Told', repeats)}
      {text('quietMinutes', 'Then quiet for so many minutes')}
      <label>
        To: one a line, a mail address, an address for a webhook, or <code>script</code>
        <textarea
          rows={3}
          value={draft.targets}
          onInput={(event) => change({ targets: event.currentTarget.value })}
        />
      </label>
    </>
  )
}

function valueLabel({ kind, is }: AlertDraft): string {
  if (is === 'unusual') return 'σ'
  return kind === 'tracker' ? 'Value, such as 100M' : 'Value, in percent'
}

function trackerOptions(): Options {
  const known = trackers.state.value.answer ?? []
  return [['', 'choose …'], ...known.map(({ id, name }) => [id, name] as const)]
}

function exporterOptions(): Options {
  const known = exporters.value ?? []
  return [['', 'any'], ...known.map((each) => [each.address, exporterName(each)] as const)]
}
