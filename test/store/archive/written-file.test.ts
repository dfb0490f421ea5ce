import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { writeWhole } from '../../../store/archive/write/written-file.ts'
import { scratchFolder } from '../../processes.ts'
import { seeded } from '../../random.ts'

test('a file has the bytes of all pieces, whatever their lengths, exactly once', async () => {
  const path = join(await scratchFolder(), 'file')
  const random = seeded(1)
  const pieces = [1, 0, 70_000, 262_144, 262_145, 3].map((length) => Buffer.alloc(length, Math.floor(random() * 256))) // prettier-ignore
  assert.equal(await writeWhole(path, pieces), 594_293)
  assert.deepEqual(await readFile(path), Buffer.concat(pieces))
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  await writeFile(path, 'another')
  await assert.rejects(writeWhole(path, pieces), { code: 'EEXIST' })
  assert.equal(await readFile(path, 'utf8'), 'another')
})
