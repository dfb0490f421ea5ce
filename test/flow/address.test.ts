import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import {
  addressHalves,
  formatAddress,
  formatHalves,
  formatNetwork,
  isIPv4,
  isSameAddress,
  maskWords,
  NetworkSet,
  parseAddress,
  parseNetwork,
  type Network,
} from '../../flow/address.ts'

const word = fc.nat(0xffffffff)

test('an address is IPv4 only with the complete prefix before it, and two are equal only in all words', () => {
  const address = parseAddress('192.0.2.1')!
  assert.equal(isIPv4(address), true)
  assert.ok(isSameAddress(address, parseAddress('::ffff:192.0.2.1')!))
  for (const place of [0, 1, 2, 3]) {
    const [w0, w1, w2, w3] = address.map((each, i) => (i === place ? each + 1 : each))
    assert.equal(isIPv4([w0!, w1!, w2!, w3!]), place === 3)
    assert.equal(isSameAddress(address, [w0!, w1!, w2!, w3!]), false)
  }
})

test('an address survives conversion to text and to halves', () => {
  fc.assert(
    fc.property(word, word, word, word, (a, b, c, d) => {
      const words = [a, b, c, d] as const
      const text = formatAddress(...words)
      assert.deepEqual(parseAddress(text), words)
      const { high, low } = addressHalves(words)
      assert.equal(formatHalves(high, low), text)
    }),
  )
})

test('IPv4 is written in dotted form, IPv6 as in RFC 5952', () => {
  assert.equal(formatAddress(0, 0, 0xffff, 0x0a000016), '10.0.0.22')
  assert.equal(formatAddress(0x20010db8, 0, 0, 1), '2001:db8::1')
})

test('invalid addresses are refused', () => {
  for (const text of ['', '10.0.0', '10.0.0.256', '0x7f.1', '1', 'bobby22', '::1::', '10.0.0.1/8'])
    assert.equal(parseAddress(text), null, text)
})

test('of all forms of an IPv4 address only four decimal numbers without leading zeros are taken', () => {
  const part = fc.oneof(fc.nat(300).map(String), fc.constantFrom('', '00', '01', '0x1', '+1', ' 1', '1 ', '1e1', '٣')) // prettier-ignore
  const parts = fc.array(part, { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(parts, (given) => {
      const isOne = given.length === 4 && given.every((each) => /^(0|[1-9]\d{0,2})$/.test(each) && Number(each) < 256) // prettier-ignore
      const word = given.reduce((sum, each) => sum * 256 + Number(each), 0)
      assert.deepEqual(parseAddress(given.join('.')), isOne ? [0, 0, 0xffff, word] : null)
    }),
    { numRuns: 2000 },
  )
})

test('a network contains its addresses and no others', () => {
  const set = new NetworkSet([
    parseNetwork('10.0.0.0/8'),
    parseNetwork('2001:db8::/33'),
  ] as Network[])
  for (const inside of ['10.0.0.0', '10.255.255.255', '2001:db8::1', '2001:db8:7fff::'])
    assert.ok(set.hasText(inside), inside)
  for (const outside of ['11.0.0.0', '9.255.255.255', '2001:db8:8000::', '::', 'no address'])
    assert.ok(!set.hasText(outside), outside)
})

test('whatever the networks, an address is in the set if it is in one of them', () => {
  const ipv4 = fc.tuple(fc.constant(0), fc.constant(0), fc.constant(0xffff), word)
  const address = fc.oneof(ipv4, fc.tuple(word, word, word, word))
  const network = fc
    .oneof(fc.tuple(ipv4, fc.integer({ min: 70, max: 128 })), fc.tuple(address, fc.nat(128)))
    .map(([words, bits]): Network => ({ words: maskWords(words, bits), bits }))
  const probes = fc.array(fc.tuple(fc.nat(99), fc.nat(31), address))
  fc.assert(
    fc.property(fc.array(network, { maxLength: 6 }), probes, (networks, asked) => {
      const set = new NetworkSet(networks)
      for (const [index, bit, other] of asked) {
        // Most of the addresses tested lie at the edge of a network.
        const [w0, w1, w2, w3] = networks[index % 8]?.words ?? other
        const words = [w0, w1, w2, (w3 ^ (1 << bit)) >>> 0] as const
        const isIn = networks.some(
          (each) => String(maskWords(words, each.bits)) === String(each.words),
        )
        assert.equal(set.has(...words), isIn, formatAddress(...words))
      }
    }),
    { numRuns: 500 },
  )
})

test('networks are parsed with host bits cleared, and invalid ones refused', () => {
  assert.equal(formatNetwork(parseNetwork('192.0.2.77/24')!), '192.0.2.0/24')
  assert.equal(formatNetwork(parseNetwork('2001:db8::5')!), '2001:db8::5/128')
  for (const text of ['10.0.0.0/33', '2001:db8::/129', '10.0.0.0/8/8', '10.0.0.0/x', ''])
    assert.equal(parseNetwork(text), null, text)
})
