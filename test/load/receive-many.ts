/**
 * The least that a receiver can do that takes many datagrams per system call, as ingest does: it
 * counts them, and looks at none. Prints its port, and at the end (SIGTERM) the count: `node
 * receive-many.ts BYTES`, the socket's buffer.
 */
import { createSocket, type Socket } from 'node:dgram'

import { callDatagramsMax, ManyDatagrams, openNative } from '../../ingest/receive/many.ts'

/** After a call that returned fewer, the socket is nearly empty: see ingest/receive/worker.ts. */
const [fewDatagrams, restMs] = [32, 1]
/** After this many empty calls in a row it pauses longer, so that the measurement sees that it is done. */
const [emptyCallsMax, longRestMs] = [200, 20]
const never = new Int32Array(new SharedArrayBuffer(4))

let datagrams = 0
let emptyCalls = 0
const native = await openNative()
if (native === null) throw new Error('the system has no recvmmsg that can be called')
const many = new ManyDatagrams(native)
const socket = createSocket('udp4')

function take(descriptor: number): void {
  let taken = callDatagramsMax
  for (let calls = 0; taken === callDatagramsMax && calls < callDatagramsMax; calls++) {
    taken = many.take(descriptor)
    datagrams += taken
  }
  emptyCalls = taken === 0 ? emptyCalls + 1 : 0
  const isIdle = emptyCalls > emptyCallsMax
  if (taken < fewDatagrams) Atomics.wait(never, 0, 0, isIdle ? longRestMs : restMs)
  setImmediate(() => take(descriptor))
}

function descriptorOf(opened: Socket): number {
  process.noDeprecation = true
  const handle = Reflect.get(opened, '_handle') as { fd: number; recvStop(): void }
  handle.recvStop()
  return handle.fd
}

socket.bind(0, '127.0.0.1', () => {
  socket.setRecvBufferSize(Number(process.argv[2]))
  console.log(socket.address().port)
  take(descriptorOf(socket))
})
process.once('SIGTERM', () => {
  console.log(datagrams)
  process.exit()
})
