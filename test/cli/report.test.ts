/** `weir report`, as a user runs it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { before, suite, test } from 'node:test'

import { openApiState } from '../../api/documents/state.ts'
import { dnsServer } from '../dns-server.ts'
import { mondayFolder } from '../monday.ts'
import { runWeir, scratchFolder, weir } from '../processes.ts'

const cut = ['--from', '2026-11-16T11:30Z', '--to', '2026-11-16T11:40Z']
const sentence =
  /traffic through 10\.0\.0\.1 was cut for 4 min 23 s\. 10\.0\.0\.22 opened 312 connections outward, 280 of them to 203\.0\.113\.80, and downloaded 4\.0 GB\./

let data: string

before(async () => {
  data = await mondayFolder()
})

suite('weir report', () => {
  test('prints Markdown, and writes the format of a file’s extension', async () => {
    const printed = await runWeir(['report', ...cut], { WEIR_DATA: data })
    assert.equal(printed.code, 0, printed.stderr)
    assert.match(printed.stdout, sentence)
    const path = join(data, 'report.html')
    const written = await runWeir(['report', ...cut, '-o', path], { WEIR_DATA: data })
    assert.equal(written.code, 0, written.stderr)
    const html = await readFile(path, 'utf8')
    assert.match(html, /^<!doctype html>/)
    assert.match(html, sentence)
    assert.match(html, /<svg /)
  })

  test('names hosts as the page does: by DNS, if no file does', async (t) => {
    const { server } = await dnsServer(t, (question) =>
      question.startsWith('22.0.0.10.') ? 'bobby22.bigbiz.local' : null,
    )
    const environment = { WEIR_DATA: data, WEIR_DNS_SERVERS: server }
    const printed = await runWeir(['report', ...cut], environment)
    assert.equal(printed.code, 0, printed.stderr)
    assert.match(printed.stdout, /10\.0\.0\.22 \(bobby22\.bigbiz\.local\) opened 312 connections/)
    assert.deepEqual(await openApiState(data).list('host-names'), [], 'nothing is written')
    const unnamed = await runWeir(['report', ...cut], { ...environment, WEIR_DNS: 'off' })
    assert.match(unnamed.stdout, sentence)
  })

  test('on a full disk the earlier report stays, and no part of a new one', async () => {
    const path = join(await scratchFolder(), 'report.html')
    await writeFile(path, 'earlier')
    const args = ['report', ...cut, '-o', path].join(' ')
    const limited = spawn(
      'sh',
      ['-c', `ulimit -f 8; exec "${process.execPath}" "${weir}" ${args}`],
      {
        env: { ...process.env, WEIR_DATA: data },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    let stderr = ''
    limited.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    assert.deepEqual(await once(limited, 'close'), [1, null])
    assert.match(stderr, /^weir: EFBIG: .*; free disk space/)
    assert.equal(await readFile(path, 'utf8'), 'earlier')
    assert.deepEqual(await readdir(dirname(path)), ['report.html'])
  })

  test('in a time zone, of an exporter', async () => {
    const args = ['report', ...cut, '--tz', 'Europe/Brussels', '--exporter', '10.0.0.1']
    const { stdout } = await runWeir(args, { WEIR_DATA: data })
    assert.match(stdout, /Monday 16 November 2026, 12:32:09: traffic/)
    assert.match(stdout, /Time zone: Europe\/Brussels \(UTC\+1\)/)
  })

  test('times without a zone are read in WEIR_TZ, as they are printed', async () => {
    const args = ['report', '--from', '2026-11-16 12:30', '--to', '2026-11-16T12:40']
    const here = { WEIR_DATA: data, WEIR_TZ: 'Europe/Brussels' }
    const { stdout } = await runWeir(args, here)
    assert.match(stdout, /Monday 16 November 2026, 12:32:09: traffic/)
    const all = await runWeir(['query', ...args.slice(1), '--format', 'json'], here)
    assert.equal(
      (JSON.parse(all.stdout) as { from: number }).from,
      Date.UTC(2026, 10, 16, 11, 30) / 1000,
    )
  })

  test('a period across a clock change has both offsets', async () => {
    const night = ['report', '--from', '2026-10-25', '--to', '2026-10-25T04:00']
    const { stdout } = await runWeir(night, { WEIR_DATA: data, WEIR_TZ: 'Europe/Berlin' })
    assert.match(stdout, /Period: Sunday 25 October 2026, 00:00:00 to 04:00:00 \(5 h\)/)
    assert.match(stdout, /Time zone: Europe\/Berlin \(UTC\+2, at its end UTC\+1\)/)
  })

  test('reports what is wrong and what to do', async () => {
    const wrong: [string[], RegExp][] = [
      [['report', '--to', 'now'], /--from is missing: write a time/],
      [['report', ...cut, '-o', 'x.doc'], /-o x\.doc: write a name that ends in \.html/],
      [['report', ...cut, '--exporter', 'nobody'], /exporter "nobody"/],
    ]
    for (const [args, said] of wrong) {
      const { code, stderr } = await runWeir(args, { WEIR_DATA: data })
      assert.notEqual(code, 0)
      assert.match(stderr, said)
    }
  })

  test('without Chromium, PDF says how to do without', async () => {
    const args = ['report', ...cut, '-o', join(data, 'report.pdf')]
    const { code, stderr } = await runWeir(args, { WEIR_DATA: data, PATH: '/nowhere' })
    assert.equal(code, 1)
    assert.match(stderr, /no Chromium was found on the PATH.*ask for html and print it/)
  })
})
