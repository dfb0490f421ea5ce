/**
 * Receives and decodes into columns, nothing else: no journal, no totals, no archive. It says on which port, and at
 * the end (SIGTERM) how many flows: `node decode.ts BYTES`, the socket's buffer.
 */
import { createSocket } from 'node:dgram'

import { createFlowColumns, recycleFlowColumns } from '../../flow/columns.ts'
import { Decoder, decoderRowsMax } from '../../ingest/decode/decoder.ts'

const blockRows = 16_384
const columns = createFlowColumns(blockRows + decoderRowsMax)
const decoder = new Decoder(columns)
let flows = 0

function drain(): void {
  flows += columns.count
  recycleFlowColumns(columns)
}

const socket = createSocket('udp4', (payload, { address, port }) => {
  decoder.decode({ payload, source: address, sourcePort: port, receivedMs: Date.now() })
  if (columns.count >= blockRows) drain()
})
socket.bind(0, '127.0.0.1', () => {
  socket.setRecvBufferSize(Number(process.argv[2]))
  console.log(socket.address().port)
})
process.once('SIGTERM', () => {
  drain()
  console.log(flows)
  process.exit()
})
