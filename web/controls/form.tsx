/** A form in a dialog, and the fields that such forms consist of. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

import { Fault, useAttempt } from './attempt.tsx'

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
  const dialog = useRef<HTMLDialogElement>(null)
  const { isBusy, fault, run } = useAttempt()
  useEffect(() => dialog.current?.showModal(), [])
  const attempt = async (change: () => Promise<void>) => {
    if (await run(change)) close()
  }
  return (
    <dialog ref={dialog} aria-label={label} onClose={close}>
      <form
        class="form"
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
          <button type="button" onClick={close}>
            Cancel
          </button>
          {remove && (
            <button type="button" disabled={isBusy} onClick={() => void attempt(remove)}>
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
