/** The annotations under the chart, by the number that they have in it, and the form in which they are written. */
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

import type { Annotation } from '../../api/schema-state.ts'
import { parseTime } from '../../flow/time-grammar.ts'
import { RequestError } from '../client.ts'
import {
  annotations,
  annotationsShown,
  draft,
  keep,
  remove,
  type Draft,
} from '../state/annotations.ts'
import { zone } from '../state/zone.ts'
import { fieldText, instantText } from '../time/words.ts'

/** Why the last change was refused. */
const refusal = signal('')

export function Annotations() {
  const { error } = annotationsShown.state.value
  const listed = annotations.value
  return (
    <>
      {error && error.status !== 404 && (
        <p class="lane-fault">
          Annotations: {error.message} {error.remedy}
        </p>
      )}
      {listed.length > 0 && (
        <ol class="annotations" aria-label="Annotations">
          {listed.map((annotation) => (
            <Row key={annotation.id} annotation={annotation} />
          ))}
        </ol>
      )}
      {draft.value && <Form written={draft.value} />}
    </>
  )
}

function Row({ annotation }: { annotation: Annotation }) {
  const { from, to, text, author } = annotation
  const end = to === null ? '' : ` – ${instantText(to * 1000, zone.value)}`
  return (
    <li>
      <small>
        {instantText(from * 1000, zone.value)}
        {end}
      </small>{' '}
      {text} <small>{author}</small>{' '}
      <button
        type="button"
        class="plain"
        onClick={() => (draft.value = { from, to, text, of: annotation })}
      >
        Revise
      </button>
    </li>
  )
}

function Form({ written }: { written: Draft }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    refusal.value = ''
    dialog.current?.showModal()
  }, [])
  const change = (part: Partial<Draft>) => (draft.value = { ...written, ...part })
  const submit = (event: Event) => {
    event.preventDefault()
    void attempt(() => keep(written))
  }
  return (
    <dialog ref={dialog} aria-label="Annotation" onClose={() => (draft.value = null)}>
      <form class="form" onSubmit={submit}>
        <h2>{written.of ? 'Revise the annotation' : 'New annotation'}</h2>
        <label>
          What happened
          <textarea
            required
            maxLength={2000}
            rows={3}
            value={written.text}
            onInput={(event) => change({ text: event.currentTarget.value })}
          />
        </label>
        <TimeField label="From" value={written.from} take={(from) => change({ from })} />
        <TimeField
          label="To (empty for a moment)"
          value={written.to}
          take={(to) => change({ to })}
          clear={() => change({ to: null })}
        />
        {refusal.value !== '' && (
          <p class="message error" role="alert">
            {refusal.value}
          </p>
        )}
        <div class="form-buttons">
          <button type="submit" class="due">
            Keep
          </button>
          <button type="button" onClick={() => (draft.value = null)}>
            Cancel
          </button>
          {written.of && (
            <button type="button" onClick={() => void attempt(() => remove(written.of!))}>
              Remove
            </button>
          )}
        </div>
      </form>
    </dialog>
  )
}

function TimeField(props: {
  label: string
  value: number | null
  take: (seconds: number) => void
  clear?: () => void
}) {
  const { label, value, take, clear } = props
  return (
    <label>
      {label}
      <input
        type="text"
        defaultValue={value === null ? '' : fieldText(value * 1000, zone.value)}
        onChange={({ currentTarget: field }) => {
          const context = { now: Date.now(), zone: zone.value, side: 'from' } as const
          const t = parseTime(field.value, context)
          const isEmpty = field.value.trim() === '' && clear !== undefined
          field.setCustomValidity(t === null && !isEmpty ? 'write 2026-11-16 11:32:10' : '')
          if (t !== null) take(t / 1000)
          else if (isEmpty) clear()
        }}
      />
    </label>
  )
}

async function attempt(change: () => Promise<void>): Promise<void> {
  try {
    await change()
    draft.value = null
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    refusal.value = `${error.message} ${error.remedy}`
  }
}
