/** A container behind a bridge knows its gateway, and warns of an exporter with that address. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { bridgeGateways, lostAddresses } from '../../../ingest/exporters/gateway.ts'
import { scratchFolder } from '../../processes.ts'

const route = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
`
const route6 = `fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000001 00000000 00000003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`

async function rootWith(files: Record<string, string>): Promise<string> {
  const root = `${await scratchFolder()}/`
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return root
}

const container = {
  '.dockerenv': '',
  'proc/net/route': route,
  'proc/net/ipv6_route': route6,
  'sys/class/net/eth0/ifindex': '12\n',
  'sys/class/net/eth0/iflink': '13\n',
}

test('the gateways of a bridge, IPv4 and IPv6', async () => {
  assert.deepEqual(await bridgeGateways(await rootWith(container)), ['172.18.0.1', 'fd00::1'])
})

test('none on a bare host, and none in a container on the host network', async () => {
  const { '.dockerenv': _, ...bare } = container
  assert.deepEqual(await bridgeGateways(await rootWith(bare)), [])
  const card = { ...container, 'sys/class/net/eth0/iflink': '12\n' }
  assert.deepEqual(await bridgeGateways(await rootWith(card)), [])
  assert.deepEqual(await bridgeGateways(await rootWith({ '.dockerenv': '' })), [])
})

test('an exporter with that address is a warning, others are not', () => {
  const exporters = [{ address: '10.0.0.1' }, { address: '172.18.0.1' }]
  const [warning, ...others] = lostAddresses(exporters, ['172.18.0.1'])
  assert.match(warning?.what ?? '', /^172\.18\.0\.1 is this container's own gateway/)
  assert.match(warning?.remedy ?? '', /network_mode: host/)
  assert.deepEqual(others, [])
})
