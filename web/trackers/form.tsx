/** The form to create or revise a tracker. */
import { useSignal } from '@preact/signals'

import type { Tracker } from '../../api/schema/trackers.ts'
import { parseTime } from '../../flow/time-grammar.ts'
import { RequestError } from '../client.ts'
import { useOpened } from '../controls/opened.ts'
import { FormDialog, Select, TextLine, type Options } from '../controls/form.tsx'
import { clockNow } from '../state/clock.ts'
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

const sides: Options = [
  ['above', 'above the axis'],
  ['below', 'below the axis'],
]

export function TrackerForm({ tracker, close }: { tracker: Tracker | null; close: () => void }) {
  const draft = useSignal(draftOf(tracker))
  const change = useOpened(tracker)
  const field = (name: keyof Draft, label: string, hint = '') => (
    <TextLine
      label={label}
      value={draft.value[name]}
      write={(value) => (draft.value = { ...draft.value, [name]: value })}
      hint={hint}
      isOptional={name !== 'name' && name !== 'filter'}
    />
  )
  return (
    <FormDialog
      label="Tracker"
      heading={tracker ? `Revise ${tracker.name}` : 'New tracker'}
      keep={() => change((of) => keep(of, draft.value))}
      close={close}
    >
      {field('name', 'Name')}
      {field('filter', 'Filter', 'dst net 203.0.113.0/24')}
      {field(
        'from',
        tracker ? 'Follow again from (empty: from now on)' : 'From (empty: now)',
        '2026-11-16 09:00, now-7d',
      )}
      {field('group', 'Group: trackers of one group are drawn together')}
      <Select
        label="Side"
        value={draft.value.side}
        options={sides}
        choose={(side) => (draft.value = { ...draft.value, side: side as Draft['side'] })}
      />
      {field('comment', 'Comment: drawn on its chart')}
    </FormDialog>
  )
}

/** @throws RequestError also for an invalid time: the tracker would start now instead */
async function keep(tracker: Tracker | null, draft: Draft): Promise<void> {
  const { name, filter, group, side, from, comment } = draft
  const t = parseTime(from, { now: clockNow(), zone: zone.value, side: 'from' })
  if (t === null && from.trim() !== '')
    throw new RequestError(`"${from}" is not a time`, {
      remedy: 'write 2026-11-16 09:00 or now-7d, or leave it empty',
      status: 400,
    })
  const start = t === null ? {} : { from: Math.floor(t / 1000) }
  const said = comment.trim() === '' ? {} : { comment }
  const body = { name, side, group: group.trim() === '' ? null : group, ...start, ...said }
  if (!tracker) await makeTracker({ ...body, filter })
  else await reviseTracker(tracker, filter === tracker.filter ? body : { ...body, filter })
}
