/**
 * Receives as the collector does and decodes into columns, nothing else: no journal, no totals, no
 * archive. Prints its port, and at the end (SIGTERM) the number of flows: `node decode.ts BYTES`,
 * the socket's buffer.
 */
import { NetworkSet, parseNetwork } from '../../flow/address.ts'
import { createFlowColumns, recycleFlowColumns } from '../../flow/columns.ts'
import { Decoder } from '../../ingest/decode/decoder.ts'
import { decoderRowsMax } from '../../ingest/decode/limits.ts'
import { Listener } from '../../ingest/receive/listen.ts'
import { openNative } from '../../ingest/receive/many.ts'
import { SourceTexts } from '../../ingest/receive/source-texts.ts'

const blockRows = 16_384
const columns = createFlowColumns(blockRows + decoderRowsMax)
const decoder = new Decoder(columns)
const texts = new SourceTexts()
let flows = 0

function drain(): void {
  flows += columns.count
  recycleFlowColumns(columns)
}

/** Like the collector's receiving thread: see ingest/receive/worker.ts. */
const [turnDatagramsMin, restMs] = [32, 1]
const never = new Int32Array(new SharedArrayBuffer(4))
const listener = new Listener({
  endpoints: [{ host: '127.0.0.1', port: 0 }],
  exporters: new NetworkSet([parseNetwork('127.0.0.0/8')!]),
  receiveBufferBytes: Number(process.argv[2]),
  native: await openNative(),
  onDatagram: ({ payload, source, sourcePort, receivedMs }) => {
    decoder.decode({ payload, source: texts.of(source), sourcePort, receivedMs })
    if (columns.count >= blockRows) drain()
  },
  onTurn: (datagrams) => {
    if (datagrams < turnDatagramsMin) Atomics.wait(never, 0, 0, restMs)
  },
})
await listener.open()
const [socket] = await listener.status()
console.log(socket!.address.split(':').at(-1))
process.once('SIGTERM', () => {
  drain()
  console.log(flows)
  process.exit()
})
