/** Failures between Weir and ClickHouse, by remedy. */
import { ClickHouseError } from '@clickhouse/client'

import { certificateFault } from '../spool/certificate.ts'
import { StoreFault, type FaultKind } from '../spool/fault.ts'

/** ClickHouse's error numbers (src/Common/ErrorCodes.cpp). */
const kindsByCode: Readonly<Record<string, FaultKind>> = {
  // UNKNOWN_TABLE, UNKNOWN_DATABASE, NO_SUCH_COLUMN_IN_TABLE, CLUSTER_DOESNT_EXIST, UNKNOWN_IDENTIFIER
  '60': 'missing',
  '81': 'missing',
  '16': 'missing',
  '701': 'missing',
  '47': 'missing',
  // AUTHENTICATION_FAILED, ACCESS_DENIED, REQUIRED_PASSWORD, UNKNOWN_USER, WRONG_PASSWORD
  '516': 'refused',
  '497': 'refused',
  '194': 'refused',
  '192': 'refused',
  '193': 'refused',
  // CANNOT_PARSE_…: a value that no column can hold
  '6': 'malformed',
  '26': 'malformed',
  '27': 'malformed',
  '38': 'malformed',
  '41': 'malformed',
  '53': 'malformed',
  '62': 'malformed',
  '69': 'malformed',
  '72': 'malformed',
  '117': 'malformed',
  '131': 'malformed',
  // NUMBER_OF_ARGUMENTS_DOESNT_MATCH, ILLEGAL_TYPE_OF_ARGUMENT: a query that Weir wrote wrongly
  '42': 'malformed',
  '43': 'malformed',
}

/** What an administrator can do while Weir waits for ClickHouse. */
const remedies: Partial<Record<FaultKind, string>> = {
  away: 'see that ClickHouse runs and that WEIR_CLICKHOUSE_URL names its HTTP port',
  busy: 'nothing, if it passes; else look at system.replicas, the disk and the log of ClickHouse',
  refused: 'give WEIR_CLICKHOUSE_USER and WEIR_CLICKHOUSE_PASSWORD_FILE a user that may write',
  missing: 'weir clickhouse setup makes the tables; see WEIR_CLICKHOUSE_DATABASE too',
  unsupported: 'use ClickHouse 26.7 or later, or WEIR_STORE=parquet',
}

/** A request that ClickHouse did not complete. */
export class ClickHouseFault extends StoreFault {
  readonly isTimeout: boolean

  constructor(
    kind: FaultKind,
    message: string,
    {
      cause,
      isTimeout = false,
      remedy = remedies[kind] ?? 'see the log of ClickHouse',
    }: { cause?: unknown; isTimeout?: boolean; remedy?: string } = {},
  ) {
    super({ store: 'ClickHouse', kind, message, remedy, cause })
    this.name = 'ClickHouseFault'
    this.isTimeout = isTimeout
  }
}

/** Converts any failure of the client. Unknown errors are retried. */
export function faultOf(error: unknown): ClickHouseFault {
  if (error instanceof ClickHouseFault) return error
  if (error instanceof ClickHouseError) {
    const kind = kindsByCode[error.code] ?? 'busy'
    return new ClickHouseFault(kind, `error ${error.code}: ${error.message}`, { cause: error })
  }
  const { message, code } = error as NodeJS.ErrnoException
  const certificate = certificateFault(code)
  if (certificate)
    return new ClickHouseFault('away', certificate.message, {
      cause: error,
      remedy: certificate.remedy,
    })
  return new ClickHouseFault('away', `no answer (${code ?? message})`, { cause: error })
}
