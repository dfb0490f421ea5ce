/** The printed report of checked cases. */
import type { CheckedCase } from './check-case.ts'
import type { Difference } from './compare.ts'
import { rules } from './rules.ts'
import type { FieldMap } from './golden/golden.ts'

const against = (ours: number, golden: number | undefined): string =>
  golden === undefined ? `${ours}` : `${ours}/${golden}`

const counted = (counts: Iterable<[string, number]>): string =>
  [...counts].map(([name, count]) => `${name} ${count}`).join(', ') || 'none'

/** One line: what was decoded / tshark's count if it has one, problems, verdict. */
export function lineOf(checked: CheckedCase): string {
  const { corpusCase, decoded, templates, values, explained, unexplained } = checked
  const { tshark } = corpusCase
  const sum = (column: string) =>
    decoded.rows.reduce((total, { row }) => total + Number(row[column]), 0)
  const expected = (value: number | undefined) => (tshark ? (value ?? 0) : undefined)
  const isSflow = decoded.records > 0 && tshark?.sflow_flow_samples !== undefined
  const records = isSflow ? tshark.sflow_flow_samples : tshark?.flows
  const templatesExpected = (tshark?.templates ?? 0) + (tshark?.opt_templates ?? 0)
  const verdict =
    unexplained.length > 0 ? `DIFFERENT ${unexplained.length}` : explained.size > 0 ? 'explained' : 'same' // prettier-ignore
  return [
    corpusCase.id,
    `datagrams ${against(corpusCase.datagrams.length, corpusCase.datagramsExpected)}`,
    `templates ${against(templates, expected(templatesExpected))}`,
    `records ${against(decoded.records, expected(records))} (options ${decoded.optionsRecords})`,
    `flows ${decoded.rows.length}`,
    `octets ${against(sum('octetDeltaCount'), isSflow ? undefined : expected(tshark?.octets_sum))}`,
    `packets ${against(sum('packetDeltaCount'), isSflow ? undefined : expected(tshark?.packets_sum))}`,
    `problems ${counted(Object.entries(decoded.problems))}`,
    `values compared ${values}`,
    explained.size > 0 ? `${verdict}: ${counted(explained)}` : verdict,
  ].join('  ')
}

const shown = (byField: FieldMap): string =>
  [...byField].map(([field, values]) => `${field} ${values.join('|')}`).join(', ')

/** A difference in readable form. */
export function differenceLine(difference: Difference): string {
  const { source } = difference
  switch (difference.kind) {
    case 'count':
      return `${source}: ${difference.what}: golden ${difference.golden}, ours ${difference.ours}`
    case 'record-missing':
      return `${source}: datagram ${difference.record.datagram ?? '?'}: no row for ${shown(difference.record.byField)}`
    case 'row-extra':
      return `${source}: datagram ${difference.row.datagram}: row that the golden has not: ${JSON.stringify(difference.row.row)}`
    case 'field':
      return `${source}: datagram ${difference.row.datagram}: ${difference.field}: golden ${difference.golden.join('|')}, ours ${difference.ours}`
    case 'group':
      return `${source}: ${shown(difference.group.byField)}: golden ${difference.group.octets} octets in ${difference.group.packets} packets, ours ${difference.octets} in ${difference.packets}`
    case 'group-extra':
      return `${source}: a group that the golden has not: ${difference.key}: ${difference.octets} octets in ${difference.packets} packets`
    case 'column':
      return `${source}: datagram ${difference.column.datagram}: ${difference.column.field}: golden alone ${difference.missing.join(' ')}; ours alone ${difference.extra.join(' ')}`
    case 'counters':
      return `${source}: counters: golden ${JSON.stringify(difference.golden)}, ours ${JSON.stringify(difference.ours)}`
  }
}

/** The rules used, with their reasons, and the last line. */
export function summaryOf(checked: readonly CheckedCase[]): string {
  const used = new Map<string, number>()
  for (const { explained } of checked)
    for (const [name, count] of explained) used.set(name, (used.get(name) ?? 0) + count)
  const reasons = rules
    .filter(({ name }) => used.has(name))
    .map(({ name, reason }) => `${name} (${used.get(name)}): ${reason}`)
  const total = (value: (one: CheckedCase) => number) =>
    checked.reduce((sum, one) => sum + value(one), 0)
  const same = total(({ explained, unexplained }) => Number(explained.size + unexplained.length === 0)) // prettier-ignore
  const different = total(({ unexplained }) => Number(unexplained.length > 0))
  return [
    ...reasons,
    `${checked.length} cases: ${same} the same, ${checked.length - same - different} explained, ${different} different; ` +
      `${total(({ values }) => values)} values compared, ${total(({ unexplained }) => unexplained.length)} unexplained differences`,
  ].join('\n')
}
