/** The largest keys of a window by SQL, with the remainder, so that both add up to the total. */
import type { Network } from '../../../flow/address.ts'
import type { FlowKey, FlowSums, FlowTop, FlowTopQuery } from '../../flows.ts'
import { Bindings } from './bindings.ts'
import { bytes, first, last, packets } from './expressions.ts'
import { Keys } from '../keys/keys.ts'
import type { Session, Table } from './query-engine.ts'
import type { ArchiveFiles } from '../readable-files.ts'
import { scanSql, type ScanPart } from './scan.ts'
import { emptyTop, topAnswer } from '../answer/top-answer.ts'

/** Finds the largest keys first, then their peers and times only, which cost more. */
export async function sqlTop(
  session: Session,
  files: ArchiveFiles,
  query: FlowTopQuery & { local: readonly Network[] },
): Promise<FlowTop> {
  const keys = new Keys(query.by, query.local)
  const question = { files, query, keys }
  const chosen = await choose(session, question)
  if (chosen.count === 0) return emptyTop(keys)
  const columns = keys.names.map((name) => chosen.wholes(name))
  const found: FlowKey[] = Array.from({ length: chosen.count }, (_, i) =>
    keys.read(columns.map((column) => column[i]!)),
  )
  const details = await describe(session, question, columns)
  const sums = sumsOf(chosen, '')
  const rows = found.map((key, i) => ({ key, ...sums[i]!, ...details[i]! }))
  const [total, left] = [sumsOf(chosen, 'total_')[0]!, sumsOf(chosen, 'left_')[0]!]
  return topAnswer(keys, rows, { total, left })
}

interface TopQuestion {
  files: ArchiveFiles
  query: FlowTopQuery & { local: readonly Network[] }
  keys: Keys
}

/** What is kept of each flow, for each of its ends, besides the columns of its key. */
type Kept = 'counts' | 'peer' | 'times'

/** The window's flows as a relation with the key's columns, once for each end that counts. */
function flowsSql(question: TopQuestion, kept: readonly Kept[], bindings: Bindings): string {
  const { query, keys } = question
  const columns = ({ end, share }: ScanPart) => {
    const peer = keys.peer(end)
    const counted = query.include === 'any' ? share : (count: string) => count
    const lists: Record<Kept, string[]> = {
      counts: [`${counted(bytes)} AS bytes`, `${counted(packets)} AS packets`],
      peer: [`"${peer}AddressHigh" AS peer_high`, `"${peer}AddressLow" AS peer_low`],
      times: [`${first} AS first_ms`, `${last} AS last_ms`],
    }
    return [...keys.columns(end, bindings), ...kept.flatMap((each) => lists[each])]
  }
  return scanSql(question, { columns }, bindings)
}

async function choose(session: Session, question: TopQuestion): Promise<Table> {
  const { query, keys } = question
  const bindings = new Bindings()
  const list = keys.names.join(', ')
  const sums = 'sum(bytes) AS bytes, sum(packets) AS packets'
  const groups =
    query.order === 'peers'
      ? `SELECT ${list}, ${sums}, sum(flows) AS flows, count(*) AS peers FROM (
           SELECT ${list}, peer_high, peer_low, ${sums}, count(*) AS flows
           FROM (${flowsSql(question, ['counts', 'peer'], bindings)}) GROUP BY ${list}, peer_high, peer_low
         ) GROUP BY ${list}`
      : `SELECT ${list}, ${sums}, count(*) AS flows${spanSql(question, bindings)}
         FROM (${flowsSql(question, spanned.has(query.order) ? ['counts', 'times'] : ['counts'], bindings)})
         GROUP BY ${list}`
  const fields = ['bytes', 'packets', 'flows']
  const sumIn = (relation: string, field: string) => `(SELECT sum(${field}) FROM ${relation})`
  // The remainder is computed here, where sums beyond 2^53 are exact.
  const totals = fields.flatMap((field) => [
    `${sumIn('groups', field)}::DOUBLE AS total_${field}`,
    `(${sumIn('groups', field)} - ${sumIn('listed', field)})::DOUBLE AS left_${field}`,
  ])
  const columns = fields.map((field) => `${field}::DOUBLE AS ${field}`)
  const order = `ORDER BY ${orders[query.order]} DESC, ${list}`
  return session.read(
    `WITH groups AS MATERIALIZED (${groups}),
       listed AS MATERIALIZED (SELECT * FROM groups ${order} LIMIT ${query.limit})
     SELECT ${[list, ...columns, ...totals].join(', ')} FROM listed groups ${order}`,
    bindings,
  )
}

/** Orders that depend on how long a key was seen. */
const spanned = new Set<FlowTopQuery['order']>(['rate', 'duration'])
const orders: Record<FlowTopQuery['order'], string> = {
  bytes: 'groups.bytes',
  packets: 'groups.packets',
  flows: 'groups.flows',
  peers: 'groups.peers',
  rate: 'CASE WHEN span <= 0 THEN 0 ELSE groups.bytes / span END',
  duration: 'span',
}

/** From a key's first packet to its last, ms; in the window if its bytes are. */
function spanSql({ query }: TopQuestion, bindings: Bindings): string {
  if (!spanned.has(query.order)) return ''
  if (query.include !== 'any') return ', max(last_ms) - min(first_ms) AS span'
  const [from, to] = [bindings.whole(query.from), bindings.whole(query.to)]
  return `, least(max(last_ms), ${to}) - greatest(min(first_ms), ${from}) AS span`
}

/** Peers and times of the chosen keys, in their order. */
async function describe(
  session: Session,
  question: TopQuestion,
  columns: readonly (readonly bigint[])[],
): Promise<{ peers: number; first: number; last: number }[]> {
  const bindings = new Bindings()
  const table = await session.read(
    `WITH chosen AS (${question.keys.listSql(columns, bindings)})
     SELECT place, count(*)::DOUBLE AS peers, min(first_ms)::DOUBLE AS first_ms, max(last_ms)::DOUBLE AS last_ms
     FROM (SELECT place, min(first_ms) AS first_ms, max(last_ms) AS last_ms
       FROM (${flowsSql(question, ['peer', 'times'], bindings)}) 
         JOIN chosen USING (${question.keys.names.join(', ')})
       GROUP BY place, peer_high, peer_low)
     GROUP BY place ORDER BY place`,
    bindings,
  )
  const [peers, firsts, lasts] = ['peers', 'first_ms', 'last_ms'].map((name) => table.numbers(name))
  return columns[0]!.map((_, i) => ({ peers: peers![i]!, first: firsts![i]!, last: lasts![i]! }))
}

function sumsOf(table: Table, prefix: string): FlowSums[] {
  const [byteSums, packetSums, flowSums] = ['bytes', 'packets', 'flows'].map((name) =>
    table.numbers(prefix + name),
  )
  return byteSums!.map((sum, i) => ({ bytes: sum, packets: packetSums![i]!, flows: flowSums![i]! }))
}
