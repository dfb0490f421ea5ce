/** The project as of one commit ago, as a folder from which it can be built. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a version from before Compose lacks. */
const deployment = ['Dockerfile', '.dockerignore', 'docker-compose.yml']

/**
 * Unpacks the commit before the one under test: before HEAD if nothing has changed since, else HEAD.
 * @throws if there is no earlier commit, as in a shallow clone
 */
export async function previousVersion(folder: string): Promise<{ path: string; commit: string }> {
  const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args])
  const isChanged = git('status', '--porcelain').length > 0
  const commit = git('rev-parse', isChanged ? 'HEAD' : 'HEAD~1')
    .toString()
    .trim()
  const path = await mkdtemp(join(tmpdir(), 'weir-previous-'))
  execFileSync('tar', ['-x', '-C', path], {
    input: execFileSync('git', ['-C', folder, 'archive', commit], { maxBuffer: 2 ** 28 }),
  })
  for (const file of deployment)
    if (!existsSync(join(path, file))) await copyFile(join(folder, file), join(path, file))
  return { path, commit }
}
