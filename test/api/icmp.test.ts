/** ICMP has its type and code in every list of flows, wherever its exporter puts them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { FlowsAnswer } from '../../api/schema/schema.ts'
import { icmpText } from '../../flow/icmp.ts'
import { Archive } from '../../store/archive/archive.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import { encodeV5, testExportMs, testUptimeMs } from '../encode/fixed.ts'
import { encodeIpfix, encodeV9, field } from '../encode/sets.ts'
import { encodeSflow, headerRecord } from '../encode/sflow.ts'
import type { Value } from '../encode/value.ts'
import { decodeAll } from '../ingest/decode/decoded.ts'
import { scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { appUnderTest } from './app-under-test.ts'

type Fields = readonly (readonly [id: number, length: number, value: Value])[]

const icmp = 1
const icmp6 = 58
const ends: Fields = [[8, 4, '10.0.0.1'], [12, 4, '10.0.0.2'], [4, 1, icmp]] // prettier-ignore
const ends6: Fields = [[27, 16, '2001:db8::1'], [28, 16, '2001:db8::2'], [4, 1, icmp6]] // prettier-ignore
const uptimes: Fields = [[1, 4, 84], [2, 4, 1], [22, 4, testUptimeMs - 1000], [21, 4, testUptimeMs]] // prettier-ignore
const times: Fields = [[1, 4, 84], [2, 4, 1], [152, 8, testExportMs - 1000], [153, 8, testExportMs]] // prettier-ignore

function setsOf(fields: Fields) {
  const template = { id: 256, fields: fields.map(([id, length]) => field(id, length)) }
  return [
    { templates: [template] },
    { data: template, records: [fields.map(([, , value]) => value)] },
  ]
}

const v9 = (...fields: Fields) => encodeV9({ sets: setsOf([...ends, ...uptimes, ...fields]) })
const ipfix = (...fields: Fields) => encodeIpfix({ sets: setsOf(fields) })
const v5 = (sourcePort: number, destinationPort: number, protocol = icmp) =>
  encodeV5({}, [{ sourcePort, destinationPort, protocol }])

const echoFrame = Buffer.from(
  '020000000001020000000002 0800 4500005400000000 4001 0000 0a0000010a000002 0800f7ff00000000'.replaceAll(' ', ''), 'hex',
) // prettier-ignore

/** Each datagram with one flow: what its list shows in place of a port, and null where it has ports. */
const cases: readonly [what: string, datagram: Uint8Array, shown: string | null][] = [
  ['v5: in the port', v5(0, 0x0800), '8.0'],
  ['v5: an echo reply', v5(0, 0), '0.0'],
  ['v5 of fprobe: type and code as two ports', v5(3, 3), null],
  ['v5: UDP', v5(0, 0x0800, 17), null],
  ['v9: in the port', v9([7, 2, 0], [11, 2, 0x0303]), '3.3'],
  ['v9: apart', v9([32, 2, 0x0b00]), '11.0'],
  ['IPFIX: type and code', ipfix(...ends, ...times, [176, 1, 8], [177, 1, 0]), '8.0'],
  ['IPFIX: ICMPv6', ipfix(...ends6, ...times, [139, 2, 0x8000]), '128.0'],
  [
    'sFlow: in the packet',
    encodeSflow({
      samples: [{ rate: 1, input: 1, output: 2, records: [headerRecord(echoFrame)] }],
    }),
    '8.0',
  ],
]

for (const [what, datagram, shown] of cases)
  test(what, async (t) => {
    const folder = await scratchFolder()
    const archive = await Archive.open(folder)
    archive.add(decodeAll([datagram]).flows)
    await archive.publish({})
    await archive.close()
    const flows = await openFlowStore(folder, { local: readSettings({}).local })
    t.after(() => flows.close())
    const { get, app } = await appUnderTest(t, { options: { flows } })
    const asked = `/api/flows?from=${testExportMs / 1000 - 600}&to=${testExportMs / 1000 + 600}`
    const [one] = (await get<FlowsAnswer>(asked)).flows
    assert.ok(one)
    assert.equal(icmpText(one), shown)
    const csv = (await app.inject(`${asked}&format=csv`)).body.split('\r\n')
    assert.match(csv[0]!, /,icmpType,icmpCode$/)
    assert.ok(csv[1]!.endsWith(`,${shown?.replace('.', ',') ?? ','}`), csv[1])
    const filtered = await get<FlowsAnswer>(`${asked}&filter=icmp-type+${one.icmpType ?? 255}`)
    assert.equal(filtered.flows.length, shown === null ? 0 : 1)
  })
