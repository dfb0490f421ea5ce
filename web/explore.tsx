/** The Explore view: controls, chart, what happened, legend, and the tables of the window shown. */
import type { ComponentType } from 'preact'
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import { Annotations } from './chart/annotations.tsx'
import { Chart } from './chart/chart.tsx'
import { Caption, ChartTitle } from './chart/caption.tsx'
import { FiguresTable } from './chart/figures-table.tsx'
import { Lane } from './chart/lane.tsx'
import { ChartTools } from './chart/tools.tsx'
import { ExploreBar } from './controls/explore-bar.tsx'
import { exploreKeys } from './controls/explore-keys.ts'
import { Messages } from './controls/messages.tsx'
import { Progress } from './controls/progress.tsx'
import { TimeBar } from './controls/time-bar.tsx'
import { Welcome } from './controls/welcome.tsx'
import { annotationsShown } from './state/annotations.ts'
import { fetchCode } from './state/code.ts'
import { exporters, newestData } from './state/collector.ts'
import { incidentsShown } from './state/incidents.ts'
import { followRefresh } from './state/refresh.ts'
import { followTitle } from './state/title.ts'
import { followView, layers, loading } from './state/traffic.ts'
import { view } from './state/view.ts'
import { Legend } from './tables/legend.tsx'
import { TopTables } from './tables/top-tables.tsx'

/** The explanation's code is fetched when first needed. */
const panel = signal<ComponentType | null>(null)

export function Explore() {
  useEffect(followAll, [])
  const isExplaining = view.value.explain !== ''
  useEffect(() => {
    if (isExplaining) void fetchPanel()
  }, [isExplaining])
  const newcomer = exporters.value?.length === 0 && newestData.value === null && isEmpty()
  const ExplainPanel = isExplaining ? panel.value : null
  return (
    <>
      <ExploreBar />
      <TimeBar />
      <main id="main" aria-busy={loading.value}>
        <Progress isBusy={loading.value} />
        <Messages />
        {newcomer ? (
          <Welcome />
        ) : (
          <>
            <div class={isExplaining ? 'explained' : 'unexplained'}>
              <section class="panel chart-panel" aria-label="Traffic over time">
                <ChartTitle />
                <ChartTools />
                <Lane />
                <Chart />
                <Caption />
                <Annotations />
              </section>
              {ExplainPanel && <ExplainPanel />}
            </div>
            {view.value.draw === 'table' && <FiguresTable />}
            <Legend />
            <TopTables />
          </>
        )}
      </main>
    </>
  )
}

async function fetchPanel(): Promise<void> {
  panel.value = await fetchCode(async () => (await import('./explain/panel.tsx')).ExplainPanel)
}

/** Follows the address while the view is shown. */
function followAll(): () => void {
  const ends = [
    followView(),
    followRefresh(),
    followTitle(),
    incidentsShown.follow(),
    annotationsShown.follow(),
  ]
  addEventListener('keydown', exploreKeys)
  return () => {
    removeEventListener('keydown', exploreKeys)
    for (const end of ends) end()
  }
}

function isEmpty(): boolean {
  return (layers.value?.totals ?? []).every((row) => row.summary.total === 0)
}
