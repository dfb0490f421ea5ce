/** Requests that are not HTTP, or exceed its limits: answered on the bare socket. */
import type { Socket } from 'node:net'

import { ApiError, errorAnswer } from './errors.ts'

/** Error codes of Node's parser, and how they are answered. */
const faults: Record<string, ApiError> = {
  HPE_HEADER_OVERFLOW: new ApiError(431, 'headers-too-long', {
    message: 'the headers are longer than 16 KiB',
    remedy: 'send fewer or shorter headers',
  }),
  ERR_HTTP_REQUEST_TIMEOUT: new ApiError(408, 'too-slow', {
    message: 'the request took too long to arrive',
    remedy: 'ask again',
  }),
}

const notHttp = new ApiError(400, 'not-http', {
  message: 'the request is not HTTP',
  remedy: 'use http:// and a browser or curl',
})

/** Answers a request that Node's parser refused, and closes the connection. */
export function refuseBroken(fault: Error & { code?: string }, socket: Socket): void {
  if (fault.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const error = faults[fault.code ?? ''] ?? notHttp
  const body = JSON.stringify(errorAnswer(error))
  const head = [
    `HTTP/1.1 ${error.status} Refused`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
