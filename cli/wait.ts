/** `--wait SECONDS`: how long a command waits for a server that is starting. */
import { setTimeout as sleep } from 'node:timers/promises'

import { CommandError, exitCodes } from './command.ts'

const secondsDefault = 60
const askEveryMs = 500

/** The seconds to wait. @throws CommandError if they are not a number */
export function waitSeconds(value: unknown): number {
  if (typeof value !== 'string' || value === '') return secondsDefault
  if (!/^\d{1,4}$/.test(value))
    throw new CommandError(`--wait ${value}: write seconds, such as 60`, exitCodes.usage)
  return Number(value)
}

/** Repeats a request until it is answered; throws its error if that is final, or if time is up. */
export async function untilAnswered<Answer>(
  ask: () => Promise<Answer>,
  { seconds, isFinal = () => false }: { seconds: number; isFinal?: (error: unknown) => boolean },
): Promise<Answer> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (isFinal(error) || performance.now() > deadline) throw error
      await sleep(askEveryMs)
    }
  }
}
