/** Fields of the panel's form: a label, a control, and its error below. */
import type { ComponentChildren } from 'preact'

import type { Options } from '../../controls/form.tsx'
import type { Faults } from './checks.ts'
import type { PanelDraft } from './draft.ts'

/** Properties of all fields of a panel. */
export interface DraftFacts {
  draft: PanelDraft
  faults: Faults
  /** The last valid filter. */
  sound: string
  hear: (filter: string) => void
  change: (part: Partial<PanelDraft>) => void
}

interface FieldFacts {
  /** Its element id is made from it. */
  name: string
  label: string
  fault?: string | undefined
  hint?: string | undefined
}

export function fieldId(name: string): string {
  return `panel-${name}`
}

export function Field({
  name,
  label,
  fault,
  hint,
  children,
}: FieldFacts & { children: ComponentChildren }) {
  const id = fieldId(name)
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {hint !== undefined && (
        <p class="dim" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault !== undefined && (
        <p class="field-fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </div>
  )
}

/** The field's description for screen readers. */
export function describedBy({ name, fault, hint }: FieldFacts) {
  const id = fieldId(name)
  const texts = [fault === undefined ? '' : `${id}-fault`, hint === undefined ? '' : `${id}-hint`]
  const described = texts.filter(Boolean).join(' ')
  return {
    id,
    'aria-invalid': fault !== undefined,
    ...(described === '' ? {} : { 'aria-describedby': described }),
  }
}

export function TextField(
  props: FieldFacts & {
    value: string
    placeholder?: string
    /** Width in characters; default: all available space. */
    size?: number
    write: (text: string) => void
  },
) {
  const { value, placeholder, size, write } = props
  return (
    <Field {...props}>
      <input
        {...describedBy(props)}
        type="text"
        spellcheck={false}
        autocomplete="off"
        size={size}
        placeholder={placeholder}
        value={value}
        onInput={(event) => write(event.currentTarget.value)}
      />
    </Field>
  )
}

export function SelectField(
  props: FieldFacts & { value: string; options: Options; choose: (value: string) => void },
) {
  const { value, options, choose } = props
  return (
    <Field {...props}>
      <select
        {...describedBy(props)}
        value={value}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {options.map(([word, text]) => (
          <option key={word} value={word}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  )
}

/** A group of buttons under a heading. */
export function Group({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <span aria-hidden="true">{label}</span>
      {children}
    </div>
  )
}

/** The options, with the current value added if it is missing. */
export function withOwn(options: Options, value: string, text = value): Options {
  return options.some(([word]) => word === value) ? options : [...options, [value, text]]
}
