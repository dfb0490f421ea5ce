/**
 * The least that a receiver in this language can do: takes datagrams from a socket and counts them.
 * Prints its port, and at the end (SIGTERM) the count: `node receive.ts BYTES`, the socket's
 * buffer.
 */
import { createSocket } from 'node:dgram'

let datagrams = 0
const socket = createSocket('udp4', () => datagrams++)
socket.bind(0, '127.0.0.1', () => {
  socket.setRecvBufferSize(Number(process.argv[2]))
  console.log(socket.address().port)
})
process.once('SIGTERM', () => {
  console.log(datagrams)
  process.exit()
})
