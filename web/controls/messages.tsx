/** Messages above the chart: errors with their remedy, old data, a window without data. */
import { intervalSeconds } from '../../flow/interval.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { isRelative } from '../../flow/time-grammar.ts'
import { formatDuration } from '../../flow/units.ts'
import { wallTime } from '../../flow/zone.ts'
import { isShown } from '../chart/chart.tsx'
import { isKnown } from '../chart/layers.ts'
import { sentence } from '../sentence.ts'
import {
  exporterName,
  exporters,
  lateSeconds,
  newestData,
  newestWindow,
  status,
  unreadableTiers,
} from '../state/collector.ts'
import { firstPointDue } from '../state/first-point.ts'
import { missingOf } from '../state/silent.ts'
import { failure, layers, traffic } from '../state/traffic.ts'
import { addressFaults, show, view } from '../state/view.ts'
import { zone } from '../state/zone.ts'
import { clockText } from '../time/ticks.ts'
import { instantText, localText } from '../time/words.ts'
import { AddressFaults, TimeFaults } from './address-faults.tsx'
import { FaultText } from './fault-text.tsx'
import { LittleKnown, ShowKnown } from './little-known.tsx'

/** Missing exporters that are named. */
const missingMax = 5

export function Messages() {
  return (
    <div class="messages">
      <Failure />
      <AddressFaults faults={addressFaults.value} />
      <TimeFaults />
      <Stale />
      <SomeMissing />
      <Nothing />
      <NothingKnown />
      <LittleKnown />
      <NothingChosen />
      {isRelative(view.value.from) && (
        <Warnings said={failure.value?.error.message.replace(/\.$/, '')} />
      )}
    </div>
  )
}

/** Warnings of the collector, those of one remedy together, without those that repeat a reason already said. */
export function Warnings({ said }: { said?: string | undefined }) {
  const warnings = status.value?.warnings ?? []
  const others = said === undefined ? warnings : warnings.filter(({ what }) => !what.includes(said))
  return (
    <>
      {[...Map.groupBy(others, ({ remedy }) => remedy)].map(([remedy, alike]) => (
        <p class="message warning" key={remedy}>
          <b>{localText(alike.map(({ what }) => sentence(what)).join(' '), zone.value)}</b>{' '}
          {sentence(remedy)}
        </p>
      ))}
    </>
  )
}

function Failure() {
  const failed = failure.value
  if (!failed) return null
  const { error, at, isOlder } = failed
  const old = isOlder ? ' The data shown is older.' : ''
  return (
    <p class="message error" role="alert">
      <FaultText error={error} />
      {old} <small>{instantText(at, zone.value)}</small>
    </p>
  )
}

/** Old data, unless that is the store's fault: the exporter is then not to blame. */
function Stale() {
  const shown = traffic.value
  const newest = newestData.value
  const now = status.value?.now
  if (!shown || newest === null || now === undefined || view.value.to !== 'now') return null
  const age = now - newest
  if (age < lateSeconds || isEmptyWindow() || unreadableTiers.value.length > 0) return null
  return (
    <p class="message warning" role="status">
      <b>No flows for {formatDuration(age)}.</b> The newest are of{' '}
      {instantText(newest * 1000, zone.value)}. Does the exporter still send, and to this host?
    </p>
  )
}

/** An exporter that fell silent is no longer part of any sum: without a word its traffic would seem to have ended. */
function SomeMissing() {
  const now = status.value?.now
  const window = traffic.value?.keyed.asked
  const { exporter } = view.value
  if (now === undefined || window === undefined) return null
  const until = { from: window.from, to: Math.min(window.to, now) }
  const missing = missingOf(exporters.value ?? [], until).filter(
    ({ address, name }) => exporter === '' || exporter === address || exporter === name,
  )
  if (missing.length === 0) return null
  const said = missing
    .slice(0, missingMax)
    .map((each) => `${exporterName(each)} since ${instantText(each.lastSeen * 1000, zone.value)}`)
  const more = missing.length - said.length
  return (
    <p class="message warning" role="status">
      <b>
        Nothing from {said.join(', ')}
        {more > 0 && ` and ${more} more`}.
      </b>{' '}
      {exporter === '' && 'The sums are without what it would report. '}
      <a href="/exporters">Exporters</a> says what to check.
    </p>
  )
}

function isEmptyWindow(): boolean {
  const all = layers.value
  return all !== null && all.totals.every((row) => row.summary.total === 0)
}

function Nothing() {
  const newest = newestData.value
  const all = layers.value
  if (all === null || !isEmptyWindow()) return null
  const { filter, exporter } = view.value
  const isToCome = all.answer.from >= (status.value?.now ?? Infinity)
  const what = isToCome
    ? 'Nothing yet'
    : isKnown(all.total)
      ? 'Nothing'
      : 'Nothing is known of what came'
  if (filter !== '' && isKnown(all.total))
    return (
      <p class="message note" role="status">
        Nothing in this window matches the filter.{' '}
        <button type="button" onClick={() => show({ filter: '' })}>
          Without the filter
        </button>
      </p>
    )
  if (exporter !== '')
    return (
      <p class="message note" role="status">
        {what} from {exporter} in this window.{' '}
        <button type="button" onClick={() => show({ exporter: '' })}>
          All exporters
        </button>
      </p>
    )
  if (newest === null || unreadableTiers.value.length > 0) return null
  return (
    <p class="message note" role="status">
      {what} in this window. The newest flows are of {instantText(newest * 1000, zone.value)}.{' '}
      <button type="button" onClick={() => show(newestWindow(newest))}>
        Show them
      </button>
    </p>
  )
}

/** Traffic came in, but no step is known well enough to be drawn: as in the first minutes of a new Weir. */
function NothingKnown() {
  const all = layers.value
  if (!all || isEmptyWindow()) return null
  if (all.layers.some(({ values }) => values.some((value) => value !== null))) return null
  const { step } = all.answer
  if (all.layers.length === 0)
    return (
      <p class="message note" role="status">
        The flows of this time name no {view.value.by}.
      </p>
    )
  const due = firstDue()
  const isCounting = view.value.to === 'now' && due !== null && status.value!.now < due
  const why =
    step > intervalSeconds
      ? `less than half of every ${formatDuration(step)} is known`
      : isCounting
        ? `the first five minutes are being counted, and the first point is due by ${clockText(wallTime(due * 1000, zone.value), false)}`
        : 'a line begins with the first 5 minutes in which Weir listened and heard the exporter throughout'
  return (
    <p class="message note" role="status">
      <b>Nothing is drawn {isCounting || isComing() ? 'yet' : 'of this time'}:</b> {why}. What came
      in is in the figures below. <ShowKnown />
    </p>
  )
}

/** Whether more may come into the window: it ends now, and data still arrives. */
function isComing(): boolean {
  const newest = newestData.value
  const now = status.value?.now ?? Infinity
  return view.value.to === 'now' && newest !== null && now - newest < lateSeconds
}

/** The legend's choice is in the address; another window or split may not have those keys. */
function NothingChosen() {
  const all = layers.value
  if (!all || all.layers.length === 0 || all.layers.some(({ id }) => isShown(id))) return null
  return (
    <p class="message note" role="status">
      <b>Nothing is drawn:</b> the choice in the legend hides everything listed here.{' '}
      <button type="button" onClick={() => show({ only: [], hide: [] })}>
        Draw all
      </button>
    </p>
  )
}

/** When a new Weir has its first point, unix seconds; null if it is unknown since when it receives. */
function firstDue(): number | null {
  const ingest = status.value?.ingest as IngestStatus | null | undefined
  const heard = (exporters.value ?? []).map(({ firstSeen }) => firstSeen)
  if (!ingest || heard.length === 0) return null
  return firstPointDue(Math.max(ingest.startedAt, Math.min(...heard)))
}
