/** A copy of a data folder in use, made as docs/backup.md says. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { intervalMs } from '../../flow/interval.ts'
import { Archive } from '../../store/archive/archive.ts'
import { scratchFolder } from '../processes.ts'
import { columnsOf, testFlow } from '../store/archive/archived.ts'

const page = await readFile(new URL('../../docs/backup.md', import.meta.url), 'utf8')
const [, listed, command] = /^(lists="(?:.+)")\n(snapshot=".+")$/m.exec(page)!
const lists = /"(.+)"/.exec(listed!)![1]!.split(' ')

/** Runs the command of the page in a data folder; returns what it said. */
function makeSnapshot(data: string): string {
  const script = `${listed}\n${command}\ncd "$DATA" && sh -c "$snapshot" 2>&1`
  return execFileSync('sh', ['-c', script], { env: { ...process.env, DATA: data } }).toString()
}

test('a snapshot has all flows of its moment, although days were joined and their files deleted while it was copied', async (t) => {
  const data = await scratchFolder()
  const dayMs = 288 * intervalMs
  const day = Date.UTC(2026, 10, 16)
  const archive = await Archive.open(join(data, 'archive'))
  t.after(() => archive.close())
  const add = async (received: number) => {
    archive.add(columnsOf([testFlow({ received, first: received })]))
    await archive.publish({})
  }
  for (let i = 0; i < 10; i++) await add(day + 50 * i * intervalMs)
  await archive.merge(Number.POSITIVE_INFINITY)
  await mkdir(join(data, 'state'))
  await mkdir(join(data, 'series'))
  for (const list of lists.slice(0, 1).concat(lists.slice(2))) await writeFile(join(data, list), '')
  assert.equal(makeSnapshot(data), '')
  await add(day + 600 * intervalMs)
  while (await archive.bundle(day + 3 * dayMs));
  const limits = { keepMs: 90 * dayMs, maxBytes: 1e9 }
  await archive.expire({ ...limits, now: Date.now() + 20 * 60_000 })
  const files = await readdir(join(data, 'archive', '2026'), { recursive: true })
  assert.equal(files.filter((file) => file.endsWith('.parquet')).length, 3)
  const copied = await Archive.open(join(data, 'backup', 'archive'))
  t.after(() => copied.close())
  let flows = 0
  for await (const { count } of copied.read(0, 8.64e15)) flows += count
  assert.equal(flows, 10)
})

test('a snapshot copies the lists, links everything else with its folders’ permissions, and replaces one that was left', async () => {
  const data = await scratchFolder()
  const others = ['archive/2026/file', 'state/users.jsonl', 'journal/000000000001.pcap']
  const left = ['run/ingest.sock', 'archive/staging/x.part', 'backup/old']
  for (const file of [...lists, ...others, ...left]) {
    await mkdir(dirname(join(data, file)), { recursive: true })
    await writeFile(join(data, file), file)
  }
  await chmod(join(data, 'archive'), 0o700)
  assert.equal(makeSnapshot(data), '')
  const found = await readdir(join(data, 'backup'), { recursive: true, withFileTypes: true })
  const files = found.filter((each) => each.isFile())
  const names = files.map(({ parentPath, name }) =>
    join(parentPath, name).slice(join(data, 'backup').length + 1),
  )
  assert.deepEqual(names.toSorted(), [...lists, ...others].toSorted())
  for (const name of names) {
    const { nlink } = await stat(join(data, 'backup', name))
    assert.equal(nlink, lists.includes(name) ? 1 : 2, name)
  }
  assert.equal((await stat(join(data, 'backup', 'archive'))).mode & 0o777, 0o700)
})
