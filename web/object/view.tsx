/** An object's page in the manner of RRDtool and MRTG: the same five graphs of everything that has traffic. */
import { Choice } from '../controls/choice.tsx'
import { Page } from '../controls/page.tsx'
import { keptMeasures, writeAddress, type Measure } from '../state/address.ts'
import { exporterName, exporters } from '../state/collector.ts'
import { addressWith, go, parameter, place } from '../state/route.ts'
import { nameFault, objectOf, type NamedObject } from './address.ts'
import { Graph } from './graph.tsx'
import { periods } from './periods.ts'
import { exploreView, interfaceOf } from './question.ts'

const kindTexts: Record<NamedObject['kind'], string> = {
  all: 'all traffic',
  exporter: 'exporter',
  interface: 'interface',
  host: 'host',
  port: 'port',
  protocol: 'protocol',
  tracker: 'tracker',
}

export function ObjectPage() {
  const object = objectOf(place.value.path)
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
  return (
    <Page
      title={titleOf(object)}
      about={kindTexts[object.kind]}
      tools={
        <>
          <Choice
            label="Measure"
            words={keptMeasures}
            chosen={measure}
            choose={(word: Measure) => go(addressWith({ measure: word === 'bits' ? '' : word }))}
          />
          <a class="button" href={explore}>
            Look into it
          </a>
        </>
      }
    >
      {periods.map((period) => (
        <Graph
          key={`${place.value.path} ${measure} ${period.label}`}
          object={object}
          measure={measure}
          period={period}
          speed={speedOf(object)}
        />
      ))}
    </Page>
  )
}

function titleOf({ kind, name }: NamedObject): string {
  if (kind === 'all') return 'All traffic'
  if (kind !== 'interface') return name
  const { exporter, index } = interfaceOf(name)
  const found = interfaceFacts({ kind, name })
  const alias = found?.alias ? ` (${found.alias})` : ''
  return `${exporter}:${found?.name ?? `if${index}`}${alias}`
}

function interfaceFacts({ kind, name }: NamedObject) {
  if (kind !== 'interface') return null
  const { exporter, index } = interfaceOf(name)
  const known = exporters.value?.find(
    (each) => exporterName(each) === exporter || each.address === exporter,
  )
  return known?.interfaces.find((each) => String(each.index) === index) ?? null
}

/** The speed of an interface in bits per second, where it is known. */
function speedOf(object: NamedObject): number | null {
  return interfaceFacts(object)?.speed ?? null
}
