/** Files damaged while being written, by the disk or by memory on the way there. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { scratchFolder } from '../../processes.ts'

test('a file damaged in writing is never published, and its contents are written again', async () => {
  const folder = await scratchFolder()
  const [preload, work] = ['damaged-writes.ts', 'damaged-archive.ts'].map((name) => join(import.meta.dirname, name)) // prettier-ignore
  const env = { ...process.env, WEIR_DAMAGE: join(folder, 'damage') }
  await promisify(execFile)(process.execPath, ['--import', preload!, work!, folder], { env, timeout: 60_000 }) // prettier-ignore
})
