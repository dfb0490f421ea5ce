/** An object's page in the style of RRDtool and MRTG: the same five graphs for everything that has traffic. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import { parseTime } from '../../flow/time-grammar.ts'
import { AddressFaults } from '../controls/address-faults.tsx'
import { Choice } from '../controls/choice.tsx'
import { Page } from '../controls/page.tsx'
import {
  keptMeasures,
  parameters,
  readQuery,
  word,
  writeAddress,
  type Measure,
  type Reading,
} from '../state/address.ts'
import { clockNow } from '../state/clock.ts'
import { addressWith, go, parameter, place } from '../state/route.ts'
import { zone } from '../state/zone.ts'
import { isoText } from '../time/words.ts'
import { trackers } from '../trackers/trackers.ts'
import { objectOf } from './address.ts'
import { Graph, type GraphAnswer } from './graph.tsx'
import { aboutOf, hostFacts, interfaceFacts, titleOf } from './heading.ts'
import { Missing } from './missing.tsx'
import { nameFault } from './name-fault.ts'
import { periods } from './periods.ts'
import { exploreView } from './question.ts'

const dayMs = 86_400_000

/** The graphs' answers about the object of a path, by period. */
interface Answers {
  path: string
  periods: Readonly<Record<string, GraphAnswer | undefined>>
}

/** The parameters of the page's address. */
const readings: Readonly<Record<string, Reading>> = {
  to: {
    read: (text) => (timeOf(text) === null ? null : text),
    remedy: 'write 2026-11-16 11:30, now or now/d; the graphs are up to now',
  },
  measure: word(keptMeasures),
  tz: parameters.tz,
}

function timeOf(text: string): number | null {
  return parseTime(text, { now: clockNow(), zone: zone.value, side: 'to' })
}

/** The day that the first graph shows. */
function lastDay(): { from: string; to: string } {
  const to = timeOf(parameter('to'))
  return to === null
    ? { from: 'now-24h', to: 'now' }
    : { from: isoText(to - dayMs), to: isoText(to) }
}

export function ObjectPage() {
  useEffect(() => hostFacts.follow(), [])
  const { path } = place.value
  const isTracker = objectOf(path)?.kind === 'tracker'
  useEffect(() => (isTracker ? trackers.follow() : undefined), [isTracker])
  const answers = useSignal<Answers>({ path, periods: {} })
  const object = objectOf(path)
  const fault = object && nameFault(object)
  if (!object || fault !== null) return <NoObject fault={fault} />
  const { values, faults } = readQuery(place.value.query, readings)
  const { measure = 'bits', tz = '' } = values as { measure?: Measure; tz?: string }
  const filter = trackers.state.value.answer?.find(({ id }) => id === object.name)?.filter ?? null
  const addressAt = (range: { from: string; to: string }) => {
    const shown = exploreView(object, { ...range, measure, tz }, filter)
    return shown && `/${writeAddress(shown)}`
  }
  const explore = addressAt(lastDay())
  const answered = answers.value.path === path ? answers.value.periods : {}
  const found = periods.map(({ label }) => answered[label])
  const known = {
    host: hostFacts.state.value.answer,
    label: found.find((each) => each?.label)?.label ?? '',
  }
  const isEmpty = found.every((each) => each?.label === null && each.error === null)
  return (
    <Page
      title={titleOf(object, known)}
      about={aboutOf(object, known)}
      error={found.find((each) => each?.error)?.error ?? null}
      tools={
        <>
          <Choice
            label="Measure"
            words={keptMeasures}
            chosen={measure}
            choose={(asked: Measure) => go(addressWith({ measure: asked === 'bits' ? '' : asked }))}
          />
          {explore !== null && (
            <a class="button" href={explore}>
              Open in Explore
            </a>
          )}
        </>
      }
    >
      <AddressFaults faults={faults} />
      {isEmpty && <Missing object={object} explore={explore} />}
      {periods.map((period) => (
        <Graph
          key={`${path} ${measure} ${period.label}`}
          object={object}
          measure={measure}
          period={period}
          speed={interfaceFacts(object)?.speed ?? null}
          exploreAt={explore === null ? null : (range) => addressAt(range) ?? explore}
          onAnswer={(answer) => {
            const { path: of, periods: others } = answers.value
            const kept = of === path ? others : {}
            answers.value = { path, periods: { ...kept, [period.label]: answer } }
          }}
        />
      ))}
    </Page>
  )
}

function NoObject({ fault }: { fault: string | null }) {
  return (
    <Page title="No such object">
      {fault !== null && (
        <p class="message error" role="alert">
          {fault}.
        </p>
      )}
      <p class="panel empty">
        Objects have addresses such as <a href="/object/host/10.0.0.1">/object/host/10.0.0.1</a>,{' '}
        <a href="/object/port/tcp/443">/object/port/tcp/443</a>,{' '}
        <a href="/object/protocol/udp">/object/protocol/udp</a> or{' '}
        <a href="/object/all">/object/all</a>.
      </p>
    </Page>
  )
}
