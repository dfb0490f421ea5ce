import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Receiver } from '../../../ingest/receive/receiver.ts'
import { scratchFolder } from '../../processes.ts'

test('what is asked of a receiver that has ended is refused, and waits for nothing', async () => {
  const journalFolder = await scratchFolder()
  const receiver = await Receiver.open({
    journalFolder,
    endpoints: [{ host: '127.0.0.1', port: 0 }],
    exporters: [],
    receiveBufferBytes: 1 << 16,
    onEnd: (error) => assert.fail(error),
  })
  const asked = assert.rejects(receiver.status(), /receiving ended with code/)
  await receiver.close()
  await asked
  await assert.rejects(receiver.status(), /receiving ended with code/)
})
