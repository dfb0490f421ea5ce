/** A top table as answer and as CSV. */
import { csv, csvTime } from '../../flow/csv.ts'
import type { FlowTop, FlowTopQuery, TopKeyName } from '../../store/flows.ts'
import { answerKey, labelOf, type NameSource } from '../names/labels.ts'
import type { TopAnswer } from '../schema/schema.ts'
import { onlyExporter, type Window } from './window.ts'

/** The words of the keys in an answer: pair expands to src and dst, port includes its protocol. */
function keyWords(by: readonly TopKeyName[]): string[] {
  const expanded = by.flatMap((word): string[] => {
    if (word === 'pair') return ['src', 'dst']
    return word === 'port' ? ['protocol', 'port'] : [word]
  })
  return [...new Set(expanded)]
}

interface TopFacts {
  by: readonly TopKeyName[]
  order: FlowTopQuery['order']
  window: Window
  names: NameSource
  /** Left out by commands, which read the archive alone, and while the series store is away. */
  known?: boolean | undefined
  remarks: string[]
}

/** The archive's result as an answer. */
export function writeTop(top: FlowTop, facts: TopFacts): TopAnswer {
  const { by, order, window, names, known, remarks } = facts
  const words = keyWords(by)
  const exporter = onlyExporter(window)
  const whole = top.total[shareFields[order]]
  return {
    from: window.from / 1000,
    to: window.to / 1000,
    by: words,
    order,
    include: window.include,
    rows: top.rows.map((row) => {
      const key = answerKey(words, row.key)
      return {
        key,
        label: labelOf(key, names, exporter),
        bytes: row.bytes,
        packets: row.packets,
        flows: row.flows,
        peers: row.peers,
        first: row.first / 1000,
        last: row.last / 1000,
        share: whole === 0 ? 0 : row[shareFields[order]] / whole,
      }
    }),
    other: top.other,
    total: top.ends === 2 ? { ...top.total, ends: 2 } : top.total,
    ends: top.ends,
    ...(known === undefined ? {} : { known }),
    remarks,
  }
}

/**
 * The measure that a row's share is of; peers, rates and durations do not add up, so with them the
 * share is of bytes.
 */
const shareFields = {
  bytes: 'bytes',
  packets: 'packets',
  flows: 'flows',
  peers: 'bytes',
  rate: 'bytes',
  duration: 'bytes',
} as const

/**
 * A column for each key word, then the figures, and a last row `other`, so that rows add up to the
 * total. Times are in the given zone.
 */
export function topCsv({ by, rows, other }: TopAnswer, zone = 'UTC'): string {
  const heading = [...by, 'label', 'bytes', 'packets', 'flows', 'peers', 'first', 'last', 'share']
  const lines = rows.map((row) => [
    ...by.map((word) => row.key[word]),
    row.label,
    row.bytes,
    row.packets,
    row.flows,
    row.peers,
    csvTime(row.first, zone),
    csvTime(row.last, zone),
    row.share,
  ])
  const rest = [
    ...by.map(() => ''),
    'other',
    other.bytes,
    other.packets,
    other.flows,
    '',
    '',
    '',
    '',
  ]
  return csv(heading, [...lines, rest])
}
