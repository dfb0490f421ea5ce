/** The annotations under the chart, numbered as in it, and the form to write them. */
import type { Annotation } from '../../api/schema/state.ts'
import { parseTime } from '../../flow/time-grammar.ts'
import { FormDialog } from '../controls/form.tsx'
import { useOpened } from '../controls/opened.ts'
import {
  annotations,
  annotationsShown,
  draft,
  keep,
  remove,
  type Draft,
} from '../state/annotations.ts'
import { clockNow } from '../state/clock.ts'
import { zone } from '../state/zone.ts'
import { fieldText, instantText } from '../time/words.ts'

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
  const { of, text, from, to } = written
  const revise = useOpened(annotations.value.find(({ id }) => id === of?.id) ?? of)
  const change = (part: Partial<Draft>) => (draft.value = { ...written, ...part })
  return (
    <FormDialog
      label="Annotation"
      heading={of ? 'Revise the annotation' : 'New annotation'}
      keep={() => revise((opened) => keep(written, opened))}
      remove={of ? () => revise((opened) => remove(opened!)) : undefined}
      close={() => (draft.value = null)}
    >
      <label>
        What happened
        <textarea
          required
          maxLength={2000}
          rows={3}
          value={text}
          onInput={(event) => change({ text: event.currentTarget.value })}
        />
      </label>
      <TimeField label="From" value={from} take={(seconds) => change({ from: seconds })} />
      <TimeField
        label="To (empty for a moment)"
        value={to}
        take={(seconds) => change({ to: seconds })}
        clear={() => change({ to: null })}
      />
    </FormDialog>
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
          const context = { now: clockNow(), zone: zone.value, side: 'from' } as const
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
