/** The load generator as seen by its user: a process that sends on command. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import type { LoadOptions, Sent } from './send.ts'

const program = fileURLToPath(new URL('send.ts', import.meta.url))

/** A sender whose datagrams are ready: `send` sends them all. */
export interface Sender {
  send: () => Promise<Sent>
}

/** Prepares load; the process exits after sending it. */
export async function openSender(options: LoadOptions): Promise<Sender> {
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  await once(lines, 'line')
  return {
    send: async () => {
      child.stdin.write('\n')
      const [line] = (await once(lines, 'line')) as [string]
      return JSON.parse(line) as Sent
    },
  }
}
