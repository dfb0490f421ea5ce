import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { checkVersion } from '../../../store/influx/connection.ts'
import { InfluxFault, readRetryAfter } from '../../../store/influx/fault.ts'
import { readCsv } from '../../../store/influx/flux.ts'
import { headOf, retiredLine, rowLines } from '../../../store/influx/lines.ts'
import { Pause } from '../../../store/spool/pause.ts'
import { fromTag, toTag } from '../../../store/influx/tag-text.ts'
import { coverageOf, stepOf } from '../series-rows.ts'

test('any text can be stored in a tag and read back', () => {
  const text = fc.string({
    unit: fc.constantFrom(
      '%',
      '0',
      '5',
      'C',
      'f',
      '\\',
      ' ',
      ',',
      '=',
      '"',
      '\n',
      '\u0000',
      'ü',
      '🐟',
    ),
  })
  fc.assert(
    fc.property(fc.oneof(text, fc.string({ unit: 'grapheme' })), (given) => {
      const tag = toTag(given)
      assert.equal(fromTag(tag), given)
      assert.ok(tag !== '' && !/[\n\\]/.test(tag), tag)
    }),
    { numRuns: 2000 },
  )
  assert.equal(toTag('fe80::1%eth0'), 'fe80::1%eth0')
})

test('a line has its tags sorted by name, whole numbers, and all fields', () => {
  const step = stepOf(coverageOf(1_794_828_600_000, '192.0.2.1'), {
    host: [
      { host: 'a b', direction: 'in', bytes: 2 ** 53 - 1, flows: 1 },
      { host: 'nothing', direction: 'in' },
    ],
  })
  const lines = [...rowLines(step)]
  assert.deepEqual(lines, [
    {
      head: 'host,direction=in,exporter=192.0.2.1,host=a\\ b',
      line: 'host,direction=in,exporter=192.0.2.1,host=a\\ b bytes=9007199254740991i,packets=0i,flows=1i,active=0i 1794828600',
    },
  ])
  const tags: Record<string, string> = { direction: 'in', exporter: '192.0.2.1', host: 'a b' }
  assert.equal(
    headOf('host', (name) => tags[name]!),
    lines[0]!.head,
  )
  assert.match(retiredLine(lines[0]!.head, 300_000, true), / bytes=0i.*known=0i 300$/)
})

test('Retry-After is seconds or a date', () => {
  assert.equal(readRetryAfter('30', 0), 30_000)
  assert.equal(readRetryAfter('Thu, 01 Jan 1970 00:01:00 GMT', 15_000), 45_000)
  assert.equal(readRetryAfter('', 0), null)
  assert.equal(readRetryAfter('soon', 0), null)
})

test('waits grow, are bounded, and never end before Retry-After', () => {
  let now = 0
  // The clock is set back at every look: only the time that passes counts.
  let setMs = 1e12
  const pause = new Pause(
    () => (setMs -= 3_600_000),
    () => 0.999,
    () => now,
  )
  const waits = Array.from({ length: 8 }, () => {
    pause.begin(new InfluxFault('away', 'gone'))
    const { leftMs } = pause
    now += leftMs
    return leftMs
  })
  assert.ok(waits[0]! >= 1000 && waits[0]! < 1250)
  assert.ok(waits.at(-1)! >= 30_000 && waits.at(-1)! < 37_500)
  pause.begin(new InfluxFault('busy', 'slow', { retryAfterMs: 90_000 }))
  assert.ok(pause.leftMs >= 90_000)
  // The second of two concurrent requests fails the same way.
  const { leftMs } = pause
  pause.begin(new InfluxFault('busy', 'slow', { retryAfterMs: 1000 }))
  assert.equal(pause.leftMs, leftMs)
  assert.equal(pause.waitedMs, now)
  pause.end()
  assert.equal(pause.leftMs, 0)
})

test('versions: 2.9.1 and later of 2.x; builds without a number are accepted', () => {
  for (const good of ['v2.9.1', '2.10.0', 'v2.9.12', 'dev', '']) checkVersion(good)
  for (const bad of ['v2.9.0', '2.7.12', '1.8.10', '3.11.2'])
    assert.throws(() => checkVersion(bad), InfluxFault, bad)
})

test('CSV: consecutive tables, quotes, and a late error', () => {
  const rows: string[] = []
  const visit = (values: readonly string[], columns: ReadonlyMap<string, number>) =>
    rows.push([...columns.keys()].map((name) => `${name}:${values[columns.get(name)!]}`).join(' '))
  readCsv(',a,b\r\n,1,"x,""y"""\r\n\r\n,c\r\n,\r\n', visit)
  assert.deepEqual(rows, [': a:1 b:x,"y"', ': c:'])
  assert.throws(() => readCsv('error,reference\r\nout of memory,897\r\n', visit), /out of memory/)
})
