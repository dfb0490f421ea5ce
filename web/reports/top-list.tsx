/** A top list: its keys, their figures, the rest and the total, which add up. */
import type { TopAnswer, TopRow } from '../../api/schema/schema.ts'
import { lengthCounted, rateCounted } from '../../flow/spread.ts'
import { formatDuration, formatExact, formatShare, formatWithUnit } from '../../flow/units.ts'
import { objectAddress, type NamedObject } from '../object/address.ts'
import { isNarrow } from '../state/narrow.ts'
import { zone } from '../state/zone.ts'
import { shortInstantText } from '../time/words.ts'
import { Nothing } from './nothing.tsx'
import { SortedTable, together, type Column } from './sorted.tsx'

/** Key words with a page of their own. */
const pages: Record<string, (value: string, row: TopRow) => NamedObject> = {
  host: (name) => ({ kind: 'host', name }),
  src: (name) => ({ kind: 'host', name }),
  dst: (name) => ({ kind: 'host', name }),
  protocol: (name) => ({ kind: 'protocol', name }),
  exporter: (name) => ({ kind: 'exporter', name }),
  port: (name, row) => ({ kind: 'port', name: `${String(row.key['protocol'])}/${name}` }),
}

export function TopList({ answer }: { answer: TopAnswer }) {
  const { by, rows, other, total, ends } = answer
  const named = [...keyColumns(by), ...nameColumn(by, rows)]
  const figures = figuresOf(answer)
  const heads = isNarrow.value ? [together(named)] : named
  const sums = (label: string, { bytes, packets, flows }: TopAnswer['total'], kind: string) => (
    <tr class={kind}>
      <td class={isNarrow.value ? 'text wraps' : 'text'} colSpan={heads.length}>
        {label}
      </td>
      <td title={formatExact(bytes)}>{formatWithUnit(bytes, 'B')}</td>
      <td>{total.bytes === 0 ? '' : formatShare(bytes / total.bytes)}</td>
      <td>{formatExact(packets)}</td>
      <td>{formatExact(flows)}</td>
      <td colSpan={figures.length - 4} />
    </tr>
  )
  if (rows.length === 0) return <Nothing isKnown={answer.known !== false} />
  return (
    <SortedTable
      label="Report"
      rows={rows}
      columns={[...heads, ...figures]}
      rowKey={(row) => JSON.stringify(row.key)}
      foot={
        <>
          {other.flows > 0 || other.bytes > 0 ? sums('other', other, 'rest') : null}
          {sums(ends === 2 ? 'total (each flow counts for both ends)' : 'total', total, 'sum')}
        </>
      }
    />
  )
}

function keyColumns(by: readonly string[]): Column<TopRow>[] {
  return by.map((word) => ({
    id: word,
    label: word,
    isText: true,
    value: (row) => row.key[word] as string | number,
    cell: (row) => {
      const value = String(row.key[word] ?? '')
      const page = pages[word]
      return page ? <a href={objectAddress(page(value, row))}>{value}</a> : value
    },
  }))
}

/** The API's label, if it says more than the key. */
function nameColumn(by: readonly string[], rows: readonly TopRow[]): Column<TopRow>[] {
  const plain = (row: TopRow) =>
    Object.entries(row.key)
      .map(([, value]) => String(value))
      .join(' ')
  const said = (row: TopRow) => row.label.replace(' → ', ' ')
  const saysNoMore = (row: TopRow) => said(row) === plain(row)
  // With several words the label only repeats them, except for interfaces, which have names of
  // their own.
  if (rows.every(saysNoMore) || (by.length > 2 && !by.includes('exporter'))) return []
  return [
    {
      id: 'label',
      label: 'name',
      isText: true,
      wraps: true,
      value: (row) => row.label,
      cell: (row) => (saysNoMore(row) ? '' : withoutKey(row)),
    },
  ]
}

/**
 * A label without what the columns before show: of `bobby22 (10.0.0.22)` the name, of a pair those
 * of its ends that have one.
 */
function withoutKey({ label, key }: TopRow): string {
  const values = Object.values(key).map(String)
  const plain = values.reduce((text, value) => text.replace(` (${value})`, ''), label)
  const ends = plain.split(' → ')
  return ends.length === 1
    ? plain
    : ends
        .map((end) => (values.includes(end) ? '' : end))
        .join(' → ')
        .trim()
}

/** A share as a figure and a bar, so that rows can be compared at a glance. */
function Share({ share }: { share: number }) {
  return (
    <span class="share-bar">
      <i style={{ width: `${Math.max(0, Math.min(1, share)) * 100}%` }} />
      {formatShare(share)}
    </span>
  )
}

function figuresOf(answer: TopAnswer): readonly Column<TopRow>[] {
  const seconds = (row: TopRow) => Math.max(0, lengthCounted(row, answer))
  const rate = (row: TopRow) => rateCounted(row.bytes * 8, row, answer)
  // A pair is one peer.
  const isPair = answer.by.includes('src') && answer.by.includes('dst')
  const columns: readonly Column<TopRow>[] = [
    {
      id: 'bytes',
      label: 'bytes',
      value: (row) => row.bytes,
      cell: (row) => formatWithUnit(row.bytes, 'B'),
      hint: (row) => formatExact(row.bytes),
    },
    {
      id: 'share',
      label: 'share',
      value: (row) => row.share,
      cell: (row) => <Share share={row.share} />,
    },
    {
      id: 'packets',
      label: 'packets',
      value: (row) => row.packets,
      cell: (row) => formatExact(row.packets),
    },
    {
      id: 'flows',
      label: 'flows',
      value: (row) => row.flows,
      cell: (row) => formatExact(row.flows),
    },
    {
      id: 'peers',
      label: 'peers',
      title: 'distinct peers',
      value: (row) => row.peers,
      cell: (row) => formatExact(row.peers),
    },
    {
      id: 'rate',
      label: 'rate',
      title: 'bytes over the time from first to last',
      value: rate,
      cell: (row) => (rate(row) === 0 ? '–' : formatWithUnit(rate(row), 'b/s')),
    },
    {
      id: 'duration',
      label: 'duration',
      value: seconds,
      cell: (row) => formatDuration(seconds(row)),
    },
    {
      id: 'first',
      label: 'first',
      value: (row) => -row.first,
      cell: (row) => shortInstantText(row.first * 1000, zone.value),
    },
    {
      id: 'last',
      label: 'last',
      value: (row) => row.last,
      cell: (row) => shortInstantText(row.last * 1000, zone.value),
    },
  ]
  return columns.filter(({ id }) => id !== 'peers' || !isPair)
}
