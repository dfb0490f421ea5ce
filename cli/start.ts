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
  const children: ChildProcess[] = []
  let [isStopping, wasStopped] = [false, false]
  const stopped = () => {
    wasStopped ||= !isStopping
    stop()
  }
  const stop = () => {
    // A second signal would kill a process at once, so each gets only one.
    if (isStopping) return
    isStopping = true
    for (const child of children) if (child.exitCode === null) child.kill('SIGTERM')
  }
  // Before the two are started: a signal in between would leave one behind.
  process.on('SIGINT', stopped)
  process.on('SIGTERM', stopped)
  for (const name of ['ingest', 'api'])
    children.push(fork(weir, [name, ...config], { detached: true }))
  const codes = await Promise.all(
    children.map(async (child) => {
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
      // One that was told to stop while it was loading dies of the signal: it had not begun anything.
      const isStopped = isStopping && signal === 'SIGTERM'
      stop()
      return code ?? (isStopped ? 0 : 1)
    }),
  )
  const failed = codes.find((code) => code !== 0)
  if (failed !== undefined)
    throw new CommandError(
      wasStopped
        ? 'one of its two processes failed to stop cleanly'
        : 'stopped because one of its two processes failed',
      failed,
    )
}
