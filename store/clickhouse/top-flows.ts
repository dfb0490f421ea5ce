/** The largest keys of a window in ClickHouse: the counterpart of store/archive/sql/top.ts. */
import type { Network } from '../../flow/address.ts'
import { Keys, type End } from '../archive/keys/keys.ts'
import { withinSql } from '../archive/sql/expressions.ts'
import { emptyTop, topAnswer } from '../archive/answer/top-answer.ts'
import type { FlowSums, FlowTop, FlowTopQuery } from '../flows.ts'
import type { Answer, Connection } from './connection.ts'
import { askFlows, eachEndSql, flowsFrom } from './flow-scan.ts'
import { ClickHouseBindings, clickHouseWords } from './words.ts'

const { first, last, bytes, packets } = clickHouseWords

type Query = FlowTopQuery & { local: readonly Network[] }

/** Finds the largest keys first, then their peers and times only, which cost more. */
export async function topFlows(connection: Connection, query: Query): Promise<FlowTop> {
  const keys = new Keys(query.by, query.local)
  const chosen = await choose(connection, query, keys)
  if (chosen.count === 0) return emptyTop(keys)
  const columns = keys.names.map((name) => chosen.wholes(name))
  const found = Array.from({ length: chosen.count }, (_, i) => columns.map((each) => each[i]!))
  const details = await describe(connection, query, { keys, found })
  const sums = sumsOf(chosen, '')
  const rows = found.map((key, i) => ({
    key: keys.read(key),
    ...sums[i]!,
    ...details.get(key.join())!,
  }))
  const [total, left] = [sumsOf(chosen, 'total_')[0]!, sumsOf(chosen, 'left_')[0]!]
  return topAnswer(keys, rows, { total, left })
}

interface GroupsQuestion {
  keys: Keys
  bindings: ClickHouseBindings
  hasSums: boolean
  hasPeers: boolean
  hasTimes: boolean
  /** Only these keys, bound. */
  among?: string
}

/** A key's flows, counted once per counting end. */
function groupsSql(connection: Connection, query: Query, question: GroupsQuestion): string {
  const { keys, bindings, hasSums, hasPeers, hasTimes, among } = question
  const window = { from: bindings.whole(query.from), to: bindings.whole(query.to) }
  const counted = (count: string) =>
    query.include === 'any'
      ? withinSql(`(${count})`, { first, last }, window, clickHouseWords)
      : count
  const ofEnds = keys.ends.map((end) => keys.expressions(end, bindings))
  const peer = (half: string) => (end: End) => `"${keys.peer(end)}Address${half}"`
  const columns = Object.fromEntries(
    keys.names.map((name, i) => [name, (end: End) => ofEnds[keys.ends.indexOf(end)]![i]!]),
  )
  const joined = eachEndSql(
    keys.ends,
    hasPeers ? { ...columns, peer_high: peer('High'), peer_low: peer('Low') } : columns,
    hasSums ? { flow_bytes: counted(bytes), flow_packets: counted(packets) } : {},
  )
  const select = [
    ...keys.names,
    ...(hasSums
      ? [
          'sum(toInt128(flow_bytes)) AS bytes',
          'sum(toInt128(flow_packets)) AS packets',
          'count() AS flows',
        ]
      : []),
    ...(hasPeers ? ['uniqExact(peer_high, peer_low) AS peers'] : []),
    ...(hasTimes ? [`min(${first}) AS first_ms`, `max(${last}) AS last_ms`] : []),
  ]
  const tuple = (values: readonly string[]) =>
    values.length === 1 ? values[0]! : `(${values.join(', ')})`
  // A flow with none of the keys is dropped before it is split by end.
  const within =
    among === undefined
      ? ''
      : ` AND (${ofEnds.map((values) => `${tuple(values)} IN ${among}`).join(' OR ')}) AND ${tuple(keys.names)} IN ${among}`
  return `SELECT ${select.join(', ')} ${flowsFrom(connection, query, bindings, joined)}${within}
    GROUP BY ${keys.names.join(', ')}`
}

async function choose(connection: Connection, query: Query, keys: Keys): Promise<Answer> {
  const bindings = new ClickHouseBindings()
  const list = keys.names.join(', ')
  const isSpanned = query.order === 'rate' || query.order === 'duration'
  const groups = groupsSql(connection, query, {
    keys,
    bindings,
    hasSums: true,
    hasPeers: query.order === 'peers',
    hasTimes: isSpanned,
  })
  const [from, to] = [bindings.whole(query.from), bindings.whole(query.to)]
  const [end, start] =
    query.include === 'any'
      ? [`least(last_ms, ${to})`, `greatest(first_ms, ${from})`]
      : ['last_ms', 'first_ms']
  const span = isSpanned ? `, ${end} - ${start} AS span` : ''
  const sums = ['bytes', 'packets', 'flows']
  const peers = query.order === 'peers' ? ', peers' : ''
  const totals = sums.map((name) => `sum(${name}) OVER () AS total_${name}`)
  // The sums of the listed keys, so that the remainder is computed here, where sums beyond 2^53 are exact.
  const left = sums.map((name) => `total_${name} - sum(${name}) OVER () AS left_${name}`)
  const order = `ORDER BY ${orders[query.order]} DESC, ${list}`
  return askFlows(connection, {
    sql: `SELECT *, ${left.join(', ')} FROM (
        SELECT ${list}, bytes, packets, flows${peers}, ${totals.join(', ')}${span} FROM (${groups})
        ${order} LIMIT ${Math.floor(query.limit)})
      ${order}`,
    values: bindings.values,
    signal: query.signal,
  })
}

const orders: Record<FlowTopQuery['order'], string> = {
  bytes: 'bytes',
  packets: 'packets',
  flows: 'flows',
  peers: 'peers',
  rate: 'if(span <= 0, 0, toFloat64(bytes) / span)',
  duration: 'span',
}

/** Peers and times of the chosen keys, by key. */
async function describe(
  connection: Connection,
  query: Query,
  { keys, found }: { keys: Keys; found: readonly (readonly bigint[])[] },
): Promise<Map<string, { peers: number; first: number; last: number }>> {
  const bindings = new ClickHouseBindings()
  const answer = await askFlows(connection, {
    sql: groupsSql(connection, query, {
      keys,
      bindings,
      hasSums: false,
      hasPeers: true,
      hasTimes: true,
      among: bindings.keys(found),
    }),
    values: bindings.values,
    signal: query.signal,
  })
  const columns = keys.names.map((name) => answer.wholes(name))
  const [peers, firsts, lasts] = ['peers', 'first_ms', 'last_ms'].map((name) =>
    answer.numbers(name),
  )
  return new Map(
    peers!.map((count, i) => [
      columns.map((column) => column[i]!).join(),
      { peers: count, first: firsts![i]!, last: lasts![i]! },
    ]),
  )
}

function sumsOf(answer: Answer, prefix: string): FlowSums[] {
  const [byteSums, packetSums, flowSums] = ['bytes', 'packets', 'flows'].map((name) =>
    answer.numbers(prefix + name),
  )
  return byteSums!.map((sum, i) => ({ bytes: sum, packets: packetSums![i]!, flows: flowSums![i]! }))
}
