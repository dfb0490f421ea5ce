/** Reports: a query builder over the archive, with FlowViewer's reports as presets. */
import { useEffect } from 'preact/hooks'

import type { FlowsAnswer, TopAnswer } from '../../api/schema/schema.ts'
import { addressOfAnswer, ask } from '../client.ts'
import { AddressFaults, TimeFaults } from '../controls/address-faults.tsx'
import { FilterInput } from '../controls/filter-input.tsx'
import { Page } from '../controls/page.tsx'
import { Remarks } from '../controls/remarks.tsx'
import { RangeField } from '../controls/range-field.tsx'
import { followAnswer } from '../state/follow.ts'
import { addressWith, go, parameter } from '../state/route.ts'
import { zone } from '../state/zone.ts'
import { Builder } from './builder.tsx'
import { FlowList } from './flow-list.tsx'
import { question, reportFaults, reportQuery } from './question.ts'
import { Saved } from './saved.tsx'
import { TopList } from './top-list.tsx'

type Answer = { kind: 'top'; list: TopAnswer } | { kind: 'flows'; list: FlowsAnswer }

const report = followAnswer<Answer>(
  () => {
    const query = reportQuery.value
    return query && JSON.stringify([question.value.preset.kind, query])
  },
  async (ended) => {
    const query = reportQuery.value ?? {}
    return question.value.preset.kind === 'top'
      ? { kind: 'top', list: await ask('top', query, ended) }
      : { kind: 'flows', list: await ask('flows', query, ended) }
  },
)

export function Reports() {
  useEffect(() => report.follow(), [])
  const { answer, error, isAsking } = report.state.value
  const { preset } = question.value
  return (
    <Page
      title="Reports"
      about={preset.label}
      isBusy={isAsking}
      error={error}
      tools={<RangeField />}
    >
      <AddressFaults faults={reportFaults.value} />
      <TimeFaults />
      <section class="panel builder" aria-label="Question">
        <Builder />
        <FilterInput
          value={parameter('filter')}
          apply={(filter) => go(addressWith({ filter }))}
          placeholder="filter: src net 10.0.0.0/24 and not port 443"
        />
        <div class="builder-row">
          <Exports />
          <span class="gap" />
          <Saved />
        </div>
      </section>
      {answer && <Remarks remarks={answer.list.remarks} />}
      {answer?.kind === 'top' && <TopList answer={answer.list} />}
      {answer?.kind === 'flows' && preset.kind === 'flows' && (
        <FlowList answer={answer.list} columns={preset.columns} />
      )}
    </Page>
  )
}

/** The API addresses that return exactly what is shown. */
function Exports() {
  const query = reportQuery.value
  if (!query) return null
  const { kind } = question.value.preset
  const formats = kind === 'top' ? ['csv', 'json'] : ['csv', 'json', 'ndjson', 'parquet']
  return (
    <p class="exports">
      <span class="dim">exactly this as</span>{' '}
      {formats.map((format) => (
        <a key={format} href={addressOfAnswer(kind, { ...query, tz: zone.value, format })} download>
          {format.toUpperCase()}
        </a>
      ))}
    </p>
  )
}
