/**
 * A disk of its own for a test: a file system in a file, which can be held up, and whose space can
 * turn out not to be there.
 */
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Why such disks cannot be mounted here; false if they can. */
export const noLoopDisk = process.getuid?.() !== 0 && 'mounting a disk takes root'

export class LoopDisk {
  /** Where it is mounted. */
  readonly path: string
  readonly #folder: string
  #isFrozen = false

  private constructor(folder: string) {
    this.#folder = folder
    this.path = join(folder, 'disk')
  }

  /** Mounts one of some MB, of which only so many can really be written. */
  static async mount({ megabytes, real }: { megabytes: number; real: number }): Promise<LoopDisk> {
    const folder = await mkdtemp(join(tmpdir(), 'weir-disk-'))
    const disk = new LoopDisk(folder)
    const below = join(folder, 'below')
    await Promise.all([mkdir(below), mkdir(disk.path)])
    run('mount', '-t', 'tmpfs', '-o', `size=${real}m`, 'tmpfs', below)
    const image = join(below, 'image')
    run('truncate', '-s', `${megabytes}M`, image)
    run('mkfs.ext4', '-q', '-O', '^has_journal', image)
    run('mount', '-o', 'loop', image, disk.path)
    return disk
  }

  /** From now on whatever is written waits, as for a disk or a server that does not answer. */
  freeze(): void {
    run('fsfreeze', '-f', this.path)
    this.#isFrozen = true
  }

  thaw(): void {
    if (this.#isFrozen) run('fsfreeze', '-u', this.path)
    this.#isFrozen = false
  }

  async unmount(): Promise<void> {
    this.thaw()
    // Also if a process of a test that failed still uses it.
    run('umount', '-l', this.path)
    run('umount', '-l', join(this.#folder, 'below'))
    await rm(this.#folder, { recursive: true })
  }
}

function run(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}
