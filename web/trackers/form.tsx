/** The form in which a tracker is made or revised. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

import type { Tracker } from '../../api/schema-trackers.ts'
import { parseTime } from '../../flow/time-grammar.ts'
import { Fault, useAttempt } from '../controls/attempt.tsx'
import { zone } from '../state/zone.ts'
import { makeTracker, reviseTracker } from './trackers.ts'

interface Draft {
  name: string
  filter: string
  group: string
  side: 'above' | 'below'
  from: string
  comment: string
}

function draftOf(tracker: Tracker | null): Draft {
  const { name = '', filter = '', group = null, side = 'above' } = tracker ?? {}
  return { name, filter, group: group ?? '', side, from: '', comment: '' }
}

export function TrackerForm({ tracker, close }: { tracker: Tracker | null; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const draft = useSignal(draftOf(tracker))
  const { isBusy, fault, run } = useAttempt()
  useEffect(() => dialog.current?.showModal(), [])
  const change = (part: Partial<Draft>) => (draft.value = { ...draft.value, ...part })
  const submit = (event: Event) => {
    event.preventDefault()
    void run(() => keep(tracker, draft.value)).then((isKept) => {
      if (isKept) close()
    })
  }
  const field = (
    name: 'name' | 'filter' | 'group' | 'from' | 'comment',
    label: string,
    hint = '',
  ) => (
    <label>
      {label}
      <input
        type="text"
        required={name === 'name' || name === 'filter'}
        placeholder={hint}
        value={draft.value[name]}
        onInput={(event) => change({ [name]: event.currentTarget.value })}
      />
    </label>
  )
  return (
    <dialog ref={dialog} aria-label="Tracker" onClose={close}>
      <form class="form" onSubmit={submit}>
        <h2>{tracker ? `Revise ${tracker.name}` : 'New tracker'}</h2>
        {field('name', 'Name')}
        {field('filter', 'Filter', 'dst net 203.0.113.0/24')}
        {field(
          'from',
          tracker ? 'Followed anew from (empty: from now on)' : 'From (empty: now)',
          '2026-11-16 09:00, now-7d',
        )}
        {field('group', 'Group: trackers of one group are drawn together')}
        <label>
          Side
          <select
            value={draft.value.side}
            onChange={(event) => change({ side: event.currentTarget.value as Draft['side'] })}
          >
            <option value="above">above the axis</option>
            <option value="below">below the axis</option>
          </select>
        </label>
        {field('comment', 'Comment: drawn on its chart')}
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

async function keep(tracker: Tracker | null, draft: Draft): Promise<void> {
  const { name, filter, group, side, from, comment } = draft
  const t = parseTime(from, { now: Date.now(), zone: zone.value, side: 'from' })
  const start = t === null ? {} : { from: Math.floor(t / 1000) }
  const said = comment.trim() === '' ? {} : { comment }
  const body = { name, side, group: group.trim() === '' ? null : group, ...start, ...said }
  if (!tracker) await makeTracker({ ...body, filter })
  else await reviseTracker(tracker, filter === tracker.filter ? body : { ...body, filter })
}
