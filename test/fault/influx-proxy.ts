/**
 * A proxy in front of a real InfluxDB that does to writes what networks, proxies and overloaded
 * databases do.
 */
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** What happens to a write. */
export type Fault =
  | { kind: 'none' }
  /** Answered with this, without InfluxDB. */
  | { kind: 'answer'; status: number; headers?: Record<string, string>; body?: string }
  /** Never answered. */
  | { kind: 'hang' }
  /** Cut off while the body is being received. */
  | { kind: 'cut' }
  /** Done by InfluxDB, but the answer is lost. */
  | { kind: 'unanswered' }
  /** Refused with a status if the body matches. */
  | { kind: 'refuse'; status: number; when: (lines: string[]) => boolean; body?: string }

export class InfluxProxy {
  fault: Fault = { kind: 'none' }
  /** The version it claims, if not InfluxDB's own. */
  version: string | null = null
  /** The most writes open at a time, and when (performance.now) each came. */
  inFlightMax = 0
  readonly writes: number[] = []
  /** Called for each write when its fault is chosen. */
  onWrite: () => void = () => undefined
  #inFlight = 0
  readonly #server = createServer((asked, answer) => this.#take(asked, answer))
  readonly #target: string

  private constructor(target: string) {
    this.#target = target
  }

  static async open(target: string): Promise<InfluxProxy> {
    const proxy = new InfluxProxy(target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #take(asked: IncomingMessage, answer: ServerResponse): void {
    answer.on('error', () => undefined)
    asked.on('error', () => undefined)
    const isWrite = asked.url!.startsWith('/api/v2/write')
    if (isWrite) {
      this.writes.push(performance.now())
      this.inFlightMax = Math.max(this.inFlightMax, ++this.#inFlight)
      answer.once('close', () => this.#inFlight--)
    }
    const fault: Fault = isWrite ? this.fault : { kind: 'none' }
    if (isWrite) this.onWrite()
    if (fault.kind === 'cut') {
      asked.once('data', () => asked.socket.resetAndDestroy())
      return
    }
    const chunks: Buffer[] = []
    asked.on('data', (chunk: Buffer) => chunks.push(chunk))
    asked.once('end', () => this.#pass(asked, answer, { body: Buffer.concat(chunks), fault }))
  }

  #pass(
    asked: IncomingMessage,
    answer: ServerResponse,
    { body, fault }: { body: Buffer; fault: Fault },
  ): void {
    if (fault.kind === 'hang') return
    const refuse = (status: number, headers: Record<string, string> = {}, text = '') => {
      const message = JSON.stringify({ code: 'fault', message: text })
      answer.writeHead(status, { 'content-type': 'application/json', ...headers }).end(message)
    }
    if (fault.kind === 'answer') return refuse(fault.status, fault.headers, fault.body)
    if (fault.kind === 'refuse') {
      const isZipped = asked.headers['content-encoding'] === 'gzip'
      const lines = (isZipped ? gunzipSync(body) : body).toString().split('\n')
      if (fault.when(lines)) return refuse(fault.status, {}, fault.body)
    }
    const { method, url, headers } = asked
    const passed = request(this.#target + url!, { method, headers }, (given) => {
      if (fault.kind === 'unanswered') {
        given.resume()
        given.once('end', () => asked.socket.resetAndDestroy())
        return
      }
      const version = this.version === null ? {} : { 'x-influxdb-version': this.version }
      answer.writeHead(given.statusCode!, { ...given.headers, ...version })
      given.pipe(answer)
    })
    passed.once('error', () => asked.socket.resetAndDestroy())
    passed.end(body)
  }
}
