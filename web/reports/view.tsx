/** Reports: a query builder over the archive, with FlowViewer's reports as presets. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import type { FlowsAnswer, TopAnswer } from '../../api/schema.ts'
import { addressOfAnswer, ask } from '../client.ts'
import { Page } from '../controls/page.tsx'
import { RangeField } from '../controls/range-field.tsx'
import { followAnswer } from '../state/follow.ts'
import { addressWith, go } from '../state/route.ts'
import { Builder } from './builder.tsx'
import { FlowList } from './flow-list.tsx'
import { question, reportQuery } from './question.ts'
import { Saved } from './saved.tsx'
import { TopList } from './top-list.tsx'

type Answer = { kind: 'top'; top: TopAnswer } | { kind: 'flows'; flows: FlowsAnswer }

const report = followAnswer<Answer>(
  () => {
    const query = reportQuery.value
    return query && JSON.stringify([question.value.preset.kind, query])
  },
  async (ended) => {
    const query = reportQuery.value ?? {}
    return question.value.preset.kind === 'top'
      ? { kind: 'top', top: await ask('top', query, ended) }
      : { kind: 'flows', flows: await ask('flows', query, ended) }
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
      <section class="panel builder" aria-label="Question">
        <Builder />
        <FilterField />
        <div class="builder-row">
          <Exports />
          <span class="gap" />
          <Saved />
        </div>
      </section>
      {answer?.kind === 'top' && <TopList answer={answer.top} />}
      {answer?.kind === 'flows' && preset.kind === 'flows' && (
        <FlowList answer={answer.flows} columns={preset.columns} />
      )}
    </Page>
  )
}

function FilterField() {
  const { filter } = question.value
  const draft = useSignal(filter)
  useEffect(() => {
    draft.value = filter
  }, [filter])
  return (
    <form
      class="report-filter"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        go(addressWith({ filter: draft.value.trim() }))
      }}
    >
      <input
        type="text"
        aria-label="Filter"
        spellcheck={false}
        placeholder="filter: src net 10.0.0.0/24 and not port 443; or -10.1.0.0/16, 1024:65535, 0x02/0x12"
        value={draft.value}
        onInput={(event) => (draft.value = event.currentTarget.value)}
      />
      <button type="submit" class={draft.value.trim() === filter.trim() ? '' : 'due'}>
        show
      </button>
    </form>
  )
}

/** The addresses at which the API gives exactly what is shown. */
function Exports() {
  const query = reportQuery.value
  if (!query) return null
  const { kind } = question.value.preset
  const formats = kind === 'top' ? ['csv', 'json'] : ['csv', 'json', 'ndjson', 'parquet']
  return (
    <p class="exports">
      <span class="dim">exactly this as</span>{' '}
      {formats.map((format) => (
        <a key={format} href={addressOfAnswer(kind, { ...query, format })} download>
          {format.toUpperCase()}
        </a>
      ))}
    </p>
  )
}
