/** A thread or process that serves requests, one after the other. */
import { Worker } from 'node:worker_threads'

import { reasonOf } from '../../flow/reason.ts'
import { QueryTooLarge } from '../query-error.ts'

export type Message =
  | { id: number; result: unknown }
  | { id: number; error: string; facts: ErrorFacts }
  | { id: number; refusal: { message: string; remedy: string; estimate: number | null } }

/** The fields of an error, besides its message, that tell who must fix it. */
interface ErrorFacts {
  code?: string
  syscall?: string
  remedy?: string
}

interface Waiting {
  resolve: (result: never) => void
  reject: (error: Error) => void
}

/** A thread's answer to each kind of request. */
export type AnswersTo<Request extends { kind: string }> = Record<Request['kind'], unknown>

interface ThreadLimits {
  youngMiBMax?: number
}

/** Serves requests elsewhere; subclasses define the transport to a thread or a process. */
export abstract class RequestWorker<
  Request extends { kind: string },
  Answers extends AnswersTo<Request>,
> {
  readonly #name: string
  readonly #waiting = new Map<number, Waiting>()
  #requests = 0
  /** Why it has ended; null while it has not. */
  #ended: Error | null = null

  /** `name` is for error messages. */
  constructor(name: string) {
    this.#name = name
  }

  /**
   * Sends a request; requests are processed one after the other.
   * @throws the error as text, QueryTooLarge unchanged; always, once it has ended
   */
  ask<One extends Request>(
    request: One,
    transfer: ArrayBuffer[] = [],
  ): Promise<Answers[One['kind']]> {
    if (this.#ended) return Promise.reject(this.#ended)
    const id = ++this.#requests
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.send({ id, request }, transfer)
    })
  }

  /** Abandons work by name, ahead of all waiting requests. */
  giveUp(name: string): void {
    if (!this.#ended) this.send({ giveUp: name }, [])
  }

  get hasEnded(): boolean {
    return this.#ended !== null
  }

  protected abstract send(message: unknown, transfer: ArrayBuffer[]): void

  protected take(message: Message): void {
    const request = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ('refusal' in message) {
      const { message: text, remedy, estimate } = message.refusal
      request?.reject(new QueryTooLarge(text, remedy, estimate))
    } else if ('error' in message)
      request?.reject(Object.assign(new Error(`${this.#name}: ${message.error}`), message.facts))
    else request?.resolve(message.result as never)
  }

  protected end(error: Error): void {
    this.#ended ??= new Error(`${this.#name} has ended: ${error.message}`, { cause: error })
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
    this.#waiting.clear()
  }
}

export class WorkerThread<
  Request extends { kind: string },
  Answers extends AnswersTo<Request>,
> extends RequestWorker<Request, Answers> {
  readonly #worker: Worker

  /**
   * `name` is for error messages; `workerData` is passed to the module at `url`, which calls answerRequests.
   * @param youngMiBMax space for new objects; V8's default is 48 MiB
   */
  constructor(name: string, url: URL, workerData: unknown, { youngMiBMax }: ThreadLimits = {}) {
    super(name)
    const resourceLimits = youngMiBMax ? { maxYoungGenerationSizeMb: youngMiBMax } : {}
    this.#worker = new Worker(url, { workerData, name, resourceLimits })
    this.#worker.on('message', (message: Message) => this.take(message))
    this.#worker.on('error', (error) => this.end(error as Error))
    this.#worker.on('exit', (code) => this.end(new Error(`it ended with code ${code}`)))
  }

  /** Lets the process exit while the thread is idle. */
  unref(): void {
    this.#worker.unref()
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  protected send(message: unknown, transfer: ArrayBuffer[]): void {
    this.#worker.postMessage(message, transfer)
  }
}

/** Where requests arrive and answers are sent. */
interface AnswerPort {
  on(event: 'message', take: (message: unknown) => void): unknown
  postMessage(message: unknown): void
}

/**
 * In the thread or process: answers requests in turn; thrown errors are sent back (see ask).
 * `onGiveUp` is called at once when the caller abandons something.
 */
export function answerRequests<
  Request extends { kind: string },
  Answers extends AnswersTo<Request>,
>(
  port: AnswerPort,
  answers: {
    [Kind in Request['kind']]: (
      request: Extract<Request, { kind: Kind }>,
    ) => Answers[Kind] | Promise<Answers[Kind]>
  },
  onGiveUp: (name: string) => void = () => undefined,
): void {
  const answer = async (id: number, request: Request): Promise<Message> => {
    try {
      const find = answers[request.kind as Request['kind']] as (request: Request) => unknown
      return { id, result: await find(request) }
    } catch (error) {
      if (error instanceof QueryTooLarge) {
        const { message, remedy, estimate } = error
        return { id, refusal: { message, remedy, estimate } }
      }
      return { id, error: reasonOf(error), facts: factsOf(error) }
    }
  }
  let work: Promise<void> = Promise.resolve()
  port.on('message', (message) => {
    const received = message as { id: number; request: Request } | { giveUp: string }
    if ('giveUp' in received) {
      onGiveUp(received.giveUp)
      return
    }
    const { id, request } = received
    work = work.then(async () => port.postMessage(await answer(id, request)))
  })
}

function factsOf(error: unknown): ErrorFacts {
  const facts = Object.entries(error instanceof Error ? error : {})
  return Object.fromEntries(facts.filter(([name]) => ['code', 'syscall', 'remedy'].includes(name)))
}
