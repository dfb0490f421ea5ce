/** What can go wrong between Weir and InfluxDB, classified by remedy. */
import { HttpError } from '@influxdata/influxdb-client'

import { certificateFault } from '../spool/certificate.ts'
import { StoreFault, type FaultKind } from '../spool/fault.ts'

const kindsByStatus: Readonly<Record<number, FaultKind>> = {
  400: 'malformed',
  401: 'refused',
  403: 'refused',
  404: 'missing',
  413: 'tooLarge',
  422: 'partial',
}

/** What an administrator can do while Weir waits for InfluxDB. */
export const remedies: Partial<Record<FaultKind, string>> = {
  away: 'see that InfluxDB runs and that WEIR_INFLUX_URL is its address',
  busy: 'nothing, if it passes; else look at the load and the disk of InfluxDB',
  refused: 'give WEIR_INFLUX_TOKEN_FILE a token that may write; weir influx setup makes one',
  missing:
    'weir influx setup makes the buckets; what a lost one held, weir rebuild makes again; see WEIR_INFLUX_ORG and WEIR_INFLUX_PREFIX too',
  unsupported: 'use InfluxDB 2.9.1 or a later 2.x, or WEIR_STORE=parquet',
}

/** A request that InfluxDB did not carry out, or only in part. */
export class InfluxFault extends StoreFault {
  constructor(
    kind: FaultKind,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number | null; remedy?: string } = {},
  ) {
    const remedy = remedies[kind] ?? 'see the log of InfluxDB'
    super({ store: 'InfluxDB', kind, message, remedy, ...options })
    this.name = 'InfluxFault'
  }

  override get dropped(): number | null {
    const match = /dropped\s*=?\s*(\d+)/.exec(this.text)
    return match ? Number(match[1]) : null
  }

  override get isRetention(): boolean {
    return /retention/i.test(this.text)
  }

  /** InfluxDB quotes the lines that it cannot parse. */
  override named(lines: readonly string[]): Set<string> {
    if (this.kind !== 'malformed' || !this.text.includes('unable to parse')) return new Set()
    return new Set(lines.filter((line) => this.text.includes(`'${line}'`)))
  }
}

/** Converts any failure of the client to a fault. */
export function faultOf(error: unknown, nowMs: number): InfluxFault {
  if (error instanceof InfluxFault) return error
  if (!(error instanceof HttpError)) {
    const { message, code } = error as NodeJS.ErrnoException
    const certificate = certificateFault(code)
    if (certificate)
      return new InfluxFault('away', certificate.message, {
        cause: error,
        remedy: certificate.remedy,
      })
    return new InfluxFault('away', `no answer (${code ?? message})`, { cause: error })
  }
  const { statusCode, statusMessage = '', message, headers = {} } = error
  const kind = kindsByStatus[statusCode] ?? (statusCode < 429 ? 'refused' : 'busy')
  // The client reads Retry-After as milliseconds; in RFC 9110 it is seconds or a date.
  const retryAfterMs = readRetryAfter(String(headers['retry-after'] ?? ''), nowMs)
  const text = `${statusCode} ${statusMessage}: ${message}`
  return new InfluxFault(kind, text, { cause: error, retryAfterMs })
}

/** Retry-After (RFC 9110, section 10.2.3) in ms, or null if there is none. */
export function readRetryAfter(text: string, nowMs: number): number | null {
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs)
}
