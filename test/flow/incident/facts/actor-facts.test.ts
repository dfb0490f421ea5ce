/** An actor's main peer: the one with most of its connections, unless that one had hardly any bytes. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { actorFacts } from '../../../../flow/incident/facts/actor-facts.ts'
import { passedIn, totalOf } from '../../../../flow/incident/facts/totals.ts'
import { Scene } from '../../../../flow/incident/scene/scene.ts'
import { t0, tableOf, type TestFlow } from '../tables.ts'

/** A connection of 10.0.0.22 to a peer, with the answer. */
function opened(
  peer: string,
  port: number,
  bytes: number,
  first = t0 + 60_000,
): Partial<TestFlow>[] {
  const last = first + 30_000
  return [
    { first, last, destination: peer, sourcePort: port, destinationPort: 443, bytes: 60, tcpFlags: 2 },
    { first: first + 20, last, source: peer, destination: '10.0.0.22', sourcePort: 443, destinationPort: port, bytes },
  ] // prettier-ignore
}

function mainPeerOf(flows: readonly Partial<TestFlow>[]) {
  return factsOf(flows).mainPeer
}

function factsOf(flows: readonly Partial<TestFlow>[], sampling = 1) {
  const table = tableOf(flows)
  table.sampling = sampling
  const scene = new Scene(table, { from: t0, seconds: 300 })
  const span = { from: t0 + 60_000, to: t0 + 120_000 }
  const host = scene.hosts.find('10.0.0.22')!
  return actorFacts(scene, host, { span, direction: 'in', whole: 1e9 })
}

test('a flow from a host to itself is both sent and received', () => {
  const flow = { first: t0 + 70_000, last: t0 + 70_000, source: '10.0.0.22', bytes: 900 }
  const scene = new Scene(tableOf([{ ...flow, destination: '10.0.0.22' }]), { from: t0, seconds: 300 }) // prettier-ignore
  const span = { from: t0 + 60_000, to: t0 + 120_000 }
  const host = scene.hosts.find('10.0.0.22')!
  const sums = (['in', 'out'] as const).map(
    (direction) => actorFacts(scene, host, { span, direction, whole: 900 }).bytes,
  )
  assert.deepEqual(sums, [900, 900])
})

const many = (peer: string, count: number, bytes: number, port: number) =>
  Array.from({ length: count }, (_, i) => opened(peer, port + i, bytes)).flat()

suite('the main peer', () => {
  test('is the one with most connections', () => {
    const main = mainPeerOf([...many('203.0.113.80', 9, 1e6, 100), ...many('203.0.113.9', 2, 9e6, 900)]) // prettier-ignore
    assert.deepEqual(main, { address: '203.0.113.80', connections: 9, bytes: 9e6 })
  })

  test('is not one that only resolved names', () => {
    const main = mainPeerOf([...many('192.0.2.53', 9, 190, 100), ...many('203.0.113.80', 2, 9e6, 900)]) // prettier-ignore
    assert.deepEqual(main, { address: '203.0.113.80', connections: 2, bytes: 18e6 })
  })

  test('stays the one with most connections if nobody has most of the bytes', () => {
    const spread = Array.from({ length: 5 }, (_, i) => opened(`203.0.113.${i}`, 900 + i, 1e6))
    const main = mainPeerOf([...many('192.0.2.53', 9, 190, 100), ...spread.flat()])
    assert.equal(main?.address, '192.0.2.53')
  })

  test('may be one with a connection opened long before', () => {
    const old = opened('203.0.113.80', 900, 5e7, t0 + 50_000)
    const main = mainPeerOf([...many('198.51.100.7', 2, 1e4, 100), ...old])
    assert.deepEqual([main?.address, main?.connections], ['203.0.113.80', 0])
  })
})

suite('a tunnel', () => {
  const through = (change: Partial<TestFlow>) => {
    const flow = { first: t0 + 70_000, last: t0 + 80_000, source: '203.0.113.9', destination: '10.0.0.22' } // prettier-ignore
    return factsOf([...many('203.0.113.80', 2, 1e6, 900), { ...flow, bytes: 9e6, ...change }])
  }

  test('is named if most bytes were in it', () => {
    const udp = { protocol: 17, sourcePort: 51_820 }
    assert.equal(through({ protocol: 47, sourcePort: 0, destinationPort: 0 }).tunnel, 'GRE')
    assert.equal(through({ protocol: 50, sourcePort: 0, destinationPort: 0 }).tunnel, 'ESP')
    assert.equal(through({ ...udp, destinationPort: 51_820 }).tunnel, 'WireGuard')
    assert.equal(through({ ...udp, destinationPort: 50_000 }).tunnel, 'WireGuard')
  })

  test('is not named otherwise', () => {
    const quic = { protocol: 17, sourcePort: 443, destinationPort: 51_820 }
    assert.equal(through(quic).tunnel, undefined)
    assert.equal(through({ protocol: 6, destinationPort: 51_820 }).tunnel, undefined)
    assert.equal(through({ protocol: 47, bytes: 1e6 }).tunnel, undefined)
  })
})

test('a multicast group is no actor: of what is sent to it, the sender is', () => {
  for (const [source, destination] of [['203.0.113.9', '239.1.2.3'], ['2001:db8::9', 'ff3e::1'], ['203.0.113.9', '255.255.255.255']] as const) {
    const scene = new Scene(tableOf([{ source, destination }]), { from: t0, seconds: 300 })
    assert.deepEqual([...scene.followed.keys()].map((host) => scene.hosts.text(host)), [source])
    assert.equal(scene.isCandidate(0, 'destination'), false)
  }
}) // prettier-ignore

test('hosts with which there were connections are told from all peers, and those inside from those outside', () => {
  const at = (second: number) => ({ first: t0 + second * 1000, last: t0 + second * 1000 + 500 })
  const [host, inside] = ['10.0.0.22', '10.0.0.5']
  const scene = new Scene(
    tableOf([
      { ...at(60), source: host, destination: '203.0.113.1', sourcePort: 50_001, tcpFlags: 2 },
      { ...at(61), source: host, destination: inside, sourcePort: 50_002, tcpFlags: 2 },
      { ...at(62), source: '203.0.113.2', destination: host, sourcePort: 50_003, tcpFlags: 2 },
    ]),
    { from: t0, seconds: 300 },
  )
  const facts = (name: string) =>
    actorFacts(scene, scene.hosts.find(name)!, { span: { from: t0, to: t0 + 300_000 }, direction: 'in', whole: 1 })
  const { peers, openedTo, acceptedFrom, opensInside } = facts(host)
  assert.deepEqual({ peers, openedTo, acceptedFrom, opensInside }, { peers: 3, openedTo: 2, acceptedFrom: 1, opensInside: true })
  assert.equal(facts(inside).opensInside, undefined)
  const span = { from: t0, to: t0 + 300_000 }
  assert.deepEqual([totalOf(scene, span).in + totalOf(scene, span).out, passedIn(scene, span)], [4000, 3000])
}) // prettier-ignore

test('0.0.0.0 and :: are nobody, so no actors', () => {
  for (const [source, destination] of [['0.0.0.0', '0.0.0.0'], ['::', '::'], ['0.0.0.0', '255.255.255.255']] as const) {
    const scene = new Scene(tableOf([{ source, destination }]), { from: t0, seconds: 300 })
    assert.equal(scene.followed.size, 0)
  }
  const scene = new Scene(tableOf([{ source: '0.0.0.0', destination: '10.0.0.22' }]), { from: t0, seconds: 300 })
  assert.deepEqual([...scene.followed.keys()].map((host) => scene.hosts.text(host)), ['10.0.0.22'])
}) // prettier-ignore

test('an address that ends in .255 and sends nothing may be a broadcast address, and is no actor', () => {
  const pairs = many('198.51.100.7', 20, 1e4, 100)
  const to = (destination: string, change: Partial<TestFlow> = {}) => ({
    first: t0 + 70_000, last: t0 + 80_000, destination, protocol: 17, sourcePort: 5000, destinationPort: 5000, bytes: 1e9, ...change,
  }) // prettier-ignore
  const followed = (...flows: Partial<TestFlow>[]) => {
    const scene = new Scene(tableOf([...pairs, ...flows]), { from: t0, seconds: 300 })
    return [...scene.followed.keys()].map((host) => scene.hosts.text(host))
  }
  const broadcast = '10.0.0.255'
  assert.deepEqual(followed(to(broadcast)), ['10.0.0.22'])
  const sent = { first: t0, last: t0, source: broadcast, destination: '10.0.0.9' }
  const hosts: Partial<TestFlow>[][] = [
    [to('10.0.0.254')],
    [to(broadcast), sent],
    [to(broadcast, { protocol: 6 })],
    [to(broadcast, { source: '203.0.113.9' })],
  ]
  for (const flows of hosts) assert.ok(followed(...flows).includes(flows[0]!.destination!))
  const scene = new Scene(tableOf([to(broadcast)]), { from: t0, seconds: 300 })
  assert.equal(scene.followed.size, 2, 'not if the exporter may report one direction')
})

suite('who asked for the bytes of a host', () => {
  const host = '10.0.0.22'
  const own = many('198.51.100.7', 5, 1e4, 100)
  const asked = (source: string, sourcePort: number, bytes: number): Partial<TestFlow> => ({
    first: t0 + 70_000, last: t0 + 80_000, source, destination: host, sourcePort, destinationPort: 443, bytes, tcpFlags: 0x1b,
  }) // prettier-ignore
  const flood = Array.from({ length: 40 }, (_, i) => asked(`203.0.113.${i % 20}`, 30_000 + i, 1e6))

  test('others, if most were in connections that they opened to it', () => {
    const { askedBy, accepted, connections, sentNothing } = factsOf([...own, ...flood])
    assert.deepEqual([askedBy, accepted, connections, sentNothing], [20, 40, 5, undefined])
  })

  test('nobody, if it sent nothing in them and both directions are reported', () => {
    const { askedBy, sentNothing } = factsOf([...many('198.51.100.7', 50, 1e4, 100), ...flood])
    assert.deepEqual([askedBy, sentNothing], [20, true])
  })

  test('others, if the host answered all of their pings', () => {
    const ping = { first: t0 + 70_000, last: t0 + 80_000, protocol: 1, sourcePort: 0, bytes: 9e8 }
    const { askedBy, accepted, connections, sentNothing } = factsOf([
      ...own,
      { ...ping, source: '203.0.113.9', destination: host, destinationPort: 2048 },
      { ...ping, source: host, destination: '203.0.113.9', destinationPort: 0 },
    ])
    assert.deepEqual([askedBy, accepted, connections, sentNothing], [1, 1, 5, undefined])
  })

  test('the host itself, although a few connections were opened to it', () => {
    const { askedBy } = factsOf([...many('203.0.113.80', 9, 9e6, 900), ...flood])
    assert.equal(askedBy, undefined)
  })

  test('not those that opened a few, if its bytes were in an older connection to it', () => {
    const old = { ...asked('203.0.113.80', 29_000, 9e8), first: t0 + 10_000 }
    assert.equal(factsOf([...flood, old]).askedBy, undefined)
  })

  test('nobody knows, if only what came back is reported', () => {
    const back = many('203.0.113.80', 9, 9e6, 900).filter(({ source }) => source !== undefined)
    const { askedBy, isUnasked, accepted } = factsOf(back)
    assert.deepEqual([askedBy, isUnasked, accepted], [undefined, true, 0])
  })

  test('nobody knows, if packets are sampled and only what a server sent was seen', () => {
    const out = flood.map(({ source, destination, sourcePort, destinationPort, ...flow }) => ({
      ...flow, source: destination!, destination: source!, sourcePort: destinationPort!, destinationPort: sourcePort!,
    })) // prettier-ignore
    const { connections, isUnasked } = factsOf([...own, ...out], 100)
    assert.deepEqual([connections, isUnasked], [5, true])
    const { connections: both, askedBy } = factsOf([...own, ...out, ...flood], 100)
    assert.deepEqual([both, askedBy], [5, 20])
  })

  test('the host, but what it received is not known, if only what went out is reported', () => {
    const out = many('203.0.113.80', 20, 9e6, 900).filter(({ source }) => source === undefined)
    const { connections, isUnasked } = factsOf(out)
    assert.deepEqual([connections, isUnasked], [20, true])
  })

  test('the host itself, if it opened them long before', () => {
    const old = opened('203.0.113.80', 29_000, 9e8, t0 + 10_000)
    const long = old.map((flow) => ({ ...flow, last: t0 + 110_000 }))
    assert.equal(factsOf(long).isUnasked, undefined)
  })
})
