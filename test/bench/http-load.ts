/**
 * Requests one address over and over on several connections and prints the result as JSON. It
 * parses an answer only to find its end, so that it needs a fraction of the server's CPU; run it on
 * another core than the server's.
 *
 *     node test/bench/http-load.ts URL SECONDS CONNECTIONS [ENCODING]
 */
import { connect } from 'node:net'

export interface HttpLoad {
  answered: number
  seconds: number
  /** Per answer, including the header. */
  bytes: number
  /** ms */
  p50: number
  p99: number
}

const headEnd = '\r\n\r\n'

/** The end of an answer: after the length of its body, or with its last chunk. */
class AnswerEnd {
  #left = 0
  #isChunked = false
  #isInBody = false

  /** Whether the answer ends with this piece. @throws if it is not a 200 */
  take(piece: Buffer): boolean {
    if (!this.#isInBody) this.#begin(piece)
    else this.#left -= piece.length
    const isDone = this.#isChunked
      ? piece.toString('latin1', piece.length - 5) === `0${headEnd}`
      : this.#left <= 0
    if (isDone) this.#isInBody = false
    return isDone
  }

  #begin(piece: Buffer): void {
    const end = piece.indexOf(headEnd)
    const head = piece.toString('latin1', 0, end)
    if (end < 0 || !head.startsWith('HTTP/1.1 200')) throw new Error(`answered: ${head}`)
    const length = /^content-length: (\d+)/im.exec(head)?.[1]
    this.#isInBody = true
    this.#isChunked = length === undefined
    this.#left = Number(length ?? 0) - (piece.length - end - headEnd.length)
  }
}

async function load(url: URL, seconds: number, connections: number, encoding: string) {
  const accepts = encoding === '' ? '' : `Accept-Encoding: ${encoding}\r\n`
  const request = `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n${accepts}\r\n`
  const times: number[] = []
  let bytes = 0
  const began = performance.now()
  const client = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname)
      const answer = new AnswerEnd()
      let askedAt = 0
      const next = () => {
        askedAt = performance.now()
        socket.write(request)
      }
      socket.on('connect', next)
      socket.on('error', reject)
      socket.on('data', (piece: Buffer) => {
        bytes += piece.length
        try {
          if (!answer.take(piece)) return
        } catch (error) {
          reject(error)
          return
        }
        times.push(performance.now() - askedAt)
        if (performance.now() - began < seconds * 1000) next()
        else socket.end(resolve)
      })
    })
  await Promise.all(Array.from({ length: connections }, client))
  times.sort((a, b) => a - b)
  const at = (part: number) => Math.round(times[Math.ceil(part * times.length) - 1]! * 100) / 100
  const taken = (performance.now() - began) / 1000
  const { length: answered } = times
  return { answered, seconds: taken, bytes: Math.round(bytes / answered), p50: at(0.5), p99: at(0.99) } // prettier-ignore
}

const [url, seconds = '5', connections = '8', encoding = ''] = process.argv.slice(2)
if (url === undefined) throw new Error('name the address: http-load.ts URL SECONDS CONNECTIONS')
const found = await load(new URL(url), Number(seconds), Number(connections), encoding)
process.stdout.write(`${JSON.stringify(found satisfies HttpLoad)}\n`)
