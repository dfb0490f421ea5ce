/** NetGauze's JSON lines: one per datagram, elements by IANA's names. */
import { FieldsBuilder } from './fields.ts'
import { emptyGolden, type Golden, type GoldenRecord } from './golden.ts'
import { isTree, type Tree } from './tree.ts'
import { wrapped } from './tshark.ts'
import { time } from './value.ts'

interface Message {
  unix_time?: string
  sys_up_time?: number
  sets: { Data?: { id: number; records: { scope_fields: unknown[]; fields: unknown[] }[] } }[]
}

/** Reads a golden with one message per line, in the order of the datagrams. */
export function readNetgauze(source: string, text: string): Golden {
  const golden = emptyGolden(source)
  golden.listsAll = true
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  for (const [datagram, line] of lines.entries()) {
    const [message] = Object.values(JSON.parse(line) as Record<string, Message>)
    for (const { Data } of message?.sets ?? [])
      for (const { fields } of Data?.records ?? []) {
        const byField = readFields(fields.filter(isTree), message!)
        golden.records.push({ datagram, setId: Data!.id, byField })
      }
  }
  return golden
}

function readFields(fields: readonly Tree[], message: Message): GoldenRecord['byField'] {
  const byField = new FieldsBuilder()
  const icmp = { type: null as number | null, code: 0 }
  for (const field of fields)
    for (const [name, value] of Object.entries(field)) {
      byField.add(name, value)
      if (/^icmpType(IPv4|IPv6)$/.test(name)) icmp.type = Number(value)
      if (/^icmpCode(IPv4|IPv6)$/.test(name)) icmp.code = Number(value)
      addUptime(byField, name, { value, message })
    }
  if (icmp.type !== null) byField.set('icmpTypeCode', icmp.type * 256 + icmp.code, 9e6)
  return byField.preferInnermost().finish()
}

const uptimes: Readonly<Record<string, 'flowStartMilliseconds' | 'flowEndMilliseconds' | undefined>> = {
  flowStartSysUpTime: 'flowStartMilliseconds',
  flowEndSysUpTime: 'flowEndMilliseconds',
} // prettier-ignore

function addUptime(
  byField: FieldsBuilder,
  name: string,
  { value, message }: { value: unknown; message: Message },
): void {
  const field = uptimes[name]
  const { unix_time: exported, sys_up_time: uptimeMs } = message
  if (field === undefined || exported === undefined || uptimeMs === undefined) return
  byField.set(field, Number(time(exported)) - wrapped(uptimeMs - Number(value)))
}
