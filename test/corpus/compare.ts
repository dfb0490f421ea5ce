/** Compares a decoded case with a golden, record by record and field by field. */
import type { Row } from '../ingest/decode/decoded.ts'
import type { DecodedCase, DecodedRow } from './decode-case.ts'
import { isNothing } from './golden/fields.ts'
import type {
  ComparedField,
  Golden,
  GoldenColumn,
  GoldenCounters,
  GoldenGroup,
  GoldenRecord,
  GoldenValue,
} from './golden/golden.ts'
import type { Facts } from './facts.ts'
import type { Structure } from './structure.ts'

/** One difference between our result and a golden; `source` is the golden's file. */
export type Difference = { source: string } & (
  | { kind: 'count'; what: string; golden: number; ours: number }
  | { kind: 'record-missing'; record: GoldenRecord }
  | { kind: 'row-extra'; row: DecodedRow }
  | { kind: 'field'; field: ComparedField; golden: GoldenValue[]; ours: GoldenValue; record: GoldenRecord; row: DecodedRow }
  | { kind: 'group'; group: GoldenGroup; octets: number; packets: number; unscaled: Sums }
  | { kind: 'group-extra'; key: string; octets: number; packets: number }
  | { kind: 'column'; column: GoldenColumn; extra: GoldenValue[]; missing: GoldenValue[] }
  | { kind: 'counters'; golden: GoldenCounters | null; ours: GoldenCounters | null }
) // prettier-ignore

interface Comparison {
  differences: Difference[]
  /** Number of the golden's values compared. */
  values: number
}

/** Sums over the rows of a group. */
interface Sums {
  octets: number
  packets: number
}

const counterFields: ReadonlySet<ComparedField> = new Set(['octetDeltaCount', 'packetDeltaCount'])
const timeFields: ReadonlySet<ComparedField> = new Set([
  'flowStartMilliseconds',
  'flowEndMilliseconds',
  'durationMs',
])
const macFields: ReadonlySet<ComparedField> = new Set(['sourceMacAddress', 'destinationMacAddress'])

/** Some round fractions of a ms, others truncate them. */
const timeToleranceMs = 1

/** A row's value of a field; the addresses 0.0.0.0 and :: count as none. */
export function valueOf(row: Row, field: ComparedField): GoldenValue {
  if (field === 'durationMs')
    return Number(row['flowEndMilliseconds']) - Number(row['flowStartMilliseconds'])
  if (field === 'stationAddress')
    return valueOf(row, row['flowDirection'] === 1 ? 'destinationAddress' : 'sourceAddress')
  const value = row[field] ?? 0
  return value === '0.0.0.0' || value === '::' ? '' : value
}

/** Whether a row agrees with a golden. */
function agrees(field: ComparedField, golden: readonly GoldenValue[], row: Row): boolean {
  const ours = valueOf(row, field)
  if (counterFields.has(field)) return ours === golden[0]
  if (timeFields.has(field))
    return golden.some((value) => Math.abs(Number(value) - Number(ours)) <= timeToleranceMs)
  // 0 from exporters that do not sample means every packet.
  if (field === 'samplingInterval') return Math.max(1, Number(golden[0])) === ours
  if (macFields.has(field)) return golden.includes(ours)
  if (field === 'mplsTopLabel') return golden[0] === ours
  if (field === 'tcpControlBits' && golden.length > 1)
    return (
      golden.includes(ours) || golden.reduce<number>((all, one) => all | Number(one), 0) === ours
    )
  return ours === (golden.find((value) => !isNothing(value)) ?? golden[0])
}

/** Compares everything in a golden. */
export function compare(golden: Golden, facts: Facts): Comparison {
  const comparison: Comparison = { differences: [], values: 0 }
  const { decoded } = facts
  compareRecords(comparison, golden, facts)
  compareGroups(comparison, golden, decoded)
  for (const column of golden.columns) compareColumn(comparison, golden.source, column, decoded)
  compareCounters(comparison, golden, decoded)
  if (golden.recordCount !== null && golden.recordCount !== decoded.records)
    comparison.differences.push({
      source: golden.source,
      kind: 'count',
      what: 'records',
      golden: golden.recordCount,
      ours: decoded.records,
    })
  return comparison
}

/** Options records are not flows; the structure shows their scope. */
function isOptions({ datagram, setId }: GoldenRecord, { datagrams }: Structure): boolean {
  if (datagram === null || setId === null) return false
  return (
    datagrams[datagram]?.sets.some((set) => set.id === setId && set.kind === 'options-data') ??
    false
  )
}

/** An unplaced record without ends: an options record, if there are any. */
function isUnplaced({ datagram, byField }: GoldenRecord): boolean {
  return datagram === null && !byField.has('sourceAddress') && !byField.has('destinationAddress')
}

function compareRecords(
  comparison: Comparison,
  { source, records, listsAll }: Golden,
  facts: Facts,
): void {
  const { decoded, structure } = facts
  const flows = records.filter(
    (record) =>
      !isOptions(record, structure) && !(decoded.optionsRecords > 0 && isUnplaced(record)),
  )
  const byDatagram = Map.groupBy(decoded.rows, ({ datagram }) => datagram)
  const used = new Set<DecodedRow>()
  for (const record of flows) {
    const rows = record.datagram === null ? decoded.rows : (byDatagram.get(record.datagram) ?? [])
    const row = closest(record, rows, used)
    comparison.values += record.byField.size
    if (!row) {
      comparison.differences.push({ source, kind: 'record-missing', record })
      continue
    }
    used.add(row)
    for (const [field, golden] of record.byField)
      if (agrees(field, golden, row.row)) facts.agree(source, row, field)
      else
        comparison.differences.push({
          source, kind: 'field', field, golden, ours: valueOf(row.row, field), record, row,
        }) // prettier-ignore
  }
  if (!listsAll) return
  for (const row of decoded.rows)
    if (!used.has(row)) comparison.differences.push({ source, kind: 'row-extra', row })
}

/** Of the rows not yet matched the one with the fewest differences, the first of equals. */
function closest(
  { byField }: GoldenRecord,
  rows: readonly DecodedRow[],
  used: ReadonlySet<DecodedRow>,
): DecodedRow | null {
  let best: DecodedRow | null = null
  let fewest = Infinity
  for (const row of rows) {
    if (used.has(row)) continue
    let different = 0
    for (const [field, golden] of byField) if (!agrees(field, golden, row.row)) different++
    if (different < fewest) {
      fewest = different
      best = row
    }
    if (fewest === 0) break
  }
  // With more than half of its values different it is another record.
  return 2 * fewest > byField.size ? null : best
}

const groupKey = (fields: readonly ComparedField[], value: (field: ComparedField) => unknown) =>
  fields.map((field) => `${field}=${String(value(field))}`).join(' ')

const noSums: Sums = { octets: 0, packets: 0 }

/** Compares the sums of golden and rows by the fields of the golden's groups. */
function compareGroups(comparison: Comparison, golden: Golden, decoded: DecodedCase): void {
  const { source, groups, isUnscaled } = golden
  const byFields = Map.groupBy(groups, ({ byField }) => [...byField.keys()].toSorted().join(' '))
  for (const [names, members] of byFields) {
    const fields = names === '' ? [] : names.split(' ')
    const ours = new Map<string, Sums>()
    const unscaled = new Map<string, Sums>()
    const add = (sums: Map<string, Sums>, key: string, row: Row, rate: number) => {
      const held = sums.get(key) ?? noSums
      const octets = held.octets + Number(row['octetDeltaCount']) * rate
      sums.set(key, { octets, packets: held.packets + Number(row['packetDeltaCount']) * rate })
    }
    for (const { row } of decoded.rows) {
      const rate = isUnscaled ? 1 : Number(row['samplingInterval'])
      const key = groupKey(fields, (field) => valueOf(row, field))
      add(ours, key, row, rate)
      add(unscaled, key, row, 1)
    }
    const theirs = Map.groupBy(members, ({ byField }) =>
      groupKey(fields, (field) => byField.get(field)![0]),
    )
    for (const [key, parts] of theirs) {
      const held = ours.get(key) ?? noSums
      ours.delete(key)
      const group = { byField: parts[0]!.byField, octets: 0, packets: 0 }
      for (const part of parts) {
        group.octets += part.octets
        group.packets += part.packets
      }
      comparison.values += fields.length + 2
      if (held.octets !== group.octets || held.packets !== group.packets)
        comparison.differences.push({ source, kind: 'group', group, ...held, unscaled: unscaled.get(key) ?? noSums }) // prettier-ignore
    }
    for (const [key, sums] of ours)
      comparison.differences.push({ source, kind: 'group-extra', key, ...sums })
  }
}

/** Values that one list has beyond the other, without zeros and empty ones. */
function beyond(list: readonly GoldenValue[], other: readonly GoldenValue[]): GoldenValue[] {
  const left = new Map<GoldenValue, number>()
  for (const value of other) left.set(value, (left.get(value) ?? 0) + 1)
  return list.filter((value) => {
    const count = left.get(value) ?? 0
    left.set(value, count - 1)
    return count <= 0 && !isNothing(value)
  })
}

function compareColumn(
  comparison: Comparison,
  source: string,
  column: GoldenColumn,
  { rows }: DecodedCase,
): void {
  const ours = rows
    .filter(({ datagram }) => datagram === column.datagram)
    .map(({ row }) => valueOf(row, column.field))
  const extra = beyond(ours, column.values)
  const missing = beyond(column.values, ours)
  comparison.values += column.values.length
  if (extra.length > 0 || missing.length > 0)
    comparison.differences.push({ source, kind: 'column', column, extra, missing })
}

function compareCounters(comparison: Comparison, golden: Golden, decoded: DecodedCase): void {
  const { source, counters } = golden
  if (counters.length === 0 && golden.records.length === 0) return
  const left = decoded.counters.map(({ datagram, counters: { index, octetsIn, octetsOut } }) => ({
    datagram, index, octetsIn, octetsOut,
  })) // prettier-ignore
  for (const theirs of counters) {
    comparison.values += 3
    const at = left.findIndex(
      (ours) =>
        (theirs.datagram === null || ours.datagram === theirs.datagram) &&
        ours.index === theirs.index &&
        ours.octetsIn === theirs.octetsIn &&
        ours.octetsOut === theirs.octetsOut,
    )
    if (at === -1)
      comparison.differences.push({ source, kind: 'counters', golden: theirs, ours: null })
    else left.splice(at, 1)
  }
  for (const ours of left)
    comparison.differences.push({ source, kind: 'counters', golden: null, ours })
}
