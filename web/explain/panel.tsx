/** The explanation of a range: the sentence, who it was, with whom, why it was judged so, and what is not known. */
import { useEffect } from 'preact/hooks'

import type { ExplainAnswer } from '../../api/schema/explain.ts'
import { formatDuration } from '../../flow/units.ts'
import { addressOfAnswer } from '../client.ts'
import { FaultText } from '../controls/fault-text.tsx'
import { explained, explainQuery, mainPeers } from '../state/explained.ts'
import { show } from '../state/view.ts'
import { zone } from '../state/zone.ts'
import { instantText, isoText } from '../time/words.ts'
import { Actors, Peers } from './actors.tsx'
import { KindMark } from './kind-mark.tsx'
import { kinds } from './kinds.ts'
import { rangeParameter, windowAround } from './ranges.ts'
import { UsualTable } from './usual.tsx'

export function ExplainPanel() {
  useEffect(() => explained.follow(), [])
  useEffect(() => mainPeers.follow(), [])
  const query = explainQuery.value
  if (!query) return null
  const { answer, error, isAsking } = explained.state.value
  return (
    <section class="panel explain" aria-label="Explanation" aria-busy={isAsking}>
      <div class="explain-head">
        <h2>What happened</h2>
        <span class="gap" />
        <a
          class="button"
          href={addressOfAnswer('report', query)}
          target="_blank"
          rel="noopener"
          title="a one-page report, to print or save"
        >
          Print
        </a>
        <button
          type="button"
          class="plain"
          aria-label="Close"
          onClick={() => show({ explain: '' })}
        >
          ×
        </button>
      </div>
      {error && (
        <p class="message error" role="alert">
          <FaultText error={error} />
        </p>
      )}
      {!answer && !error && <p class="dim reading">Reading the flows …</p>}
      {answer && <Explanation answer={answer} />}
    </section>
  )
}

function Explanation({ answer }: { answer: ExplainAnswer }) {
  const { window, sentence, actors, evidence, usual } = answer
  // Those of another event would be taken for this one's.
  const peers = mainPeers.state.value.isAsking ? null : mainPeers.state.value.answer
  return (
    <>
      <p class="sentence" aria-live="polite">
        <KindMark kind={window.kind} /> {sentence}
      </p>
      <p class="dim explain-window">
        {kinds[window.kind].label}: {instantText(window.from * 1000, zone.value)} –{' '}
        {instantText(window.to * 1000, zone.value)} ({formatDuration(window.seconds)}
        {window.ongoing ? ', still going on' : ''}){' '}
        {window.kind !== 'none' && (
          <button type="button" onClick={() => showAround(answer)}>
            Show it
          </button>
        )}
      </p>
      {actors.length > 0 && <Actors actors={actors} />}
      {peers && peers.rows.length > 0 && <Peers peers={peers} />}
      {usual && (
        <>
          <h3>All traffic</h3>
          <UsualTable usual={usual} />
        </>
      )}
      <Sentences title="Why it was judged so" sentences={evidence.facts} />
      <Sentences title="What the data cannot show" sentences={evidence.limits} />
    </>
  )
}

function Sentences({ title, sentences }: { title: string; sentences: readonly string[] }) {
  if (sentences.length === 0) return null
  return (
    <>
      <h3>{title}</h3>
      <ul>
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </>
  )
}

function showAround({ window }: ExplainAnswer): void {
  const around = windowAround(window.from, window.to)
  show({
    from: isoText(around.from),
    to: isoText(around.to),
    explain: rangeParameter({ from: window.from * 1000, to: window.to * 1000 }),
  })
}
