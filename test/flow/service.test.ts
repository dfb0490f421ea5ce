import assert from 'node:assert/strict'
import { test } from 'node:test'

import { protocolName, protocolNumber } from '../../flow/protocol.ts'
import { ephemeralPort, noPort, portText, serviceName, servicePort } from '../../flow/service.ts'

test('the service port is the lower registered one, then the lower below 1024, else ephemeral', () => {
  const tcp = (source: number, destination: number) => servicePort(6, source, destination)
  assert.equal(tcp(51_234, 443), 443)
  assert.equal(tcp(443, 51_234), 443)
  assert.equal(tcp(80, 443), 80)
  assert.equal(tcp(8080, 60_999), 8080, 'registered though above 1024')
  assert.equal(serviceName(6, 1008), null)
  assert.equal(tcp(1008, 60_999), 1008, 'not registered, but below 1024')
  assert.equal(tcp(60_998, 60_999), ephemeralPort)
  assert.equal(servicePort(1, 0, 2048), noPort)
})

test('ports are stored as numbers or words', () => {
  assert.deepEqual([443, ephemeralPort, noPort].map(portText), ['443', 'ephemeral', 'none'])
})

test('protocols have IANA names, or numbers if they have none', () => {
  assert.deepEqual([1, 6, 17, 50, 58, 61, 132, 253].map(protocolName), [
    'icmp',
    'tcp',
    'udp',
    'esp',
    'ipv6-icmp',
    '61',
    'sctp',
    '253',
  ])
  for (let number = 0; number < 256; number++)
    assert.equal(protocolNumber(protocolName(number)), number)
  assert.equal(protocolNumber('256'), null)
  assert.equal(protocolNumber('constructor'), null)
})
