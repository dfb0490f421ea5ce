/** A copy of a data folder in use, made as docs/backup.md says. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { intervalMs } from '../../flow/interval.ts'
import { Archive } from '../../store/archive/archive.ts'
import { scratchFolder } from '../processes.ts'
import { columnsOf, testFlow } from '../store/archive/archived.ts'

const page = await readFile(new URL('../../docs/backup.md', import.meta.url), 'utf8')
const lists = /^lists="(.+)"$/m.exec(page)![1]!.split(' ')

test('a copy that begins with the lists has all flows, although days were joined before and after their files were copied', async (t) => {
  const data = await scratchFolder()
  const copy = await scratchFolder()
  const dayMs = 288 * intervalMs
  const day = Date.UTC(2026, 10, 16)
  const archive = await Archive.open(join(data, 'archive'))
  t.after(() => archive.close())
  const fill = async (from: number) => {
    for (let i = 0; i < 5; i++) {
      const received = from + 50 * i * intervalMs
      archive.add(columnsOf([testFlow({ received, first: received })]))
      await archive.publish({})
    }
    await archive.merge(Number.POSITIVE_INFINITY)
  }
  const bundled = async (end: number) => {
    while (await archive.bundle(end));
    return archive.entries().length
  }
  const copyNew = (name: string) =>
    cp(join(data, name), join(copy, name), { recursive: true, force: false })
  await fill(day)
  await fill(day + dayMs)
  for (const list of lists.filter((each) => each.startsWith('archive/'))) await copyNew(list)
  assert.equal(await bundled(day + 1.5 * dayMs), 6)
  await copyNew('archive/2026')
  assert.equal(await bundled(day + 3 * dayMs), 2)
  await copyNew('archive/manifest.jsonl')
  const copied = await Archive.open(join(copy, 'archive'))
  t.after(() => copied.close())
  let flows = 0
  for await (const { count } of copied.read(0, 8.64e15)) flows += count
  assert.equal(flows, 10)
})

test('the command puts the lists before everything else, and each of them once', async () => {
  const data = await scratchFolder()
  for (const file of [...lists, 'run/ingest.sock', 'archive/2026/file', 'state/users.jsonl']) {
    await mkdir(dirname(join(data, file)), { recursive: true })
    await writeFile(join(data, file), file)
  }
  const [, assigned, command] = /^(lists=.+)\ndocker compose exec -T ingest (tar .+) > /m.exec(
    page,
  )!
  const script = `${assigned}\n${command!.replace('/data', '"$DATA"')} | tar -tf -`
  const names = execFileSync('sh', ['-c', script], { env: { ...process.env, DATA: data } })
  const [first, second, third, ...others] = names.toString().trim().split('\n')
  assert.deepEqual([first, second, third], lists)
  assert.deepEqual(others.filter((name) => !name.endsWith('/')).toSorted(), [
    './archive/2026/file',
    './state/users.jsonl',
  ])
})
