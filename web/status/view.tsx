/** The state of Weir itself: what comes in, what is stored and since when, and its settings. */
import type { ComponentChildren } from 'preact'

import type { StatusAnswer } from '../../api/schema/status.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { formatDuration, formatExact, formatWithUnit } from '../../flow/units.ts'
import { Warnings } from '../controls/messages.tsx'
import { Page } from '../controls/page.tsx'
import { Refused } from '../exporters/refused.tsx'
import { collectorFailure, status, wasAsked } from '../state/collector.ts'
import { zone } from '../state/zone.ts'
import { instantText } from '../time/words.ts'
import { settingTerm, settingText } from './setting-terms.ts'

export function Status() {
  const answer = status.value
  const about = answer ? `Weir ${answer.version} · times in ${zone.value}` : ''
  return (
    <Page title="Status" about={about} isBusy={!wasAsked.value} error={collectorFailure.value}>
      <div class="messages">
        <Warnings />
        {answer?.warnings.length === 0 && !collectorFailure.value && (
          <p class="message">The collector has no faults.</p>
        )}
      </div>
      <Refused />
      {answer && <Parts answer={answer} />}
    </Page>
  )
}

function when(seconds: number | null): string {
  return seconds === null ? '–' : instantText(seconds * 1000, zone.value)
}

function Parts({ answer }: { answer: StatusAnswer }) {
  const ingest = answer.ingest as IngestStatus | null
  const { archive, series, settings } = answer
  return (
    <div class="parts">
      {ingest?.running === true && <Ingest ingest={ingest} now={answer.now} />}
      <Part title="Flow archive">
        <dl class="facts">
          <Fact term="from">{when(archive.from)}</Fact>
          <Fact term="to">{when(archive.to)}</Fact>
          <Fact term="flows">{formatExact(archive.rows)}</Fact>
          <Fact term="on disk">
            {archive.bytes === null ? '–' : formatWithUnit(archive.bytes, 'B')}
          </Fact>
        </dl>
      </Part>
      <Part title="Series">
        <div class="scrolled" role="region" aria-label="Tiers" tabIndex={0}>
          <table class="figures">
            <thead>
              <tr>
                <th scope="col">tier</th>
                <th scope="col">kept</th>
                <th scope="col">from</th>
                <th scope="col">to</th>
              </tr>
            </thead>
            <tbody>
              {series.map(({ tier, step, keep, from, to, readable }) => (
                <tr key={tier}>
                  <th scope="row">averages of {formatDuration(step)}</th>
                  <td>{formatDuration(keep)}</td>
                  <td>{readable ? when(from) : 'unreadable'}</td>
                  <td>{when(to)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Part>
      <Part title="Settings">
        <dl class="facts wide">
          {Object.entries(settings).map(([name, value]) => (
            <Fact key={name} term={settingTerm(name)}>
              {settingText(name, value)}
            </Fact>
          ))}
        </dl>
      </Part>
    </div>
  )
}

function Ingest({ ingest, now }: { ingest: IngestStatus; now: number }) {
  const { sockets, journal, startedAt, flows, flowsTooLate, publishedAt, redo } = ingest
  return (
    <Part title="Ingest">
      <dl class="facts">
        <Fact term="runs since">{when(startedAt)}</Fact>
        <Fact term="flows">{formatExact(flows)}</Fact>
        <Fact term="too late">{formatExact(flowsTooLate)}</Fact>
        <Fact term="published">
          {publishedAt === null ? '–' : `${formatDuration(Math.max(0, now - publishedAt))} ago`}
        </Fact>
        <Fact term="to be rebuilt">{formatExact(redo)} intervals</Fact>
        <Fact term="memory">{formatWithUnit(ingest.memoryBytes, 'B')}</Fact>
        {journal && <Fact term="journal">{formatWithUnit(journal.bytes, 'B')}</Fact>}
      </dl>
      <div class="scrolled" role="region" aria-label="Sockets" tabIndex={0}>
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">socket</th>
              <th scope="col">buffer</th>
              <th scope="col">dropped by the kernel</th>
            </tr>
          </thead>
          <tbody>
            {sockets.map(({ address, receiveBufferBytes, kernelDrops }) => (
              <tr key={address}>
                <th scope="row">UDP {address}</th>
                <td>{formatWithUnit(receiveBufferBytes, 'B')}</td>
                <td>{kernelDrops === null ? 'unknown' : formatExact(kernelDrops)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Part>
  )
}

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="panel part" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

function Fact({ term, children }: { term: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  )
}
