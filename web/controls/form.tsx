/** A form in a dialog, and the fields that such forms consist of. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'

import { newPasswordLength } from '../../flow/credentials.ts'
import { Fault, useAttempt } from './attempt.tsx'
import { useDialog } from './dialog.ts'

/** Stores the input or shows why it could not be stored; the dialog closes when done. */
export function FormDialog(props: {
  label: string
  heading: string
  /** @throws RequestError, which is shown above the buttons */
  keep: () => Promise<void>
  /** For documents that can also be deleted. @throws RequestError */
  remove?: (() => Promise<void>) | undefined
  close: () => void
  children: ComponentChildren
}) {
  const { label, heading, keep, remove, close, children } = props
  const isChanged = useSignal(false)
  const question = 'Discard what you have entered?'
  const { attributes, shut, leave } = useDialog({ isChanged: isChanged.value, question, close })
  const { isBusy, fault, run } = useAttempt()
  const attempt = async (change: () => Promise<void>) => {
    if (await run(change)) shut()
  }
  const removeAsked = (change: () => Promise<void>) => {
    if (confirm(`Remove the ${label.toLowerCase()}?`)) void attempt(change)
  }
  return (
    <dialog {...attributes} aria-label={label}>
      <form
        class="form"
        onInput={() => (isChanged.value = true)}
        onSubmit={(event) => {
          event.preventDefault()
          void attempt(keep)
        }}
      >
        <h2>{heading}</h2>
        {children}
        <Fault text={fault} />
        <div class="form-buttons">
          <button type="submit" class="due" disabled={isBusy}>
            Keep
          </button>
          <button type="button" onClick={leave}>
            Cancel
          </button>
          {remove && (
            <button type="button" disabled={isBusy} onClick={() => removeAsked(remove)}>
              Remove
            </button>
          )}
        </div>
      </form>
    </dialog>
  )
}

export function TextLine(props: {
  label: string
  value: string
  write: (text: string) => void
  hint?: string
  isOptional?: boolean
}) {
  const { label, value, write, hint = '', isOptional = false } = props
  return (
    <label>
      {label}
      <input
        type="text"
        required={!isOptional}
        placeholder={hint}
        value={value}
        onInput={(event) => write(event.currentTarget.value)}
      />
    </label>
  )
}

/** A password: the browser fills in a kept one, or suggests a new one of a length that Weir takes. */
export function PasswordLine(props: {
  label: string
  value: string
  write: (text: string) => void
  isNew?: boolean
  isOptional?: boolean
}) {
  const { label, value, write, isNew = false, isOptional = false } = props
  return (
    <label>
      {label}
      <input
        type="password"
        autocomplete={isNew ? 'new-password' : 'current-password'}
        required={!isOptional}
        minlength={isNew ? newPasswordLength.least : undefined}
        maxlength={newPasswordLength.most}
        value={value}
        onInput={(event) => write(event.currentTarget.value)}
      />
    </label>
  )
}

export type Options = readonly (readonly [value: string, text: string])[]

export function Select(props: {
  label: string
  value: string
  options: Options
  choose: (value: string) => void
}) {
  const { label, value, options, choose } = props
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
        {options.map(([word, text]) => (
          <option key={word} value={word}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}
