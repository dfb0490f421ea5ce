/** An object's page in the style of RRDtool and MRTG: the same five graphs for everything that has traffic. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import { Choice } from '../controls/choice.tsx'
import { Page } from '../controls/page.tsx'
import { keptMeasures, writeAddress, type Measure } from '../state/address.ts'
import { addressWith, go, parameter, place } from '../state/route.ts'
import { objectOf } from './address.ts'
import { Graph, type GraphAnswer } from './graph.tsx'
import { aboutOf, hostFacts, interfaceFacts, titleOf } from './heading.ts'
import { Missing } from './missing.tsx'
import { nameFault } from './name-fault.ts'
import { periods } from './periods.ts'
import { exploreView } from './question.ts'

/** The graphs' answers about the object of a path, by period. */
interface Answers {
  path: string
  periods: Readonly<Record<string, GraphAnswer | undefined>>
}

export function ObjectPage() {
  useEffect(() => hostFacts.follow(), [])
  const { path } = place.value
  const answers = useSignal<Answers>({ path, periods: {} })
  const object = objectOf(path)
  const fault = object && nameFault(object)
  if (!object || fault !== null)
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
  const asked = parameter('measure')
  const measure = keptMeasures.find((word) => word === asked) ?? 'bits'
  const explore = `/${writeAddress(exploreView(object, { from: 'now-24h', to: 'now' }))}`
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
            choose={(word: Measure) => go(addressWith({ measure: word === 'bits' ? '' : word }))}
          />
          <a class="button" href={explore}>
            Open in Explore
          </a>
        </>
      }
    >
      {isEmpty && <Missing object={object} explore={explore} />}
      {periods.map((period) => (
        <Graph
          key={`${path} ${measure} ${period.label}`}
          object={object}
          measure={measure}
          period={period}
          speed={interfaceFacts(object)?.speed ?? null}
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
