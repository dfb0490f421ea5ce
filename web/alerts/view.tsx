/** Alerts: what is watched, its state, and what was sent. */
import { signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import type { Alert, AlertEvent } from '../../api/schema/trackers.ts'
import { Fault, useAttempt } from '../controls/attempt.tsx'
import { Page } from '../controls/page.tsx'
import { followChanging } from '../state/follow.ts'
import { isAdmin } from '../state/session.ts'
import { zone } from '../state/zone.ts'
import { instantText } from '../time/words.ts'
import { trackers } from '../trackers/trackers.ts'
import { alerts, history, keepAlert, removeAlert, testAlert, bodyOf } from './alerts.ts'
import { AlertForm } from './form.tsx'
import { conditionText, stateTexts, subjectText, targetsText, valueText } from './words.ts'

/** An alert is evaluated as an interval closes, and may be told at any time. */
const againMs = 30_000
/** The id of the alert being changed; `new` for a new one; null if no form is open. */
const edited = signal<string | null>(null)

export function Alerts() {
  useEffect(() => {
    const ends = [
      followChanging(alerts, againMs),
      followChanging(history, againMs),
      trackers.follow(),
    ]
    return () => ends.forEach((end) => end())
  }, [])
  const { answer, error, isAsking } = alerts.state.value
  const told = history.state.value
  const sent = told.answer ?? []
  return (
    <Page
      title="Alerts"
      about="what is watched, who is notified, and what was sent"
      isBusy={isAsking}
      error={error ?? told.error}
      tools={
        isAdmin.value && (
          <button type="button" class="due" onClick={() => (edited.value = 'new')}>
            New alert
          </button>
        )
      }
    >
      {answer?.length === 0 && (
        <p class="panel empty">
          No alerts yet. An alert reports an incident, an exporter that fell silent, lost flows, a
          disk that fills, or a <a href="/trackers">tracker</a> above, below or outside what you
          set: by mail, by webhook, or by the script in the settings.
        </p>
      )}
      {(answer ?? []).length > 0 && (
        <section class="panel part" aria-label="Alerts">
          {(answer ?? []).map((alert) => (
            <Item key={alert.id} alert={alert} />
          ))}
        </section>
      )}
      {sent.length > 0 && (
        <section class="panel part" aria-label="History">
          <h2>What was sent</h2>
          {sent.map((event) => (
            <SentAlert key={`${event.at} ${event.alert}`} event={event} />
          ))}
        </section>
      )}
      {edited.value !== null && (
        <AlertForm
          alert={answer?.find(({ id }) => id === edited.value) ?? null}
          close={() => (edited.value = null)}
        />
      )}
    </Page>
  )
}

const marks: Record<Alert['state']['is'], [mark: string, look: string]> = {
  waiting: ['…', ''],
  well: ['✔', 'well'],
  amiss: ['▲', 'warning'],
  told: ['✖', 'error'],
  problem: ['✖', 'error'],
}

function trackerName(id: string): string {
  return trackers.state.value.answer?.find((tracker) => tracker.id === id)?.name ?? id
}

function Item({ alert }: { alert: Alert }) {
  const { name, subject, targets, state, isOn = true } = alert
  const [mark, look] = marks[state.is]
  const value = state.value === null ? '' : `, at ${valueText(subject, state.value)}`
  return (
    <article class="tracker">
      <h2>
        {name} {!isOn && <small>switched off</small>}
      </h2>
      <ul class="faults">
        <li class={look}>
          <span aria-hidden="true">{mark}</span> {stateTexts[state.is]}
          {value}
          {state.at === null ? '' : `, ${instantText(state.at * 1000, zone.value)}`}
        </li>
      </ul>
      {state.problem !== null && <Fault text={state.problem} />}
      <p class="dim">
        {[subjectText(subject, trackerName), conditionText(alert), targetsText(targets)]
          .filter(Boolean)
          .join(' · ')}
      </p>
      {isAdmin.value && <Buttons alert={alert} />}
    </article>
  )
}

function Buttons({ alert }: { alert: Alert }) {
  const { isBusy, fault, run } = useAttempt()
  const tested = useSignal<AlertEvent | null>(null)
  const { isOn = true, name } = alert
  const remove = () => {
    if (confirm(`Remove the alert "${name}"?`)) void run(() => removeAlert(alert))
  }
  return (
    <>
      <div class="form-buttons">
        <button
          type="button"
          disabled={isBusy}
          title="sends it now, by the same code as a real alert"
          onClick={() => void run(async () => void (tested.value = await testAlert(alert)))}
        >
          Test
        </button>
        <button type="button" disabled={isBusy} onClick={() => (edited.value = alert.id)}>
          Change
        </button>
        <button
          type="button"
          disabled={isBusy}
          onClick={() => void run(() => keepAlert(alert, { ...bodyOf(alert), isOn: !isOn }))}
        >
          {isOn ? 'Switch off' : 'Switch on'}
        </button>
        <button type="button" disabled={isBusy} onClick={remove}>
          Remove
        </button>
      </div>
      <Fault text={fault} />
      {tested.value && <SentAlert event={tested.value} />}
    </>
  )
}

function SentAlert({ event }: { event: AlertEvent }) {
  const { at, name, isTest, text, evidence, permalink, sent } = event
  const address = URL.canParse(permalink) ? new URL(permalink) : null
  return (
    <article class="tracker">
      <p>
        <small>{instantText(at * 1000, zone.value)}</small> <b>{name}</b>
        {isTest ? ' (test)' : ''}: {text}{' '}
        {address?.origin === location.origin && (
          <a href={address.pathname + address.search}>look</a>
        )}
      </p>
      <p class="dim">{evidence}</p>
      <ul class="faults">
        {sent.map(({ target, error }) => (
          <li key={target} class={error === null ? 'well' : 'error'}>
            <span aria-hidden="true">{error === null ? '✔' : '✖'}</span> {target}
            {error === null ? ': arrived' : `: ${error}`}
          </li>
        ))}
      </ul>
    </article>
  )
}
