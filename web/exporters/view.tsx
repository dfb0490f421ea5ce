/** The exporters: what is amiss first, each with its remedy, then what each sends. */
import type { Exporter } from '../../api/schema-status.ts'
import { formatExact, formatWithUnit } from '../../flow/units.ts'
import { Page } from '../controls/page.tsx'
import { Welcome } from '../controls/welcome.tsx'
import { objectAddress } from '../object/address.ts'
import { collectorFailure, exporterName, exporters, status, wasAsked } from '../state/collector.ts'
import { zone } from '../state/zone.ts'
import { instantText } from '../time/words.ts'
import { faultsOf, type Fault } from './remedies.ts'
import { Refused } from './refused.tsx'

const gravityMarks: Record<Fault['gravity'], string> = { error: '✖', warning: '▲', note: '●' }

export function Exporters() {
  const list = exporters.value
  const now = status.value?.now ?? null
  const running = status.value?.ingest?.running === true
  const rated = (list ?? [])
    .map((exporter) => ({ exporter, faults: faultsOf(exporter, running ? now : null) }))
    .toSorted((a, b) => weight(b.faults) - weight(a.faults))
  return (
    <Page
      title="Exporters"
      about={`who sends, what is amiss with it, and what to do · times in ${zone.value}`}
      isBusy={!wasAsked.value}
      error={collectorFailure.value}
    >
      <Refused />
      {list?.length === 0 && <Welcome />}
      {rated.map(({ exporter, faults }) => (
        <One key={exporter.address} exporter={exporter} faults={faults} />
      ))}
    </Page>
  )
}

function weight(faults: readonly Fault[]): number {
  const weights = { error: 10_000, warning: 100, note: 1 }
  return faults.reduce((sum, { gravity }) => sum + weights[gravity], 0)
}

function One({ exporter, faults }: { exporter: Exporter; faults: readonly Fault[] }) {
  const { address, name } = exporter
  // Index 0 says that a flow's interface is not known; softflowd calls it by what it captures from.
  const interfaces = exporter.interfaces.filter(({ index }) => index !== 0)
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
            <span aria-hidden="true">✔</span> nothing amiss: every datagram came and could be read
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
      {interfaces.length > 0 && <Interfaces own={exporterName(exporter)} interfaces={interfaces} />}
    </section>
  )
}

function Facts({ exporter }: { exporter: Exporter }) {
  const { versions, domains, firstSeen, lastSeen, datagrams, flows, bytes, packets } = exporter
  const { sampling, clockSkewSeconds } = exporter
  const skew = clockSkewSeconds === null ? 'not measured' : `${clockSkewSeconds.toFixed(1)} s`
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

function Interfaces({ own, interfaces }: { own: string } & Pick<Exporter, 'interfaces'>) {
  return (
    <div class="scrolled" role="region" aria-label="Interfaces" tabIndex={0}>
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">interface</th>
            <th scope="col">index</th>
            <th scope="col" class="text">
              description
            </th>
            <th scope="col">speed</th>
          </tr>
        </thead>
        <tbody>
          {interfaces.map(({ index, name, alias, speed }) => (
            <tr key={index}>
              <th scope="row" class="text">
                <a href={objectAddress({ kind: 'interface', name: `${own}/${index}` })}>
                  {name ?? `if${index}`}
                </a>
              </th>
              <td>{index}</td>
              <td class="text">{alias ?? '–'}</td>
              <td>{speed === null ? 'unknown' : formatWithUnit(speed, 'b/s')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
