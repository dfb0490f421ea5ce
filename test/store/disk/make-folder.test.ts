/** Folders that cannot be created: an immediate error of one line, with a remedy. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { promisify } from 'node:util'

import { takeLock } from '../../../store/disk/lock.ts'
import { FolderUnusable, makeFolder } from '../../../store/disk/make-folder.ts'
import { scratchFolder } from '../../processes.ts'

const folder = await scratchFolder()

suite('folders are created', () => {
  test('with missing parents, for their owner only', async () => {
    const path = join(folder, 'a', 'b', 'c')
    await makeFolder(path)
    assert.equal((await stat(path)).mode & 0o777, 0o700)
    await makeFolder(path)
  })
})

suite('folders that cannot be created are reported in one line', () => {
  const faults: Record<string, { path: string; why: RegExp }> = {
    // Node's own recursive mkdir never ends here.
    'in /proc, where nothing can be made': { path: '/proc/weir/run', why: /no folder can be made/ },
    'a file where the folder is wanted': { path: join(folder, 'file'), why: /is a file/ },
    'a file above it': { path: join(folder, 'file', 'run'), why: /is a file/ },
  }
  for (const [name, { path, why }] of Object.entries(faults))
    test(name, async () => {
      await writeFile(join(folder, 'file'), '')
      await assert.rejects(makeFolder(path), (error) => {
        assert.ok(error instanceof FolderUnusable)
        assert.match(error.message, why)
        assert.match(error.remedy, /WEIR_DATA/)
        return true
      })
      await assert.rejects(takeLock(join(path, 'writer.sock')), FolderUnusable)
    })

  test(
    'a read-only file system with the socket of a killed holder',
    { skip: process.getuid?.() === 0 ? false : 'mounting wants root' },
    async () => {
      const mounted = join(folder, 'mounted')
      await mkdir(mounted)
      const lock = new URL('../../../store/disk/lock.ts', import.meta.url).href
      const hold = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
      const take = `import { takeLock } from '${lock}'
        await takeLock(process.argv[1]).catch(({ message, remedy }) => console.log(message + ': ' + remedy))`
      const command = `mount -t tmpfs none "$1" && { "$0" -e "$2" "$1/a.sock" || mount -o remount,ro "$1" && "$0" --input-type=module -e "$3" "$1/a.sock"; }`
      const sh = ['sh', '-c', command, process.execPath, mounted, hold, take]
      const { stdout } = await promisify(execFile)('unshare', ['--mount', ...sh])
      assert.equal(
        stdout.trim(),
        `${mounted} cannot be written: its file system is mounted read-only: mount it for writing, or name another folder in WEIR_DATA`,
      )
    },
  )

  test('a path that is too long for a socket', async () => {
    const path = join(folder, 'x'.repeat(110))
    await assert.rejects(takeLock(join(path, 'writer.sock')), (error) => {
      assert.ok(error instanceof FolderUnusable)
      assert.equal(error.message, `${path} cannot be written: its path is too long`)
      assert.match(error.remedy, /shorter path in WEIR_DATA/)
      return true
    })
  })

  test('a lock where no socket can be created', async () => {
    const path = join(folder, 'taken')
    await mkdir(join(path, 'writer.sock', 'more'), { recursive: true })
    await assert.rejects(takeLock(join(path, 'writer.sock')), FolderUnusable)
  })
})
