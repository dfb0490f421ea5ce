/** The load generator, seen from whoever wants load: a process that sends when it is told to. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import type { LoadOptions, Sent } from './send.ts'

const program = fileURLToPath(new URL('send.ts', import.meta.url))

/** A sender whose datagrams are made: `send` has it send them all. */
export interface Sender {
  send: () => Promise<Sent>
}

/** Makes load ready to be sent; the process ends once it is. */
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
