/** The same filter in nfdump and Weir over the same datagrams: the same flows, packets and bytes. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, after, describe, test } from 'node:test'

import { writeCapture } from '../encode/pcap-write.ts'
import { scratchFolder } from '../processes.ts'
import { skipWithout } from '../setup/parts.ts'
import { openBoth, type Both } from './both.ts'
import { mixedCapture } from './mixed-capture.ts'
import { nfdumpAsTotals, nfdumpTotals } from './nfcapd.ts'

const story = 'test/captures/monday-outage.v9.pcap.gz'
const skip = skipWithout('nfcapd', 'nfdump')

const storyFilters = [
  'any',
  'host 10.0.0.22',
  'src ip 10.0.0.22',
  'dst host 203.0.113.80',
  'host 10.0.0.22 and host 203.0.113.80',
  'src net 10.0.0.0/24',
  'dst net 10.0.0.0/28 and dst port 443',
  'ip in [10.0.0.22 10.0.0.23 203.0.113.0/24]',
  'proto tcp',
  'proto udp and port 53',
  'not proto tcp',
  'port in [80 443]',
  'src port 443 or src port 80',
  'dst port > 1023',
  'port < 1024 and not port 443',
  'bytes > 1k',
  'bytes >= 10m',
  'packets > 100 and packets < 1k',
  'bps > 1m',
  'pps > 10',
  'bpp < 100',
  'bpp > 1000 and duration > 1000',
  'duration > 60000',
  'flags S and not flags AFRPU',
  'flags SF',
  'not flags SA',
  'not (flags SA or port 53)',
  'proto tcp and (dst port 443 or src net 192.0.2.0/24) and not host 10.0.0.1',
  'flowdir ingress',
  'flowdir egress',
]

const mixedFilters = [
  'any',
  'inet',
  'inet6',
  'ipv6 and proto tcp',
  'host 2001:db8::22',
  'src net 2001:db8::/48',
  'net 172.16.0.0 255.240.0.0',
  'dst ip in [2001:db8::/32 10.0.0.0/8]',
  'src or dst port 53',
  'src and dst net 10.0.0.0/8',
  'proto icmp',
  'proto 58',
  'icmp-type 8',
  'icmp-type 0 and icmp-code 0',
  'icmp-type 3',
  'not icmp-type 8',
  'proto gre or proto esp',
  'flags S',
  'flags SA',
  'flags FSRPAU',
  'flags R and not flags A',
  'not flags FS',
  'flags 18',
  'flags X',
  'tos 184',
  'tos 16 or tos 40',
  'in if 1',
  'out if 4',
  'if 70000',
  'src mask 24',
  'dst mask 32',
  'vlan 100',
  'src vlan 200',
  'dst vlan 300',
  'next ip 192.0.2.254',
  'next ip 2001:db8::ff',
  'next ip 0.0.0.0',
  'router ip 127.0.0.1',
  'mac 00:11:22:33:44:55',
  'in src mac 00:11:22:33:44:66',
  'in dst mac 00:aa:bb:cc:dd:02',
  'packets = 1',
  'packets >= 2m',
  'bytes 0',
  'bytes > 4g',
  'bytes 999999',
  'bps > 1k',
  'bps = 0',
  'pps = 0',
  'pps > 1m',
  'bpp = 0',
  'bpp 40',
  'duration 0',
  'duration >= 300000',
  'port 1023 and not src port 1023',
  'proto tcp or proto udp and port 53',
  'not (proto tcp and flags S) and not inet6',
  'src port in [22,53 80] and dst mask 24',
]

/** nfdump 1.7.1 filters by AS only with a geo database: its sums by AS are added up here instead. */
const asFilters: readonly [
  text: string,
  holds: (source: number, destination: number) => boolean,
][] = [
  ['src as 65001', (source) => source === 65_001],
  ['dst as 3320', (_, destination) => destination === 3320],
  ['as 65001', (...ends) => ends.includes(65_001)],
  ['src as > 65001', (source) => source > 65_001],
  ['as in [65002 3320]', (...ends) => ends.some((each) => [65_002, 3320].includes(each))],
  ['not as 65001', (...ends) => !ends.includes(65_001)],
]

/** Compares each filter over one capture, and counts those that match some flows but not all. */
function compared(name: string, filters: readonly string[], capture: () => Promise<string>): void {
  describe(`${filters.length} filters over ${name}`, { skip }, () => {
    let both: Both
    let selective = 0

    before(async () => {
      both = await openBoth(await capture())
    })
    after(() => both?.close())

    for (const text of filters)
      test(text, async () => {
        const [ours, theirs] = await Promise.all([
          both.totals(text),
          nfdumpTotals(both.folder, text),
        ])
        assert.deepEqual(ours, theirs)
        const all = await both.totals('any')
        if (ours.flows > 0 && ours.flows < all.flows) selective++
      })

    for (const [text, holds] of name === 'the story' ? [] : asFilters)
      test(text, async () =>
        assert.deepEqual(await both.totals(text), await nfdumpAsTotals(both.folder, holds)),
      )

    test('most of them match some flows but not all', () => {
      assert.ok(selective > filters.length * 0.75, `${selective} of ${filters.length}`)
    })
  })
}

compared('the story', storyFilters, async () => story)
compared('a mixed capture', mixedFilters, async () => {
  const file = join(await scratchFolder(), 'mixed.pcap')
  // From the same address from which nfcapd gets it.
  await writeCapture(file, '127.0.0.1', mixedCapture())
  return file
})
