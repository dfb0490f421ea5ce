/** Logs datagrams at which decoding itself fails. */
import { Buffer } from 'node:buffer'

import type { Logger } from 'pino'

import type { DecodingFault } from '../decode/decoder.ts'

/** Datagrams logged: one is enough to mend it. */
const loggedMax = 10

export class FaultLog {
  readonly #log: Logger
  #logged = 0

  constructor(log: Logger) {
    this.#log = log
  }

  /** Processes a fault. */
  take({ error, exporter, datagram }: DecodingFault): void {
    if (this.#logged++ >= loggedMax) return
    const base64 = Buffer.from(datagram).toString('base64')
    this.#log.error(
      { error, exporter, datagram: base64 },
      'Weir fails at a datagram: report this line',
    )
  }
}
