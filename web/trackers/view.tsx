/** Trackers: filters followed for ever, each a series of its own at all tiers. */
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import type { Tracker } from '../../api/schema/trackers.ts'
import { countOf, formatExact } from '../../flow/units.ts'
import { Fault, useAttempt } from '../controls/attempt.tsx'
import { Page } from '../controls/page.tsx'
import { objectAddress } from '../object/address.ts'
import { followChanging } from '../state/follow.ts'
import { isAdmin } from '../state/session.ts'
import { zone } from '../state/zone.ts'
import { instantText } from '../time/words.ts'
import { TrackerForm } from './form.tsx'
import { GroupChart } from './group-chart.tsx'
import { removeTracker, reviseTracker, trackers } from './trackers.ts'

/** A tracker that is built from the archive moves on. */
const againMs = 15_000
/** The id of the tracker being revised; `new` for a new one; null if no form is open. */
const edited = signal<string | null>(null)

export function Trackers() {
  useEffect(() => followChanging(trackers, againMs), [])
  const { answer, error, isAsking } = trackers.state.value
  const groups = Map.groupBy(answer ?? [], ({ group }) => group ?? '')
  return (
    <Page
      title="Trackers"
      about="filters followed for ever"
      isBusy={isAsking}
      error={error}
      tools={
        isAdmin.value && (
          <button type="button" class="due" onClick={() => (edited.value = 'new')}>
            New tracker
          </button>
        )
      }
    >
      {answer?.length === 0 && (
        <p class="panel empty">
          No trackers yet. A tracker keeps the traffic of a filter, such as{' '}
          <code>dst net 203.0.113.0/24</code>, as a series of its own for years. With a start in the
          past, it is filled from the flow archive.
        </p>
      )}
      {[...groups].map(([group, members]) => (
        <section class="panel part" key={group} aria-label={group || 'Trackers'}>
          {group !== '' && <h2>{group}</h2>}
          <GroupChart members={members} />
          {members.map((tracker) => (
            <Item key={tracker.id} tracker={tracker} />
          ))}
        </section>
      ))}
      {edited.value !== null && (
        <TrackerForm
          tracker={answer?.find(({ id }) => id === edited.value) ?? null}
          close={() => (edited.value = null)}
        />
      )}
    </Page>
  )
}

function Item({ tracker }: { tracker: Tracker }) {
  const { id, name, filter, side, state, spans, progress, problem } = tracker
  const since = Math.min(...spans.map(({ from }) => from))
  return (
    <article class="tracker">
      <h2>
        <a href={objectAddress({ kind: 'tracker', name: id })}>{name}</a>{' '}
        <small>
          {side === 'above' ? '▲ above' : '▼ below'} the axis
          {state === 'archived' ? ' · archived' : ''}
        </small>
      </h2>
      <p>
        <code>{filter}</code>
      </p>
      <p class="dim">
        since {Number.isFinite(since) ? instantText(since * 1000, zone.value) : '–'}
        {spans.length > 1 ? ` · revised ${countOf(spans.length - 1, 'time')}` : ''}
      </p>
      {problem !== null && <Fault text={problem} />}
      {progress && (
        <p>
          <progress max={progress.of} value={progress.done} aria-label="built from the archive" />{' '}
          {formatExact(progress.done)} of {formatExact(progress.of)} intervals built from the
          archive
        </p>
      )}
      {isAdmin.value && <Buttons tracker={tracker} />}
    </article>
  )
}

function Buttons({ tracker }: { tracker: Tracker }) {
  const { isBusy, fault, run } = useAttempt()
  const isArchived = tracker.state === 'archived'
  const turned = isArchived ? 'running' : 'archived'
  const remove = () => {
    if (confirm(`Remove the tracker "${tracker.name}" and its series?`))
      void run(() => removeTracker(tracker))
  }
  return (
    <div class="form-buttons">
      <button type="button" disabled={isBusy} onClick={() => (edited.value = tracker.id)}>
        Revise
      </button>
      <button
        type="button"
        disabled={isBusy}
        onClick={() => void run(() => reviseTracker(tracker, { state: turned }))}
      >
        {isArchived ? 'Restart' : 'Archive'}
      </button>
      <button type="button" disabled={isBusy} onClick={remove}>
        Remove
      </button>
      <Fault text={fault} />
    </div>
  )
}
