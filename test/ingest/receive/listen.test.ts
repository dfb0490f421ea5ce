/**
 * Datagrams received one by one and many at once: the same datagrams, sources, refusals and order.
 */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { NetworkSet, parseAddress, parseNetwork } from '../../../flow/address.ts'
import { Listener } from '../../../ingest/receive/listen.ts'
import { openNative } from '../../../ingest/receive/many.ts'
import { until } from '../../until.ts'

const native = await openNative()
const ways = [
  { name: 'one by one', native: null },
  { name: 'many at once', native },
]

test('on 64-bit Linux, many datagrams can be received at once', () => {
  const isKnown = process.platform === 'linux' && /^(x64|arm64)$/.test(process.arch)
  assert.equal(native !== null, isKnown)
})

interface Taken {
  text: string
  source: readonly number[]
  sourcePort: number
  destinationPort: number
}

async function listening(way: (typeof ways)[number]) {
  const taken: Taken[] = []
  const turns: number[] = []
  const listener = new Listener({
    endpoints: [
      { host: '127.0.0.1', port: 0 },
      { host: '::1', port: 0 },
    ],
    exporters: new NetworkSet(['127.0.0.1/32', '127.0.0.2/32', '::1/128'].map((text) => parseNetwork(text)!)), // prettier-ignore
    receiveBufferBytes: 1 << 20,
    native: way.native,
    onDatagram: ({ payload, source, sourcePort, destinationPort, receivedMs }) => {
      assert.ok(Math.abs(Date.now() - receivedMs) < 60_000)
      const text = new TextDecoder().decode(payload)
      taken.push({ text, source: [...source], sourcePort, destinationPort })
    },
    onTurn: (datagrams) => turns.push(datagrams),
  })
  await listener.open()
  const ports = (await listener.status()).map(({ address }) => Number(address.split(':').at(-1)))
  return { listener, taken, turns, ports: { ipv4: ports[0]!, ipv6: ports[1]! } }
}

/** A sender with its own address, which resolves when its datagram is out. */
async function sender(address: string) {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.bind(0, address)
  await once(socket, 'listening')
  const host = address.includes(':') ? '::1' : '127.0.0.1'
  const send = (text: string, port: number) =>
    new Promise<void>((resolve, reject) => {
      socket.send(text, port, host, (error) => (error ? reject(error) : resolve()))
    })
  return { send, port: socket.address().port, close: () => socket.close() }
}

for (const way of ways)
  test(`datagrams received ${way.name} are those that were sent, with their senders`, async () => {
    const { listener, taken, turns, ports } = await listening(way)
    const senders = await Promise.all(['127.0.0.1', '127.0.0.2', '::1'].map(sender))
    const stranger = await sender('127.0.0.3')
    const sent: Taken[] = []
    try {
      for (const round of ['a', 'b', 'c']) {
        // Everything before has been received, and nothing comes for a while: the thread sleeps.
        await sleep(60)
        for (let i = 0; i < 150; i++)
          for (const [who, each] of senders.entries()) {
            const address = ['127.0.0.1', '127.0.0.2', '::1'][who]!
            const destinationPort = who === 2 ? ports.ipv6 : ports.ipv4
            const text = `${round}${i}-${who}`.padEnd(i % 7 === 0 ? 1400 : 20 + (i % 3), '.')
            await each.send(text, destinationPort)
            sent.push({ text, source: parseAddress(address)!, sourcePort: each.port, destinationPort }) // prettier-ignore
          }
        await stranger.send('refused', ports.ipv4)
        await until(() => taken.length === sent.length)
      }
      await until(() => listener.refusedDatagrams === 3)
      // One sender's datagrams come in order; those of another socket come when it is read.
      const byPort = (a: Taken, b: Taken) => a.sourcePort - b.sourcePort
      assert.deepEqual(taken.toSorted(byPort), sent.toSorted(byPort))
      assert.equal(listener.refused()[0]?.address, '127.0.0.3')
      await until(() => turns.reduce((sum, each) => sum + each, 0) === sent.length + 3)
    } finally {
      listener.close()
      for (const each of [...senders, stranger]) each.close()
    }
    const before = turns.length
    await sleep(30)
    assert.equal(turns.length, before, 'a closed listener goes on')
  })

test('an empty datagram and the longest one are received', { skip: native === null }, async () => {
  const { listener, taken, ports } = await listening(ways[1]!)
  const one = await sender('127.0.0.1')
  const texts = ['', 'x'.repeat(65_507), 'short']
  for (const text of texts) await one.send(text, ports.ipv4)
  await until(() => taken.length === 3)
  assert.deepEqual(
    taken.map(({ text }) => text),
    texts,
  )
  one.close()
  listener.close()
})
