/**
 * A process with the interface of a thread (worker-thread.ts): everything it loads is gone when it exits,
 * whereas DuckDB's library and its allocator's memory stay for good in a process that has loaded them.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import { RequestWorker, answerRequests, type AnswersTo, type Message } from './worker-thread.ts'

interface ProcessLimits {
  /** Half of the space for new objects; V8's default is 16 MiB. */
  semiSpaceMiBMax: number
}

export class WorkerProcess<
  Request extends { kind: string },
  Answers extends AnswersTo<Request>,
> extends RequestWorker<Request, Answers> {
  readonly #child: ChildProcess

  /** `name` is for error messages; the module at `url` calls answerParent. */
  constructor(name: string, url: URL, { semiSpaceMiBMax }: ProcessLimits) {
    super(name)
    this.#child = fork(url, {
      serialization: 'advanced',
      // Options of the parent's command line, such as `-e`, are not inherited; NODE_OPTIONS are.
      execArgv: [`--max-semi-space-size=${semiSpaceMiBMax}`],
    })
    this.#child.on('message', (message: Message) => this.take(message))
    this.#child.on('error', (error) => this.end(error))
    this.#child.on('exit', (code, signal) => this.end(new Error(`it ended with ${signal ?? code}`)))
  }

  /** Waits for it to exit, as requested; after `msMax` it is killed. */
  async ended(msMax: number): Promise<void> {
    const ended = this.hasEnded ? Promise.resolve() : once(this.#child, 'exit')
    await Promise.race([ended, sleep(msMax, undefined, { ref: false })])
    if (!this.hasEnded) this.#child.kill('SIGKILL')
    await ended
  }

  protected send(message: unknown): void {
    // If it has gone, its exit reports that.
    this.#child.send(message as object, () => undefined)
  }
}

/**
 * In the process: answers like answerRequests. Signals are left to the parent, which tells it to end.
 * It never outlives the parent, since another process may then use its files.
 */
export function answerParent<Request extends { kind: string }, Answers extends AnswersTo<Request>>(
  answers: Parameters<typeof answerRequests<Request, Answers>>[1],
  onGiveUp?: (name: string) => void,
): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
  process.on('disconnect', () => process.exit())
  // If the parent has gone, the disconnection reports that.
  const ignore = () => undefined
  const postMessage = (message: unknown) =>
    void process.send!(message, undefined, undefined, ignore)
  const on = (event: 'message', take: (message: unknown) => void) => process.on(event, take)
  answerRequests<Request, Answers>({ on, postMessage }, answers, onGiveUp)
}
