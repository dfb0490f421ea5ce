/** The Explore view: controls, chart, legend, and the tables of the window shown. */
import { Chart } from './chart/chart.tsx'
import { Caption, ChartTitle } from './chart/caption.tsx'
import { Header } from './controls/header.tsx'
import { Help, pageKeys } from './controls/help.tsx'
import { Messages } from './controls/messages.tsx'
import { TimeBar } from './controls/time-bar.tsx'
import { Welcome } from './controls/welcome.tsx'
import { exporters } from './state/collector.ts'
import { layers, loading } from './state/traffic.ts'
import { Legend } from './tables/legend.tsx'
import { TopTables } from './tables/top-tables.tsx'
import { useEffect } from 'preact/hooks'

export function Explore() {
  useEffect(() => {
    addEventListener('keydown', pageKeys)
    return () => removeEventListener('keydown', pageKeys)
  }, [])
  const newcomer = exporters.value?.length === 0 && isEmpty()
  return (
    <>
      <a class="unseen skip" href="#main">
        To the chart
      </a>
      <Header />
      <TimeBar />
      <main id="main" aria-busy={loading.value}>
        <div class={loading.value ? 'progress running' : 'progress'} />
        <Messages />
        {newcomer ? (
          <Welcome />
        ) : (
          <>
            <section class="panel chart-panel" aria-label="Traffic over time">
              <ChartTitle />
              <Chart />
              <Caption />
            </section>
            <Legend />
            <TopTables />
          </>
        )}
      </main>
      <Help />
    </>
  )
}

function isEmpty(): boolean {
  return (layers.value?.totals ?? []).every((row) => row.summary.total === 0)
}
