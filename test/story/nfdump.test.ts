/**
 * The same capture in nfcapd and nfdump: sums by source, destination, port and protocol are equal,
 * for the whole file and for a window with include=within (nfdump's -t).
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { protocolName } from '../../flow/protocol.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import type { FlowStore, TopKeyName } from '../../store/flows.ts'
import { mondayCapture, mondayFolder } from '../monday.ts'
import { readSettings } from '../settings.ts'
import { skipWithout } from '../setup/parts.ts'
import { collectWithNfcapd, nfdump } from './nfcapd.ts'

const skip = skipWithout('nfcapd', 'nfdump')
const whole = { from: Date.UTC(2026, 10, 16), to: Date.UTC(2026, 10, 17) }
const cut = { from: Date.UTC(2026, 10, 16, 11, 30), to: Date.UTC(2026, 10, 16, 11, 40) }
const window = '2026/11/16.11:30:00-2026/11/16.11:40:00'
const groupsMax = 100_000

let flows: FlowStore
let nfdumpFolder: string

before(async () => {
  if (skip) return
  const data = await mondayFolder()
  flows = await openFlowStore(join(data, 'archive'), { local: readSettings({}).local })
  nfdumpFolder = await collectWithNfcapd(mondayCapture)
})

after(() => flows?.close())

/** nfdump's sums by a key: key → "flows packets bytes". */
async function nfdumpSums(
  key: string,
  format: string,
  time: readonly string[],
): Promise<Map<string, string>> {
  const columns = `fmt:${format},%fl,%pkt,%byt`
  const output = await nfdump(nfdumpFolder, [...time, '-A', key, '-N', '-q', '-6', '-o', columns])
  const sums = new Map<string, string>()
  for (const line of output.trim().split('\n')) {
    const [name = '', ...counts] = line.split(',').map((cell) => cell.trim())
    sums.set(name, counts.join(' '))
  }
  return sums
}

async function weirSums(key: TopKeyName, from: number, to: number): Promise<Map<string, string>> {
  const top = await flows.top({
    from,
    to,
    by: [key],
    include: 'within',
    order: 'bytes',
    limit: groupsMax,
  })
  assert.deepEqual(top.other, { bytes: 0, packets: 0, flows: 0 })
  return new Map(
    top.rows.map((row) => [String(row.key[key]), `${row.flows} ${row.packets} ${row.bytes}`]),
  )
}

const keys: readonly [
  weir: TopKeyName,
  nfdump: string,
  format: string,
  name?: (text: string) => string,
][] = [
  ['src', 'srcip', '%sa'],
  ['dst', 'dstip', '%da'],
  ['srcport', 'srcport', '%sp'],
  ['dstport', 'dstport', '%dp'],
  ['protocol', 'proto', '%pr', (text) => protocolName(Number(text))],
]

for (const [key, nfdumpKey, format, name] of keys)
  test(
    `sums by ${key} match nfdump’s, for the whole file and for ten minutes`,
    { skip },
    async () => {
      for (const [range, time] of [
        [whole, []],
        [cut, ['-t', window]],
      ] as const) {
        const theirs = await nfdumpSums(nfdumpKey, format, time)
        const expected = new Map(
          [...theirs].map(([each, sums]) => [name ? name(each) : each, sums]),
        )
        assert.ok(expected.size > 1)
        const ours = await weirSums(key, range.from, range.to)
        assert.deepEqual(
          Object.fromEntries([...ours].toSorted()),
          Object.fromEntries([...expected].toSorted()),
        )
      }
    },
  )

test('8,463 flows lie entirely within the ten minutes', { skip }, async () => {
  const top = await flows.top({
    ...cut,
    by: ['protocol'],
    include: 'within',
    order: 'flows',
    limit: 10,
  })
  assert.equal(top.total.flows, 8463)
})
