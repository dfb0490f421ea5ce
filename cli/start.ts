/** `weir start`: ingest and API as two processes under one command, so that a query never costs a datagram. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { CommandError, type CommandInput } from './command.ts'
import { buildPage } from './page.ts'

const names = ['ingest', 'api'] as const
const weir = fileURLToPath(new URL('weir.js', import.meta.url))

export async function start({ values }: CommandInput): Promise<void> {
  await buildPage()
  const config = typeof values['config'] === 'string' ? ['--config', values['config']] : []
  // Ctrl-C in a terminal signals the whole process group; with groups of their own, the two are
  // stopped only by us.
  const children: ChildProcess[] = []
  let isStopping = false
  const stop = () => {
    // A second signal would kill a process at once, so each gets only one.
    if (isStopping) return
    isStopping = true
    for (const child of children) if (child.exitCode === null) child.kill('SIGTERM')
  }
  // Before the two are started: a signal in between would leave one behind.
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  for (const name of names) children.push(fork(weir, [name, ...config], { detached: true }))
  const failures: CommandError[] = []
  await Promise.all(
    children.map(async (child, i) => {
      const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
      // One that was told to stop while it was loading dies of the signal: it had not begun anything.
      const isStopped = isStopping && (code === 0 || signal === 'SIGTERM')
      if (!isStopped) failures.push(failureOf(names[i]!, { code, signal }))
      stop()
    }),
  )
  if (failures[0]) throw failures[0]
}

/** What became of a process that did not end as told; the other was stopped with it. */
function failureOf(
  name: string,
  { code, signal }: { code: number | null; signal: NodeJS.Signals | null },
): CommandError {
  if (code === 0) return new CommandError(`${name} was told to stop, and the other with it`)
  if (signal === null) return new CommandError(`${name} ended with exit code ${code}`, code ?? 1)
  const why = signal === 'SIGKILL' ? '; if nobody did that, memory ran out (dmesg)' : ''
  return new CommandError(`${name} was killed by ${signal}${why}`)
}
