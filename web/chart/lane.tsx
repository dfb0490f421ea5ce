/**
 * The incidents of the time on the chart's axis, above it; a click zooms to one and explains it.
 */
import type { Incident } from '../../api/schema/explain.ts'
import { formatDuration } from '../../flow/units.ts'
import { KindMark } from '../explain/kind-mark.tsx'
import { kinds } from '../explain/kinds.ts'
import { rangeParameter, windowAround } from '../explain/ranges.ts'
import { incidentsShown } from '../state/incidents.ts'
import { pointsWanted } from '../state/traffic.ts'
import { show } from '../state/view.ts'
import { isoText } from '../time/words.ts'
import { axisRange } from './chart.tsx'
import { clusters, type Cluster } from './lane-clusters.ts'

/** Width of a mark, in CSS pixels. */
const markPixels = 16

export function Lane() {
  const { answer, error } = incidentsShown.state.value
  const shown = axisRange.value
  if (error && error.status !== 404)
    return (
      <p class="lane-fault">
        Incidents: {error.message} {error.remedy}
      </p>
    )
  if (!answer || !shown) return <div class="lane" />
  const [from, to] = shown
  const near = ((to - from) * markPixels) / pointsWanted.value
  return (
    <div class="lane" role="group" aria-label="Incidents">
      {clusters(answer, { from, to, near }).map((cluster) => (
        <Mark key={cluster.incidents[0]!.id} cluster={cluster} window={{ from, to }} />
      ))}
    </div>
  )
}

function Mark({ cluster, window }: { cluster: Cluster; window: { from: number; to: number } }) {
  const length = window.to - window.from
  const percent = (t: number) => `${((t - window.from) / length) * 100}%`
  const { from, to, incidents } = cluster
  const [first] = incidents as [Incident, ...Incident[]]
  const style = { left: percent((from + to) / 2), width: `${((to - from) / length) * 100}%` }
  const many = incidents.length > 1
  const text = many ? `${incidents.length} incidents` : kinds[first.window.kind].label
  const { colour } = kinds[first.window.kind]
  return (
    <button
      type="button"
      class={`lane-mark ${colour}`}
      style={style}
      title={incidents.map((incident) => incident.sentence).join('\n')}
      aria-label={
        many ? `${text}: zoom in` : `${text}, ${formatDuration(to - from)}: zoom in and explain`
      }
      onClick={() => (many ? showCluster(cluster) : showIncident(first))}
    >
      <i />
      <KindMark kind={first.window.kind} />
      {many && <span>{incidents.length}</span>}
    </button>
  )
}

/** Goes to an incident and explains it. */
function showIncident({ window, exporter, exporterName }: Incident): void {
  const around = windowAround(window.from, window.to)
  const range = { from: window.from * 1000, to: window.to * 1000 }
  show({
    from: isoText(around.from),
    to: isoText(around.to),
    exporter: exporterName ?? exporter,
    explain: rangeParameter(range),
  })
}

function showCluster({ from, to }: Cluster): void {
  const around = windowAround(from, to)
  show({ from: isoText(around.from), to: isoText(around.to) })
}
