/** `weir start`: ingest and API as two processes under one command, so that a query never costs a datagram. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { CommandError, type CommandInput } from './command.ts'
import { buildPage } from './page.ts'

const weir = fileURLToPath(new URL('weir.js', import.meta.url))

export async function start({ values }: CommandInput): Promise<void> {
  await buildPage()
  const config = typeof values['config'] === 'string' ? ['--config', values['config']] : []
  // Ctrl-C in a terminal signals the whole process group; with groups of their own, the two are
  // stopped only by us.
  const children = ['ingest', 'api'].map((name) =>
    fork(weir, [name, ...config], { detached: true }),
  )
  let isStopping = false
  const stop = () => {
    // A second signal would kill a process at once, so each gets only one.
    if (isStopping) return
    isStopping = true
    for (const child of children) if (child.exitCode === null) child.kill('SIGTERM')
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  const codes = await Promise.all(children.map((child) => exitOf(child, stop)))
  const failed = codes.find((code) => code !== 0)
  if (failed !== undefined)
    throw new CommandError('stopped because one of its two processes failed', failed)
}

/** The exit code of a process; when one ends, the other is stopped. */
async function exitOf(child: ChildProcess, stop: () => void): Promise<number> {
  const [code] = (await once(child, 'exit')) as [number | null]
  stop()
  return code ?? 1
}
