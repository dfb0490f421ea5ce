/** The exporters: faults first, each with its remedy, then what each sends. */
import type { Exporter } from '../../api/schema/status.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { formatExact, formatWithUnit } from '../../flow/units.ts'
import { Page } from '../controls/page.tsx'
import { Welcome } from '../controls/welcome.tsx'
import { objectAddress } from '../object/address.ts'
import { collectorFailure, exporterName, exporters, status, wasAsked } from '../state/collector.ts'
import { addressWith, parameter, stay } from '../state/route.ts'
import { zone } from '../state/zone.ts'
import { instantText } from '../time/words.ts'
import { found } from './found.ts'
import { Interfaces } from './interfaces.tsx'
import { faultsOf, type Fault } from './remedies.ts'
import { Refused } from './refused.tsx'

/** Up to this many interfaces are listed at once; with more, each exporter's list starts closed. */
const openMax = 100
const gravityMarks: Record<Fault['gravity'], string> = { error: '✖', warning: '▲', note: '●' }

export function Exporters() {
  const list = exporters.value
  const ingest = status.value?.ingest as IngestStatus | null | undefined
  const listening =
    status.value && ingest?.running ? { now: status.value.now, from: ingest.startedAt } : null
  const shown = found(list ?? [], parameter('find'))
  const isFew = shown.reduce((sum, { interfaces }) => sum + interfaces.length, 0) <= openMax
  const rated = shown
    .map((exporter) => ({ exporter, faults: faultsOf(exporter, listening) }))
    .toSorted((a, b) => weight(b.faults) - weight(a.faults))
  return (
    <Page
      title="Exporters"
      about={aboutAll()}
      isBusy={!wasAsked.value}
      error={collectorFailure.value}
      tools={list && list.length > 0 && <Find shown={shown.length} all={list.length} />}
    >
      <Refused />
      {rated.length > 0 && status.value && !status.value.starting && listening === null && (
        <p class="message warning" role="status">
          <b>Nothing listens:</b> no ingest runs on this data folder. This is as of when one did.
        </p>
      )}
      {list?.length === 0 && <Welcome />}
      {rated.map(({ exporter, faults }) => (
        <One key={exporter.address} exporter={exporter} faults={faults} isOpen={isFew} />
      ))}
    </Page>
  )
}

/** An exporter's counters outlive a restart of the collector. */
function aboutAll(): string {
  return `who sends, what is wrong, and what to do · counted since first seen · times in ${zone.value}`
}

function weight(faults: readonly Fault[]): number {
  const weights = { error: 10_000, warning: 100, note: 1 }
  return faults.reduce((sum, { gravity }) => sum + weights[gravity], 0)
}

/** Searches exporters and interfaces by part of their name; the search is kept in the address. */
function Find({ shown, all }: { shown: number; all: number }) {
  const text = parameter('find')
  return (
    <>
      {text !== '' && (
        <span class="dim" role="status">
          {shown} of {all}
        </span>
      )}
      <input
        type="search"
        aria-label="Find an exporter or an interface"
        placeholder="find: router, interface"
        value={text}
        onInput={(event) => stay(addressWith({ find: event.currentTarget.value }))}
      />
    </>
  )
}

function One(props: { exporter: Exporter; faults: readonly Fault[]; isOpen: boolean }) {
  const { exporter, faults, isOpen } = props
  const { address, name, interfaces } = exporter
  return (
    <section class="panel exporter" aria-label={exporterName(exporter)}>
      <div class="exporter-head">
        <h2>
          <a href={objectAddress({ kind: 'exporter', name: exporterName(exporter) })}>
            {exporterName(exporter)}
          </a>
        </h2>
        {name !== null && <span class="dim">{address}</span>}
        <span class="gap" />
        <a
          href={`/?from=now-24h&to=now&by=interface&exporter=${encodeURIComponent(exporterName(exporter))}`}
        >
          its traffic
        </a>
      </div>
      <ul class="faults">
        {faults.length === 0 && (
          <li class="well">
            <span aria-hidden="true">✔</span> no faults: every datagram arrived and could be decoded
          </li>
        )}
        {faults.map(({ gravity, what, remedy }) => (
          <li key={what} class={gravity}>
            <span aria-hidden="true">{gravityMarks[gravity]}</span>
            <span class="unseen">{gravity}: </span>
            <b>{what}</b>: {remedy}
          </li>
        ))}
      </ul>
      <Facts exporter={exporter} />
      {interfaces.length > 0 && (
        <Interfaces own={exporterName(exporter)} interfaces={interfaces} isOpen={isOpen} />
      )}
    </section>
  )
}

function Facts({ exporter }: { exporter: Exporter }) {
  const { versions, domains, firstSeen, lastSeen, datagrams, flows, bytes, packets } = exporter
  const { sampling, clockSkewSeconds } = exporter
  const skew = clockSkewSeconds === null ? 'not measured' : `${signed(clockSkewSeconds)} s`
  const facts: [string, string, string?][] = [
    ['sends', `${versions.join(', ')}${domains.length > 1 ? `, ${domains.length} domains` : ''}`],
    ['first seen', instantText(firstSeen * 1000, zone.value)],
    ['last seen', instantText(lastSeen * 1000, zone.value)],
    ['datagrams', formatExact(datagrams)],
    ['flows', formatExact(flows)],
    ['packets', formatExact(packets)],
    ['bytes', formatWithUnit(bytes, 'B'), formatExact(bytes)],
    ['sampling', sampling === null ? 'unknown' : sampling === 1 ? 'none' : `1 of ${sampling}`],
    ['clock', skew, 'how far its clock is from ours'],
  ]
  return (
    <dl class="facts">
      {facts.map(([term, text, title]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd title={title}>{text}</dd>
        </div>
      ))}
    </dl>
  )
}

/** To a tenth, and without a minus on zero. */
function signed(seconds: number): string {
  return (Math.round(seconds * 10) / 10 + 0).toFixed(1)
}
