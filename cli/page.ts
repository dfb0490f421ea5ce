/** Builds the page if its sources changed since the last build. */
import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('..', import.meta.url))
const sources = ['web', 'flow', 'package.json']

/**
 * Builds web/dist with vite if it is missing or older than a source; does nothing where only the
 * built page is installed.
 */
export async function buildPage(): Promise<void> {
  const built = join(project, 'web', 'dist', 'index.html')
  if (existsSync(built) && !existsSync(join(project, 'web', 'index.html'))) return
  if (existsSync(built) && (await stat(built)).mtimeMs >= (await newestSource())) return
  console.error('weir: building the page …')
  const { build } = await import('vite')
  await build({ root: join(project, 'web'), logLevel: 'warn' })
}

async function newestSource(): Promise<number> {
  let newest = 0
  for (const source of sources) {
    const path = join(project, source)
    if (!existsSync(path)) continue
    const names = (await stat(path)).isDirectory()
      ? (await readdir(path, { recursive: true })).filter((name) => !name.startsWith('dist'))
      : ['']
    for (const name of names) newest = Math.max(newest, (await stat(join(path, name))).mtimeMs)
  }
  return newest
}
