/** The incidents of a time range, newest first: each a sentence, linked to its chart. */
import { computed } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import type { Incident, IncidentsAnswer } from '../../api/schema/explain.ts'
import { formatDuration } from '../../flow/units.ts'
import { addressOfAnswer, ask } from '../client.ts'
import { AddressFaults } from '../controls/address-faults.tsx'
import { Page } from '../controls/page.tsx'
import { RangeField } from '../controls/range-field.tsx'
import { Remarks } from '../controls/remarks.tsx'
import { KindMark } from '../explain/kind-mark.tsx'
import { kinds, type Kind } from '../explain/kinds.ts'
import { rangeParameter, windowAround } from '../explain/ranges.ts'
import { defaultView, parameters, readQuery, word, writeAddress } from '../state/address.ts'
import { followAnswer, followChanging } from '../state/follow.ts'
import { addressWith, go, parameter, place, stay } from '../state/route.ts'
import { isMoving } from '../state/refresh.ts'
import { view } from '../state/view.ts'
import { zone } from '../state/zone.ts'
import { instantText, isoText } from '../time/words.ts'
import { noneText } from './none.ts'

/** The range if the address has none. */
const defaultRange = { from: 'now-30d', to: 'now' }
const listedMax = 500
/** What is not there if only one kind is asked for. */
const ofKind = 'incidents of this kind'
/** A range up to now is asked for again this often: an incident is found half a minute after its interval. */
const againMs = 60_000
/** Kinds that incidents can have. */
const incidentKinds = (Object.keys(kinds) as Kind[]).filter((kind) => kind !== 'none')

const read = computed(() => {
  const { from, to, exporter, tz } = parameters
  return readQuery(place.value.query, { from, to, kind: word(incidentKinds), exporter, tz })
})

function query() {
  const { from, to } = defaultRange
  const texts = { from: parameter('from') || from, to: parameter('to') || to }
  return { ...texts, exporter: view.value.exporter, tz: zone.value, limit: listedMax }
}

const listed = followAnswer<IncidentsAnswer>(
  () => JSON.stringify(query()),
  (ended) => ask('incidents', query(), ended),
)

export function Incidents() {
  useEffect(() => {
    // Without a range of its own the list would use Explore's six hours.
    if (!place.value.query.includes('from=')) stay(addressWith(defaultRange))
    return followChanging(listed, againMs, () => isMoving.value)
  }, [])
  const { answer, error, isAsking } = listed.state.value
  const { kind } = read.value.values
  const incidents = (answer?.incidents ?? []).filter(
    ({ window }) => kind === undefined || window.kind === kind,
  )
  return (
    <Page
      title="Incidents"
      about="what went wrong, when to the second, and who it was"
      isBusy={isAsking}
      error={error}
      tools={<Tools />}
    >
      <AddressFaults faults={read.value.faults} />
      {answer && !isAsking && incidents.length === 0 && (
        <None said={noneText(answer, zone.value, kind === undefined ? undefined : ofKind)} />
      )}
      {answer && !isAsking && <Remarks remarks={answer.remarks} />}
      <ol class="incidents">
        {incidents.map((incident) => (
          <Item key={incident.id} incident={incident} />
        ))}
      </ol>
      {answer?.more && <p class="dim">There are more; choose a shorter time to see them.</p>}
    </Page>
  )
}

function Tools() {
  return (
    <>
      <select
        aria-label="Kind"
        value={parameter('kind')}
        onChange={(event) => go(addressWith({ kind: event.currentTarget.value }))}
      >
        <option value="">all kinds</option>
        {incidentKinds.map((kind) => (
          <option key={kind} value={kind}>
            {kinds[kind].label}
          </option>
        ))}
      </select>
      <RangeField />
    </>
  )
}

function Item({ incident }: { incident: Incident }) {
  const { window, exporter, exporterName, sentence, actors } = incident
  const around = windowAround(window.from, window.to)
  const name = exporterName ?? exporter
  const range = { from: window.from * 1000, to: window.to * 1000 }
  const [from, to] = [isoText(around.from), isoText(around.to)]
  const explain = rangeParameter(range)
  const address = `/${writeAddress({ ...defaultView, from, to, exporter: name, explain })}`
  const report = { from: window.from, to: window.to, exporter: name, tz: zone.value }
  const hosts = new Set(actors.map(({ host }) => host)).size
  return (
    <li class="panel incident">
      <div class={`incident-kind ${kinds[window.kind].colour}`} title={kinds[window.kind].about}>
        <KindMark kind={window.kind} />
        {kinds[window.kind].label}
      </div>
      <div>
        <p class="incident-sentence">
          <a href={address}>{sentence}</a>
        </p>
        <p class="dim">
          {instantText(range.from, zone.value)} – {instantText(range.to, zone.value)} ·{' '}
          {formatDuration(window.seconds)}
          {window.ongoing ? ', still going on' : ''} · {name}
          {hosts > 1 ? ` · ${hosts} hosts` : ''} ·{' '}
          <a href={addressOfAnswer('report', report)} target="_blank" rel="noopener">
            print
          </a>
        </p>
      </div>
    </li>
  )
}

function None({ said }: { said: string }) {
  return (
    <p class="panel empty">
      {said} Weir looks at each interval as it closes: for one host that takes the line, for
      silence, for an exporter that went away, for many times the usual. Choose a longer time, or
      select a range in <a href="/">Explore</a> and press Explain.
    </p>
  )
}
