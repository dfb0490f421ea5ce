import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import * as fc from 'fast-check'

import { parseNetwork } from '../../flow/address.ts'
import { FilterError } from '../../flow/filter.ts'
import type { FilterContext } from '../../flow/filter/context.ts'
import { parseFilter } from '../../flow/filter/parse.ts'
import { formatFilter } from '../../flow/filter/print.ts'
import { servicePorts } from '../../flow/service.ts'
import { generatedFilters } from './generated-filters.ts'

const context: FilterContext = {
  local: [parseNetwork('10.0.0.0/8')!],
  exporters: (name) => (name === 'pfsense' ? ['10.0.0.1'] : []),
  networks: (name) =>
    ({
      office: [parseNetwork('10.1.0.0/16')!],
      'bobby22.bigbiz.local': [parseNetwork('10.0.0.22')!],
    })[name] ?? [],
  services: servicePorts,
  interfaces: (name) => (name === 'wan' ? [{ exporter: '10.0.0.1', index: 1 }] : []),
}

const canonical = (text: string) => formatFilter(parseFilter(text, context))

describe('filters are parsed, and printed in canonical form', () => {
  const cases: readonly [text: string, canonical: string][] = [
    ['host 10.0.0.22', 'host 10.0.0.22'],
    ['ip 2001:DB8::1', 'host 2001:db8::1'],
    ['src ip 10.0.0.22 and dst host 10.0.0.23', 'src host 10.0.0.22 and dst host 10.0.0.23'],
    ['src or dst port 80', 'port 80'],
    ['src and dst net 10/8', 'src and dst net 10.0.0.0/8'],
    ['net 172.16.0.0 255.240.0.0', 'net 172.16.0.0/12'],
    ['net 192.168/16', 'net 192.168.0.0/16'],
    ['src 10.0.0.1', 'src host 10.0.0.1'],
    ['ip in [10.0.0.1, 10.0.0.2 192.0.2.0/24]', 'ip in [10.0.0.1 10.0.0.2 192.0.2.0/24]'],
    ['dst ip 10.0.0.0/8,-10.1.0.0/16', 'dst ip in [10.0.0.0/8 -10.1.0.0/16]'],
    ['src net -10.0.0.0/8', 'not src net 10.0.0.0/8'],
    ['net ::/0', 'ip in [::/0 -0.0.0.0/0]'],
    [
      'src ip ::/0,10/8,-fe80::/10',
      'src ip in [10.0.0.0/8 -fe80::/10] or src ip in [::/0 -fe80::/10 -0.0.0.0/0]',
    ],
    ['net ::ffff:0:0/96', 'net 0.0.0.0/0'],
    ['host office', 'net 10.1.0.0/16'],
    ['ip bobby22.bigbiz.local', 'host 10.0.0.22'],
    ['PROTO TCP And Port 443', 'proto tcp and port 443'],
    ['tcp and not icmp6', 'proto tcp and not proto ipv6-icmp'],
    ['proto in [tcp 17]', 'proto in [tcp udp]'],
    ['port in [80 443]', 'port in [80 443]'],
    ['dst port 1024:65535', 'dst port in [1024:65535]'],
    ['port 80,443,8000-8080,-8010', 'port in [80 443 8000:8009 8011:8080]'],
    ['dst port https', 'dst port 443'],
    ['port > 1023', 'port >= 1024'],
    ['src port <= 1023', 'src port <= 1023'],
    ['port LT 10', 'port <= 9'],
    ['port < 0', 'port < 0'],
    ['port != 80', 'not port 80'],
    ['bytes > 10m', 'bytes >= 10000001'],
    ['packets = 2k', 'packets 2000'],
    ['in bytes >= 1G', 'bytes >= 1000000000'],
    ['duration > 1000', 'duration >= 1001'],
    ['bps > 1m or pps < 10 or bpp 40', 'bps >= 1000001 or pps <= 9 or bpp 40'],
    ['in if 3 and out if 4 or if 5', 'in if 3 and out if 4 or if 5'],
    ['in if wan', 'exporter 10.0.0.1 and in if 1'],
    ['src as 65001 and dst as in [1 2 3]', 'src as 65001 and dst as in [1:3]'],
    ['flags S and not flags AFRPU', 'flags S and not flags any UAPRF'],
    ['flags SA', 'flags AS'],
    ['not flags A', 'not flags A'],
    ['flags S/SA', 'flags 0x02/0x12'],
    ['flags 0x02/0x12', 'flags 0x02/0x12'],
    ['flags 2', 'flags 0x02/0xffff'],
    ['not (flags SA or port 1)', 'not (flags any AS or port 1)'],
    ['tos 184', 'tos 184'],
    ['tos 0xb8/0xfc', 'tos 0xb8/0xfc'],
    ['dscp 46', 'dscp 46'],
    ['icmp-type 8', 'proto in [icmp ipv6-icmp] and icmp-type 8'],
    ['next ip 10.0.0.9', 'next ip 10.0.0.9'],
    ['nexthop 10.0.0.9', 'next ip 10.0.0.9'],
    ['next ip 0.0.0.0', 'next ip in [0.0.0.0 ::]'],
    ['next ip 0.0.0.0/0', 'next ip 0.0.0.0/0'],
    ['router ip 10.0.0.1', 'exporter 10.0.0.1'],
    ['exporter pfsense', 'exporter 10.0.0.1'],
    ['exporter "pfsense"', 'exporter 10.0.0.1'],
    ['inet and inet6 or ipv4', 'inet and inet6 or inet'],
    ['src local and dst remote', 'src local and not dst local'],
    ['local', 'local'],
    ['remote', 'not src and dst local'],
    ['direction in', 'not src local and dst local'],
    ['vlan 100 and src vlan 5', 'vlan 100 and src vlan 5'],
    ['mac 00:11:22:33:44:55', 'mac 00:11:22:33:44:55'],
    ['in src mac 0011.2233.4455', 'src mac 00:11:22:33:44:55'],
    ['application 3:443', 'application 3:443'],
    ['sampling > 1', 'sampling >= 2'],
    ['nip 10.0.0.1 and src nport 80', 'nip 10.0.0.1 and src nport 80'],
    ['mpls label1 = 16', 'mpls label1 16'],
    ['ingress vrf 3', 'in vrf 3'],
    ['flowdir egress', 'flowdir egress'],
    ['observation domain id 7', 'domain 7'],
    ['src mask 24', 'src mask 24'],
    ['any', 'any'],
    ['! port 1 && (port 2 || port 3)', 'not port 1 and (port 2 or port 3)'],
    ['port 1 or port 2 and port 3', 'port 1 or port 2 and port 3'],
    ['not not port 1', 'port 1'],
    ['((port 1))', 'port 1'],
    ['port 1 # web\n and port 2 # more', 'port 1 and port 2'],
  ]
  for (const [text, expected] of cases)
    if (expected !== '')
      test(text, () => {
        assert.equal(canonical(text), expected)
        assert.equal(canonical(expected), expected)
      })

  test('an empty text is no filter', () => {
    assert.equal(parseFilter('  '), null)
    assert.equal(parseFilter('# nothing'), null)
    assert.equal(formatFilter(null), '')
  })

  test('any filter survives printing and parsing', () => {
    const filters = generatedFilters({ addresses: ['10.0.0.1', '2001:db8::1', '192.0.2.7'] })
    const property = fc.property(filters, (filter) => {
      const text = formatFilter(filter)
      const again = formatFilter(parseFilter(text))
      assert.equal(formatFilter(parseFilter(again)), again)
    })
    fc.assert(property, { numRuns: 1000 })
  })
})

describe('invalid filters are refused', () => {
  const cases: readonly [text: string, position: number, expected: RegExp][] = [
    ['host', 4, /an address/],
    ['host bobby', 5, /known name/],
    ['port 99999', 5, /a port/],
    ['port 80 443', 8, /"and", "or" or the end/],
    ['hots 1', 0, /a field such as host/],
    ['host 10.0.0.1 and', 17, /a field/],
    ['src proto tcp', 4, /port.*host.*after src/],
    ['in 3', 3, /if.*after in/],
    ['(port 1', 7, /"\)"/],
    ['port 1)', 6, /"and", "or" or the end/],
    ['port in [80', 11, /"\]"/],
    ['port in []', 9, /a port/],
    ['flags Q', 6, /TCP flags/],
    ['bytes > 10x', 8, /a number/],
    ['port > 80,90', 9, /"and", "or" or the end/],
    ['exporter nobody', 9, /exporter/],
    ['port 1 ; drop', 7, /"and", "or" or the end/],
    ['port 1 & port 2', 7, /a word/],
    ['port 1 -- more', 7, /"and", "or" or the end/],
    ['net 10.0.0.0 255.0.255.0', 13, /netmask/],
    ['not', 3, /a field/],
    ['direction up', 10, /internal/],
    ['proto foo', 6, /a protocol/],
    ['in if lan', 6, /interface/],
    ['net 10.0.0.0/33', 4, /network/],
    ['"host" 10.0.0.1', 0, /a field/],
  ]
  for (const [text, position, expected] of cases)
    test(text, () => {
      assert.throws(
        () => parseFilter(text, context),
        (error) => {
          assert.ok(error instanceof FilterError)
          assert.equal(error.position, position)
          assert.match(error.expected, expected)
          return true
        },
      )
    })

  test('filters that are too long, too deep or too large are refused', () => {
    const hugeTexts = [
      `${'('.repeat(5000)}port 1`,
      'not '.repeat(4000),
      `port in [${'1 '.repeat(6000)}]`,
      `port 1${' or port 1'.repeat(1700)}`,
    ]
    for (const text of hugeTexts) assert.throws(() => parseFilter(text, context), FilterError)
  })

  test('any text is parsed or refused, at a position within it', () => {
    const words = ['src', 'dst', 'host', 'port', 'in', '[', ']', '(', ')', 'not', 'and', 'or', '10.0.0.1', '80', '-', ',', '>', 'flags', 'S', '"', '#', "'", ';', '0x1/0x2', 'tos', '٣', '\u0000', 'if', 'net', '10/8', 'local', 'proto', 'tcp', '=', '!='] // prettier-ignore
    const text = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.array(fc.constantFrom(...words), { maxLength: 14 }).map((each) => each.join(' ')),
    )
    const property = fc.property(text, (given) => {
      try {
        const printed = canonical(given)
        assert.equal(canonical(printed), printed)
      } catch (error) {
        assert.ok(error instanceof FilterError, String(error))
        assert.ok(error.position >= 0 && error.position <= given.length)
      }
    })
    fc.assert(property, { numRuns: 5000 })
  })
})
