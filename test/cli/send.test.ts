/** `weir replay --to`: captures sent as live UDP, with their times moved to now. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { on, once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'

import { encodeV5, testExportMs, testUptimeMs } from '../encode/fixed.ts'
import { writeCapture } from '../encode/pcap-write.ts'
import { encodeIpfix, encodeV9, field, type EncodedTemplate } from '../encode/sets.ts'
import { runWeir, scratchFolder } from '../processes.ts'

/** Seconds from 1900, the NTP epoch, to 1970. */
const ntpEpochSeconds = 2_208_988_800n
const reverse = 29_305
const variableLength = 65_535

/** Times in every absolute form, after a field of variable length; then what must stay. */
const ipfixTemplate: EncodedTemplate = {
  id: 300,
  fields: [
    field(82, variableLength),
    field(150, 4),
    field(152, 8),
    field(153, 8),
    field(154, 8),
    field(157, 8),
    field(155, 8),
    field(160, 8),
    field(152, 8, reverse),
    field(22, 4),
    field(158, 4),
    field(152, 8, 9),
    field(1, 8),
  ],
}

/** The system's start. */
const optionsTemplate = { id: 302, scopes: [field(1, 4)], fields: [field(160, 8)] }

const v9Template: EncodedTemplate = { id: 301, fields: [field(22, 8), field(21, 4), field(153, 8)] }

/** The capture's datagrams as they would be exported so many seconds later. */
function exported(seconds: number): Uint8Array[] {
  const at = testExportMs / 1000 + seconds
  const ms = at * 1000 - 5250
  const ntp = ((BigInt(at) + ntpEpochSeconds) << 32n) | 0x4000_0000n
  const moving = [at - 9, ms, 0, ntp, ntp, BigInt(at) * 1_000_000n, ms - testUptimeMs, ms]
  const staying = [3_590_000, 5_250_000, 4242, 1_794_826_800_000]
  const exportMs = at * 1000
  return [
    encodeV5({ exportMs }, [{ first: 3_590_000, last: 3_599_000 }]),
    encodeIpfix({
      exportMs,
      sets: [
        { templates: [ipfixTemplate] },
        { optionsTemplates: [optionsTemplate] },
        { data: optionsTemplate, records: [[1, ms]] },
        {
          data: ipfixTemplate,
          records: [
            ['ge-0/0/0', ...moving, ...staying],
            ['', ...moving, ...staying],
          ],
          padding: 3,
        },
      ],
    }),
    encodeV9({
      exportMs,
      sets: [
        { templates: [v9Template] },
        { data: v9Template, records: [[ms, 3_590_000, ms]] },
        { optionsTemplates: [optionsTemplate] },
        { data: optionsTemplate, records: [[1, ms]] },
      ],
    }),
  ]
}

test('--to moves the times of headers and records to now, and nothing else', async (t) => {
  const file = join(await scratchFolder(), 'capture.pcap')
  const datagrams = exported(0)
  await writeCapture(
    file,
    '192.0.2.1',
    datagrams.map((payload) => ({ payload, receivedMs: testExportMs })),
  )
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  t.after(() => socket.close())
  await once(socket, 'listening')
  const arriving = on(socket, 'message')
  const beforeSeconds = Math.floor(Date.now() / 1000)
  const { code, stdout, stderr } = await runWeir(
    ['replay', file, '--to', `127.0.0.1:${socket.address().port}`],
    {},
  )
  const afterSeconds = Math.ceil(Date.now() / 1000)
  assert.deepEqual([code, stderr, stdout.split(' ')[0]], [0, '', '3'])
  const offsets = [8, 4, 8]
  for (const [i, offset] of offsets.entries()) {
    const { value } = (await arriving.next()) as { value: [Buffer] }
    const exportSeconds = value[0].readUInt32BE(offset)
    assert.ok(exportSeconds >= beforeSeconds && exportSeconds <= afterSeconds)
    const expected = exported(exportSeconds - testExportMs / 1000)[i]!
    assert.equal(value[0].toString('hex'), Buffer.from(expected).toString('hex'))
  }
})

test('--to says that the receiver takes several exporters for one', async (t) => {
  const folder = await scratchFolder()
  const files = ['192.0.2.1', '192.0.2.2'].map((address) => [address, join(folder, address)])
  for (const [address, file] of files)
    await writeCapture(file!, address!, [{ payload: exported(0)[0]!, receivedMs: testExportMs }])
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  t.after(() => socket.close())
  await once(socket, 'listening')
  const target = `127.0.0.1:${socket.address().port}`
  const paths = files.map(([, file]) => file!)
  const said = async (...argv: string[]) =>
    (await runWeir(['replay', ...argv, '--to', target], {})).stdout.trim()
  assert.equal(await said(paths[0]!), `1 datagrams sent to ${target}`)
  assert.match(await said(...paths), /^2 datagrams sent .+\nthey were of several exporters/)
  assert.deepEqual(JSON.parse(await said(...paths, '--json')), {
    datagrams: 2,
    severalExporters: true,
    cut: [],
  })
})
