/** The wall: a dashboard on the full screen, readable from afar, running unattended for months. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

import type { DashboardBody } from '../../api/schema/state.ts'
import { formatDuration } from '../../flow/units.ts'
import { wallTime } from '../../flow/zone.ts'
import { loginNeeded } from '../client.ts'
import { FaultText } from '../controls/fault-text.tsx'
import { followNow, now } from '../dashboard/clock-panel.tsx'
import { firstDue, newestShown } from '../dashboard/freshness.ts'
import { outdated } from '../dashboard/panel-data.ts'
import { gridRows, PanelBox } from '../dashboard/panels.tsx'
import { repeat } from '../dashboard/repeat.ts'
import { refreshUsually } from '../dashboards/dashboards.ts'
import { lateSeconds } from '../state/collector.ts'
import { parameter, place } from '../state/route.ts'
import { askSession } from '../state/session.ts'
import { silentSince } from '../state/silence.ts'
import { zone } from '../state/zone.ts'
import { clockText } from '../time/ticks.ts'
import { enterByLink, fault, hang, hung, linkFault, type Hung } from './dashboard.ts'
import {
  followNight,
  followVersion,
  hidePointer,
  isDimmed,
  isPointerHidden,
  stayAwake,
} from './screen.ts'

const sessionMs = 60_000
/** Scale of the letters on a screen of 1080 lines, 1 at a desk: readable from five metres. */
const letters = 1.7
const linesUsually = 1080
/** The first point is late only once the panels have asked for it. */
const firstAskedMs = 60_000
/** On a phone letters are as large as at a desk. */
const scaleMin = 1

export function Wall() {
  const entered = useSignal(false)
  const shown = useSignal(nameOf(place.value.path))
  useEffect(() => {
    const left = new AbortController()
    const ends = [
      followNow(),
      stayAwake(),
      hidePointer(),
      followVersion(),
      followNight(parameter('dim')),
      () => left.abort(),
    ]
    void enterByLink(left.signal).finally(() => (entered.value = true))
    document.documentElement.classList.add('wall-page')
    return () => {
      document.documentElement.classList.remove('wall-page')
      for (const end of ends) end()
    }
  }, [])
  useEffect(
    () => (entered.value ? hang(shown.value) : undefined),
    [entered.value, shown.value, outdated.value],
  )
  // The session supplies the time zone: a wall may not read its other sources.
  useEffect(
    () => (entered.value ? repeat(sessionMs, askSession, () => undefined) : undefined),
    [entered.value],
  )
  const rotation = useRotation()
  // One that takes long to come is not given up for the next before it was shown.
  const isShown = hung.value?.stored?.id === shown.value || fault.value !== null
  useEffect(
    () => (isShown ? rotate(shown, rotation) : undefined),
    [JSON.stringify(rotation), shown.value, isShown],
  )
  const scale = useScale()
  const classes = ['wall', isDimmed.value ? 'dimmed' : '', isPointerHidden.value ? 'still' : '']
  const dashboard = hung.value
  return (
    <main
      id="main"
      class={classes.join(' ')}
      aria-busy={dashboard === null && fault.value === null}
      style={{ fontSize: `${13 * scale}px` }}
    >
      <Head title={dashboard?.body.title ?? shown.value} />
      {loginNeeded.value ? (
        <p class="message error" role="alert">
          {linkFault.value ? (
            <FaultText error={linkFault.value} />
          ) : (
            <>
              <b>This screen is not logged in.</b> Open its link again (if that is no longer valid,
              an admin can make a new one). What is shown is as of before.
            </>
          )}{' '}
          Or <a href="/">log in</a>.
        </p>
      ) : (
        fault.value && (
          <p class="message error" role="alert">
            <FaultText error={fault.value} />
          </p>
        )
      )}
      {dashboard && <Grid key={dashboard.stored?.id} hung={dashboard} scale={scale} />}
    </main>
  )
}

function nameOf(path: string): string {
  return decodeURIComponent(path.split('/')[2] ?? '')
}

type Rotation = DashboardBody['rotation']

/** The rotation of the dashboard in the address: those that it rotates with may have none, or another. */
function useRotation(): Rotation {
  const own = useRef<Rotation>(undefined)
  if (hung.value?.stored?.id === nameOf(place.value.path)) own.current = hung.value.body.rotation
  return own.current
}

/** Shows the next dashboard of the rotation when this one's time is over. */
function rotate(shown: { value: string }, rotation: Rotation): (() => void) | undefined {
  const own = nameOf(place.value.path)
  const asked = Number(parameter('rotate').replace(/s$/, ''))
  const seconds = asked >= 5 ? asked : rotation?.seconds
  const all = [own, ...(rotation?.dashboards ?? [])]
  if (seconds === undefined || all.length < 2) return undefined
  const next = all[(all.indexOf(shown.value) + 1) % all.length]!
  const timer = setTimeout(() => (shown.value = next), seconds * 1000)
  return () => clearTimeout(timer)
}

/**
 * By the screen's shorter side, so that the same wall is as readable at 4K as at 1080p, and in
 * portrait.
 */
function useScale(): number {
  const scale = useSignal(scaleNow())
  useEffect(() => {
    const resized = () => (scale.value = scaleNow())
    addEventListener('resize', resized)
    return () => removeEventListener('resize', resized)
  }, [])
  return scale.value
}

function scaleNow(): number {
  return Math.max(scaleMin, (Math.min(innerWidth, innerHeight) / linesUsually) * letters)
}

function Grid({ hung: { stored, body }, scale }: { hung: Hung; scale: number }) {
  const everyMs = (body.refreshSeconds ?? refreshUsually) * 1000
  return (
    <div class="grid" style={gridRows(body.panels, 'minmax(0, 1fr)')}>
      {body.panels.map((panel, index) => (
        <PanelBox
          key={`${index} ${panel.kind}`}
          panel={panel}
          place={{ dashboard: stored, index }}
          scale={scale}
          everyMs={everyMs}
        />
      ))}
    </div>
  )
}

function Head({ title }: { title: string }) {
  const since = silentSince.value
  const newest = newestShown.value
  const age = newest ? Math.max(0, now.value / 1000 - newest) : null
  const due = age === null && firstDue.value !== null ? firstDue.value * 1000 : 0
  const isCounting = now.value < due + firstAskedMs
  const isOld = newest !== undefined && (age === null ? !isCounting : age > lateSeconds)
  const isLate = since !== null || isOld
  const time = (t: number) => clockText(wallTime(t, zone.value), true)
  return (
    <header class="wall-head">
      <h1>{title}</h1>
      <span class="gap" />
      <span role="status">
        {since !== null && <span class="late">Weir has not answered since {time(since)}</span>}
        {/* The age itself would be read out each second. */}
        {since === null && isLate && <span class="unseen">the data is late</span>}
      </span>
      {newest !== undefined && (
        <span class={isLate ? 'age late' : 'age'}>
          <i aria-hidden="true" />
          {isCounting
            ? `counting the first five minutes: first point by ${clockText(wallTime(due, zone.value), false)}`
            : age === null
              ? 'no data to show'
              : `data ${formatDuration(Math.round(age))} old`}
        </span>
      )}
      <span class="wall-clock">{time(now.value)}</span>
    </header>
  )
}
