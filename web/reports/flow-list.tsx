/** A list of single flows, in one of the printed forms. */
import type { Flow, FlowsAnswer } from '../../api/schema/schema.ts'
import { icmpText } from '../../flow/icmp.ts'
import { countOf, formatDuration, formatExact, formatWithUnit } from '../../flow/units.ts'
import { wallTime } from '../../flow/zone.ts'
import { objectAddress } from '../object/address.ts'
import { isNarrow } from '../state/narrow.ts'
import { zone } from '../state/zone.ts'
import { dayText } from '../time/ticks.ts'
import { timeOfDay } from '../time/words.ts'
import { counts, ends, type FlowColumn } from './presets.ts'
import { Nothing } from './nothing.tsx'
import { SortedTable, together, type Column } from './sorted.tsx'

const duration = ({ first, last }: Flow) => Math.max(0, last - first)

function time(id: 'received' | 'first' | 'last'): Column<Flow> {
  return {
    id,
    label: id,
    isText: true,
    value: (flow) => flow[id],
    cell: (flow) => momentText(flow[id]),
  }
}

/** To the millisecond: several flows may start in one second. */
function momentText(seconds: number): string {
  const t = seconds * 1000
  const ms = String(Math.floor(t % 1000)).padStart(3, '0')
  return `${dayText(wallTime(t, zone.value))} ${timeOfDay(t, zone.value, `.${ms}`)}`
}

function plain(id: keyof Flow & FlowColumn, label: string, isText = false): Column<Flow> {
  return { id, label, isText, value: (flow) => flow[id] ?? '', cell: (flow) => flow[id] ?? '–' }
}

function host(id: 'source' | 'destination'): Column<Flow> {
  return {
    id,
    label: id,
    isText: true,
    value: (flow) => flow[id],
    cell: (flow) => <a href={objectAddress({ kind: 'host', name: flow[id] })}>{flow[id]}</a>,
  }
}

const columnsById: Record<FlowColumn, Column<Flow>> = {
  received: time('received'),
  first: time('first'),
  last: time('last'),
  duration: {
    id: 'duration',
    label: 'duration',
    value: duration,
    cell: (flow) => formatDuration(duration(flow)),
    hint: (flow) => `${duration(flow)} s`,
  },
  exporter: plain('exporter', 'exporter', true),
  source: host('source'),
  sourcePort: plain('sourcePort', 'port'),
  destination: host('destination'),
  destinationPort: {
    ...plain('destinationPort', 'port'),
    cell: (flow) => icmpText(flow) ?? flow.destinationPort,
    hint: ({ icmpType, icmpCode }) =>
      icmpType === null ? undefined : `ICMP type ${icmpType}, code ${icmpCode}`,
  },
  protocol: plain('protocol', 'protocol', true),
  bytes: {
    id: 'bytes',
    label: 'bytes',
    value: (flow) => flow.bytes,
    cell: (flow) => formatWithUnit(flow.bytes, 'B'),
    hint: (flow) => formatExact(flow.bytes),
  },
  packets: {
    id: 'packets',
    label: 'packets',
    value: (flow) => flow.packets,
    cell: (flow) => formatExact(flow.packets),
  },
  sampling: plain('sampling', '1 of'),
  inInterface: plain('inInterface', 'in if'),
  outInterface: plain('outInterface', 'out if'),
  tcpFlags: plain('tcpFlags', 'flags', true),
  tos: plain('tos', 'ToS'),
  sourceAs: plain('sourceAs', 'src AS'),
  destinationAs: plain('destinationAs', 'dst AS'),
  nextHop: plain('nextHop', 'next hop', true),
  vlan: plain('vlan', 'VLAN'),
}

const chosen = (ids: readonly FlowColumn[]) => ids.map((id) => columnsById[id])

/** On a phone: between whom, how much, then the rest. */
function narrowed(ids: readonly FlowColumn[]): Column<Flow>[] {
  const of = (words: readonly FlowColumn[]) => chosen(ids.filter((id) => words.includes(id)))
  const rest = ids.filter((id) => !ends.includes(id) && !counts.includes(id))
  return [together(of(ends)), ...of(counts).toReversed(), ...chosen(rest)]
}

export function FlowList(props: { answer: FlowsAnswer; columns: readonly FlowColumn[] }) {
  const { flows, more, known } = props.answer
  if (flows.length === 0) return <Nothing isKnown={known !== false} />
  return (
    <>
      <SortedTable
        label="Flows"
        rows={flows.map((flow, place) => ({ ...flow, place }))}
        columns={isNarrow.value ? narrowed(props.columns) : chosen(props.columns)}
        rowKey={({ place }) => String(place)}
      />
      <p class="dim">
        {countOf(flows.length, 'flow')}
        {more && '; there are more: narrow the filter, or show more lines'}
      </p>
    </>
  )
}
