/** `weir query` over the Monday capture: nfdump -s without a server. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { before, describe, test } from 'node:test'

import type { TopAnswer } from '../../api/schema/schema.ts'
import { mondayFolder } from '../monday.ts'
import { runWeir, scratchFolder, spawnWeir, weir } from '../processes.ts'

const cut = ['--from', '2026-11-16T11:30Z', '--to', '2026-11-16T11:40Z']

describe('weir query', () => {
  let environment: Record<string, string>
  before(async () => {
    environment = { WEIR_DATA: await mondayFolder() }
  })
  const query = (...args: string[]) => runWeir(['query', ...args], environment)

  test('the cut: who, and with whom', async () => {
    const { code, stdout } = await query('dst host 10.0.0.22', ...cut, '--by', 'src,dst', '--format', 'json') // prettier-ignore
    assert.equal(code, 0)
    const { rows, other, total } = JSON.parse(stdout) as TopAnswer
    assert.deepEqual(rows[0]!.key, { src: '203.0.113.80', dst: '10.0.0.22' })
    assert.equal(rows.length, 10)
    assert.equal(
      rows.reduce((sum, row) => sum + row.bytes, other.bytes),
      total.bytes,
    )
  })

  test('as a table and as CSV; several keys, a filter of several words', async () => {
    const table = await query('host', '10.0.0.22', ...cut, '--by', 'src', 'dst', '--top', '1')
    assert.match(table.stdout, /^203\.0\.113\.80 → 10\.0\.0\.22 +2026-11-16T11:32:09Z/m)
    assert.match(table.stdout, /^other .*^total .*100\.0 %/ms)
    const lines = await query(
      ...cut,
      '--by',
      'host',
      '--order',
      'peers',
      '--format',
      'csv',
      '--top',
      '2',
    )
    assert.match(lines.stdout, /^host,label,bytes,packets,flows,peers,first,last,share\r\n/)
    assert.equal(lines.stdout.trim().split('\r\n').length, 4)
  })

  test('within ten seconds, the rate and the duration are of these', async () => {
    const seconds = ['--from', '2026-11-16T11:33:00Z', '--to', '2026-11-16T11:33:10Z']
    const { stdout } = await query(...seconds, '--by', 'dst', '--top', '1')
    // It went on from 11:32:59 for a minute: 161 MB over that would be 21 Mb/s.
    assert.match(stdout, /^10\.0\.0\.22 +2026-11-16T11:32:59Z +10 s +161\.29 M .* 129\.03 Mb\/s$/m)
    const whole = await query(...seconds, '--by', 'dst', '--top', '1', '--include', 'start')
    assert.match(
      whole.stdout,
      /^10\.0\.0\.22 +2026-11-16T11:33:00Z +59 s +139\.92 M .* 18\.98 Mb\/s$/m,
    )
  })

  test('times are in the zone asked for; a table has that of the settings, as the page has', async () => {
    const brussels = ['--tz', 'Europe/Brussels', '--top', '1']
    const csv = await query(...cut, ...brussels, '--format', 'csv')
    assert.match(csv.stdout, /,2026-11-16T12:\d\d:\d\d\.\d{3}\+01:00,2026-11-16T12:/)
    const table = await query(...cut, ...brussels)
    assert.match(table.stdout, /^2026-11-16T12:30:00\+01:00 to 2026-11-16T12:40:00\+01:00, /)
    const here = { ...environment, WEIR_TZ: 'Asia/Tokyo' }
    const plain = await runWeir(['query', ...cut, '--top', '1'], here)
    assert.match(plain.stdout, /^2026-11-16T20:30:00\+09:00 to /)
    const plainCsv = await runWeir(['query', ...cut, '--top', '1', '--format', 'csv'], here)
    assert.match(plainCsv.stdout, /,2026-11-16T11:\d\d:\d\d\.\d{3}Z,/)
  })

  test('a time beside that of the flows is said, whether one end of it is given or both', async () => {
    const ends = [
      ['--from', 'now-1m'],
      ['--to', '2026-11-16T08:00Z'],
      ['--from', 'now-2m', '--to', 'now'],
    ]
    for (const args of ends) {
      const { code, stdout, stderr } = await query(...args)
      assert.equal(code, 0, stderr)
      assert.match(stdout, /^total +0/m)
      assert.match(stderr, /are of 2026-11-16T09:00:00\.000Z to 2026-11-16T13:00:35\.000Z: name/)
    }
  })

  test('the whole archive if no time is given', async () => {
    const { stdout } = await query('--by', 'protocol', '--format', 'json')
    assert.equal((JSON.parse(stdout) as TopAnswer).total.flows, 218_610)
  })

  test('a folder without flows is reported as such, beside totals of 0', async () => {
    const WEIR_DATA = await scratchFolder()
    const { code, stdout, stderr } = await runWeir(['query'], { WEIR_DATA })
    assert.equal(code, 0)
    assert.match(stdout, /^total +0/m)
    assert.equal(
      stderr.trim(),
      `weir: there are no flows in ${WEIR_DATA}: set WEIR_DATA to the data folder`,
    )
    assert.equal((await query(...cut)).stderr, '')
  })

  test('invalid input is refused with what to write', async () => {
    const cases: readonly [args: string[], said: RegExp][] = [
      [['hots 3'], /expected a field such as host.* at position 0/],
      [['--by', 'hosts'], /--by hosts: keys, comma-separated: src, dst/],
      [['--order', 'size'], /--order size: write one of bytes, packets/],
      [['--top', '0'], /top 0/],
      [['--top', '2.5'], /top 2\.5/],
      [['--format', 'xml'], /write table, csv or json/],
      [['--from', 'yesterdayish'], /yesterdayish/],
      [['--size', '3'], /usage: weir query/],
    ]
    for (const [args, said] of cases) {
      const { code, stderr } = await query(...args)
      assert.equal(code, 64, args.join(' '))
      assert.match(stderr, said)
    }
  })

  test('all faulty options are named at once', async () => {
    const line =
      '--by hosts --order size --top x --format xml --from then --to now --tz Mars/X --exporter nobody --include all'
    const { code, stdout, stderr } = await query('hots 3', ...line.split(' '))
    assert.deepEqual([code, stdout], [64, ''])
    const lines = stderr.trim().split('\n')
    for (const value of ['hots', 'hosts', 'size', 'x', 'xml', 'then', 'Mars/X', 'nobody', 'all'])
      assert.ok(
        lines.some((each) => new RegExp(`^weir: .*\\b${value}\\b`).test(each)),
        `${value} is not named: ${stderr}`,
      )
    assert.equal(lines.length, 9, stderr)
  })

  test('a reader that has seen enough is no failure', async () => {
    const many = ['--by', 'src,dst,srcport,dstport', '--top', '5000', '--format', 'csv']
    const child = spawnWeir(['query', ...many], environment)
    let stderr = ''
    child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.stdout!.once('data', () => child.stdout!.destroy())
    const [code] = (await once(child, 'close')) as [number | null]
    assert.deepEqual([code, stderr], [0, ''])
  })

  test('output that cannot be written is reported', async () => {
    const full = await open('/dev/full', 'w')
    const child = spawn(process.execPath, [weir, 'query', ...cut], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', full.fd, 'pipe'],
    })
    let stderr = ''
    child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number | null]
    await full.close()
    assert.equal(code, 1)
    assert.match(stderr, /^weir: the output could not be written: .*ENOSPC.*; free disk space/)
  })
})
