/**
 * A process that is asked as a thread is (asked-thread.ts): all that it loads and holds is gone when it ends, whereas DuckDB's library
 * and what its allocator keeps stay for good in a process that has once had them.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import { Asked, answerAsked, type AnswersTo, type Message } from './asked-thread.ts'

export interface ProcessLimits {
  /** Room for what it makes anew, half of it; V8's own is 16 MiB. */
  semiSpaceMiBMax: number
}

export class AskedProcess<
  Request extends { kind: string },
  Answers extends AnswersTo<Request>,
> extends Asked<Request, Answers> {
  readonly #child: ChildProcess

  /** `name` is what errors call it; the module at `url` calls answerAsker. */
  constructor(name: string, url: URL, { semiSpaceMiBMax }: ProcessLimits) {
    super(name)
    this.#child = fork(url, {
      serialization: 'advanced',
      // What was said to the command, as a program by `-e`, is not for it; NODE_OPTIONS are.
      execArgv: [`--max-semi-space-size=${semiSpaceMiBMax}`],
    })
    this.#child.on('message', (message: Message) => this.take(message))
    this.#child.on('error', (error) => this.end(error))
    this.#child.on('exit', (code, signal) => this.end(new Error(`it ended with ${signal ?? code}`)))
  }

  /** Waits for its end, which it was asked for; after so long, ms, it is killed. */
  async ended(msMax: number): Promise<void> {
    const ended = this.hasEnded ? Promise.resolve() : once(this.#child, 'exit')
    await Promise.race([ended, sleep(msMax, undefined, { ref: false })])
    if (!this.hasEnded) this.#child.kill('SIGKILL')
    await ended
  }

  protected send(message: unknown): void {
    // Where it is gone, its end says so.
    this.#child.send(message as object, () => undefined)
  }
}

/**
 * In the process: answers as answerAsked does. Signals are for who asks, which tells it to end; it never outlives who asks,
 * since another may be at its files then.
 */
export function answerAsker<Request extends { kind: string }, Answers extends AnswersTo<Request>>(
  answers: Parameters<typeof answerAsked<Request, Answers>>[1],
  onGiveUp?: (name: string) => void,
): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
  process.on('disconnect', () => process.exit())
  const postMessage = (message: unknown) => void process.send!(message)
  const on = (event: 'message', take: (message: unknown) => void) => process.on(event, take)
  answerAsked<Request, Answers>({ on, postMessage }, answers, onGiveUp)
}
