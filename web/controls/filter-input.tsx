/**
 * A field for filters: parsed by the API while typing, with completions at the caret; an error is
 * marked at its place, and a valid filter is shown as it is understood.
 */
import { useSignal, type Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

import type { FilterAnswer } from '../../api/schema/filter.ts'
import { addressOfAnswer, read, RequestError } from '../client.ts'
import { Suggestions } from './suggestions.tsx'

/** The pause in typing before the filter is parsed, in ms. */
const restMs = 120
const suggestionsMax = 10

interface FilterInputFacts {
  /** The filter in force. */
  value: string
  apply: (filter: string) => void
  placeholder: string
  id?: string
  /** Called with every text typed, valid or not; a valid one is then applied without Enter. */
  written?: ((text: string) => void) | undefined
  take?: (element: HTMLInputElement | null) => void
}

interface Writing {
  text: string
  caret: number
}

type Suggestion = FilterAnswer['suggestions'][number]

/** The API's answer about a text. */
interface FilterReply {
  text: string
  answer: FilterAnswer
}

export function FilterInput({ value, apply, placeholder, id, written, take }: FilterInputFacts) {
  const { draft, reply, left } = useWriting({ value, apply, written })
  const isOpen = useSignal(false)
  const active = useSignal(-1)
  const { text } = draft.value
  const { own, fault, suggestions } = reading(reply.value, text, isOpen.value)
  const isApplied = text.trim() === value.trim()
  const pick = (index: number) => {
    const chosen = suggestions[index]
    if (!chosen) return
    draft.value = completedBy(chosen, text)
    active.value = -1
  }
  const submit = async (event: Event) => {
    event.preventDefault()
    isOpen.value = false
    const found = await readAtEnter(draft.value, left).catch(() => null)
    // What has been typed since is applied by an Enter of its own, and who has left is not called back.
    if (draft.peek().text !== text || left.aborted) return
    if (found) reply.value = found
    if (text.trim() === '') apply('')
    else if (found?.answer.error === null) {
      draft.value = { text: found.text, caret: found.text.length }
      apply(found.text.trim())
    }
  }
  return (
    <form class="filter" role="search" onSubmit={(event) => void submit(event)}>
      <input
        ref={take ?? null}
        id={id}
        type="text"
        role="combobox"
        spellcheck={false}
        autocomplete="off"
        placeholder={placeholder}
        aria-label="Filter"
        aria-expanded={suggestions.length > 0}
        aria-controls="filter-suggestions"
        aria-activedescendant={active.value >= 0 ? `filter-suggestion-${active.value}` : undefined}
        aria-invalid={fault !== null}
        aria-describedby={fault ? 'filter-fault' : undefined}
        title={own?.filter ? `understood as: ${own.filter}` : undefined}
        value={text}
        onKeyDown={(event) =>
          answerKey(event, { isOpen, active, last: suggestions.length - 1, pick })
        }
        onBlur={() => (isOpen.value = false)}
        onInput={({ currentTarget: field }) => {
          draft.value = { text: field.value, caret: field.selectionStart ?? field.value.length }
          isOpen.value = true
          active.value = -1
        }}
      />
      {text !== '' && (
        <Clear
          clear={() => {
            draft.value = { text: '', caret: 0 }
            apply('')
          }}
        />
      )}
      {!isApplied && !written && !fault && suggestions.length === 0 && (
        <span class="hint">Enter</span>
      )}
      <Suggestions list={suggestions} active={active.value} pick={pick} />
      {fault && !isApplied && suggestions.length === 0 && <FaultAt text={text} fault={fault} />}
    </form>
  )
}

/** The text typed, the API's answer about it, and the signal that the field is gone. */
function useWriting({
  value,
  apply,
  written,
}: Pick<FilterInputFacts, 'value' | 'apply' | 'written'>) {
  const draft = useSignal<Writing>({ text: value, caret: value.length })
  const reply = useSignal<FilterReply | null>(null)
  const { text } = draft.value
  useEffect(() => {
    if (draft.peek().text !== value) draft.value = { text: value, caret: value.length }
  }, [value])
  useEffect(() => followDraft(draft, reply), [])
  const { current: shown } = useRef(new AbortController())
  useEffect(() => () => shown.abort(), [])
  useEffect(() => {
    if (!written) return
    written(text)
    const isRead = reply.value?.text === text && reply.value.answer.error === null
    if ((isRead || text.trim() === '') && text !== value) apply(text)
  }, [text, reply.value])
  return { draft, reply, left: shown.signal }
}

/** The API's answer, as far as it is about this text: its error, or else the completions. */
function reading(reply: FilterReply | null, text: string, isOpen: boolean) {
  const own = reply?.text === text ? reply.answer : null
  const fault = text.trim() === '' ? null : (own?.error ?? null)
  const following = isOpen ? (own?.suggestions ?? []).slice(0, suggestionsMax) : []
  // An error before the word being typed will not go away by completing the word.
  const isFaulty = fault !== null && fault.position < (following[0]?.from ?? Infinity)
  return { own, fault, suggestions: isFaulty ? [] : following }
}

interface List {
  isOpen: Signal<boolean>
  active: Signal<number>
  last: number
  pick: (index: number) => void
}

/** The keys of the completion list; unknown keys are left to the field. */
function answerKey(event: KeyboardEvent, { isOpen, active, last, pick }: List): void {
  const { key } = event
  if (key === ' ' && event.ctrlKey) isOpen.value = true
  else if (key === 'Escape' && isOpen.value) {
    isOpen.value = false
    event.stopPropagation()
  } else if (key === 'ArrowDown' && last >= 0) active.value = Math.min(last, active.value + 1)
  else if (key === 'ArrowUp' && last >= 0) active.value = Math.max(-1, active.value - 1)
  else if ((key === 'Enter' || key === 'Tab') && active.value >= 0) pick(active.value)
  else return
  event.preventDefault()
}

function Clear({ clear }: { clear: () => void }) {
  return (
    <button type="button" class="plain" aria-label="Clear the filter" onClick={clear}>
      ×
    </button>
  )
}

function FaultAt({ text, fault }: { text: string; fault: NonNullable<FilterAnswer['error']> }) {
  return (
    <div class="fault" id="filter-fault" role="alert">
      <code>
        {text.slice(0, fault.position)}
        <mark>{text.slice(fault.position).split(/\s/)[0] || ' '}</mark>
      </code>
      {fault.message}
    </div>
  )
}

/** The API's answer about a filter. @throws RequestError */
export function filterAnswer({ text, caret }: Writing, ended?: AbortSignal): Promise<FilterAnswer> {
  const query = { filter: text, position: caret }
  return read<FilterAnswer>(addressOfAnswer('filter', query), ended ?? new AbortController().signal)
}

/** A text with one of its completions. */
function completedBy({ text: word, from, to }: Suggestion, text: string): Writing {
  const start = `${text.slice(0, from)}${word} `
  return { text: start + text.slice(to).trimStart(), caret: start.length }
}

/**
 * The answer about a text; if that is wrong, and right as a host, then about that. A name is not
 * completed: that could be another host's.
 */
async function readAtEnter(writing: Writing, ended: AbortSignal): Promise<FilterReply> {
  const answer = await filterAnswer(writing, ended)
  const asHost = ({ text, from, to }: Suggestion) =>
    text.toLowerCase() === `host ${writing.text.slice(from, to).toLowerCase()}`
  const host = answer.error && answer.suggestions.find(asHost)
  if (host) {
    const completed = completedBy(host, writing.text)
    const reply = await filterAnswer(completed, ended)
    if (reply.error === null) return { text: completed.text.trimEnd(), answer: reply }
  }
  return { text: writing.text, answer }
}

/** Has each draft parsed after a pause in typing; returns the function that stops this. */
function followDraft(draft: Signal<Writing>, reply: Signal<FilterReply | null>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let running: AbortController | null = null
  const load = async (writing: Writing, ended: AbortSignal) => {
    try {
      reply.value = { text: writing.text, answer: await filterAnswer(writing, ended) }
    } catch (error) {
      // If it cannot be parsed now, it is parsed when applied.
      if (!ended.aborted && !(error instanceof RequestError)) throw error
    }
  }
  const stop = draft.subscribe((writing) => {
    clearTimeout(timer)
    running?.abort()
    if (writing.text.trim() === '') return
    const { signal: ended } = (running = new AbortController())
    timer = setTimeout(() => void load(writing, ended), restMs)
  })
  return () => {
    clearTimeout(timer)
    running?.abort()
    stop()
  }
}
