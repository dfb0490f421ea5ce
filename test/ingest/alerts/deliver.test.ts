/** Receivers that never come to an end: an attempt does. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'

import { NetworkSet, parseNetwork } from '../../../flow/address.ts'
import { deliver } from '../../../ingest/alerts/deliver.ts'
import { scratchFolder } from '../../processes.ts'
import { readSettings } from '../../settings.ts'
import { until } from '../../until.ts'

const { alerts: defaults } = readSettings({})
const message = { at: 1, alert: 'a', name: 'x', isTest: false, text: 'cut', evidence: '', permalink: '', from: 0, to: 0 } // prettier-ignore
const once500 = { pausesMs: [0], attemptMs: 500 }

test('a webhook that answers a byte at a time, and a mail server that does, are given up', async (t) => {
  const sockets: Socket[] = []
  let head = 'HTTP/1.1 200 OK\r\nx: '
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => socket.destroy())
    socket.write(head)
    const drip = setInterval(() => socket.write('2'), 20)
    socket.once('close', () => clearInterval(drip))
  }).listen(0, '127.0.0.1')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await once(server, 'listening')
  const at = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const webhookNetworks = new NetworkSet([parseNetwork('127.0.0.0/8')!])
  const settings = { ...defaults, webhookNetworks, mailServer: `smtp://${at}` }
  const posted = deliver({ webhook: `http://${at}/` }, message, { settings, ...once500 })
  assert.deepEqual(await posted, { reason: 'it took longer than 0.5 s', isForGood: false })
  await until(() => sockets[0]!.destroyed)
  head = ''
  const mailed = await deliver({ mail: 'noc@example.org' }, message, { settings, ...once500 })
  assert.equal(mailed?.reason, 'it took longer than 0.5 s')
})

test('a script that ignores signals, and leaves a process that holds its output, is given up', async () => {
  const script = join(await scratchFolder(), 'script')
  await writeFile(script, `#!/bin/sh\ntrap '' TERM\nsleep 3 &\nwait\n`)
  await chmod(script, 0o700)
  const settings = { ...defaults, script }
  const began = performance.now()
  const failure = await deliver({ script: true }, message, { settings, ...once500 })
  assert.equal(failure?.reason, 'it took longer than 0.5 s')
  assert.ok(performance.now() - began < 2000)
})
