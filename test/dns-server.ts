/** A DNS server for tests. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { TestContext } from 'node:test'

/** A DNS server that answers PTR queries from `nameOf`, and counts them. */
export async function dnsServer(
  t: TestContext,
  nameOf: (question: string) => string | null,
): Promise<{ server: string; asked: string[] }> {
  const socket: Socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (query, from) => {
    const labels: string[] = []
    let at = 12
    for (let length = query[at]!; length > 0; length = query[at]!) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    asked.push(labels.join('.'))
    const name = nameOf(labels.join('.'))
    const question = query.subarray(12, at + 5)
    const head = Buffer.from(query.subarray(0, 12))
    head.writeUInt16BE(name === null ? 0x8183 : 0x8180, 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(name === null ? 0 : 1, 6)
    head.writeUInt32BE(0, 8)
    const parts = name === null ? [] : name.split('.')
    const encoded = [
      ...parts.map((part) => Buffer.concat([Buffer.from([part.length]), Buffer.from(part)])),
      Buffer.from([0]),
    ]
    const data = Buffer.concat(encoded)
    const record = Buffer.from([0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 60, 0, data.length])
    const answer = name === null ? [] : [record, data]
    socket.send(Buffer.concat([head, question, ...answer]), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  return { server: `127.0.0.1:${socket.address().port}`, asked }
}
