import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

import { brokenBecause } from '../../../store/disk/file-fault.ts'
import { openParquetSeries } from '../../../store/parquet/series.ts'
import { scratchFolder } from '../../processes.ts'
import { coverageOf, hourMs, stepOf, tiers } from '../series-rows.ts'

const origin = Date.UTC(2026, 10, 16)
const run = promisify(execFile)

test('only what was wrong with the file itself is a fault of the file', async () => {
  const path = join(await scratchFolder(), 'file')
  const failing = (error: Error) => async () => {
    throw error
  }
  const system = (code: string) => Object.assign(new Error(code), { code, syscall: 'open' })
  assert.equal(await brokenBecause(path, () => Promise.resolve()).then((why) => why?.slice(0, 6)), 'ENOENT') // prettier-ignore
  await writeFile(path, 'x')
  assert.equal(await brokenBecause(path, () => Promise.resolve()), null)
  assert.equal(await brokenBecause(path, failing(new RangeError('no footer'))), 'no footer')
  assert.equal(await brokenBecause(path, failing(system('EIO'))), 'EIO')
  const named = failing(new Error(`Invalid Input Error: File '${path}' too small`))
  assert.equal(await brokenBecause(path, named), `Invalid Input Error: File '${basename(path)}' too small`) // prettier-ignore
  for (const passing of [system('EMFILE'), system('ENOMEM'), new Error('Out of Memory Error: x')])
    await assert.rejects(brokenBecause(path, failing(passing)), passing)
})

test(
  'with too many open files no file of the series is put aside',
  { skip: process.platform !== 'linux' },
  async () => {
    const folder = await scratchFolder()
    const store = await openParquetSeries(folder)
    await store.write(tiers['5m'], [stepOf(coverageOf(origin, '192.0.2.1'), {})])
    await store.close()
    const place = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
    const script = `
      import { openSync, closeSync } from 'node:fs'
      import { openParquetSeries } from ${place('../../../store/parquet/series.ts')}
      import { tiers } from ${place('../series-rows.ts')}
      const store = await openParquetSeries(process.argv[1])
      const taken = []
      try { for (;;) taken.push(openSync('/dev/null')) } catch {}
      const range = { tier: tiers['5m'], from: ${origin}, to: ${origin + hourMs} }
      const failed = await store.coverage(range).then(() => null, String)
      for (const file of taken) closeSync(file)
      const found = await store.coverage(range)
      console.log(JSON.stringify({ failed, count: found.length, problems: await store.problems() }))
      await store.close()`
    const command = 'ulimit -n 200; exec "$0" --input-type=module -e "$1" "$2"'
    const { stdout } = await run('sh', ['-c', command, process.execPath, script, folder])
    const { failed, ...after } = JSON.parse(stdout) as { failed: string | null }
    assert.match(failed ?? '', /EMFILE/)
    assert.deepEqual(after, { count: 1, problems: [] })
    assert.deepEqual(
      (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.bad')),
      [],
    )
  },
)
