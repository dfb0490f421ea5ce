/** What the status warns of that is not told by ingest. */
import { isLoopback } from '../../flow/address.ts'
import { reasonOf } from '../../flow/reason.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import { endpointText } from '../../flow/settings/values.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { fileRemedy } from '../../store/disk/file-remedy.ts'
import { ApiError } from '../errors.ts'
import type { Warning } from '../schema/status.ts'

/** What cannot be read of a store, and the remedy of its error. */
export function unreadable(what: string, error: unknown): Warning {
  const reason = reasonOf(error)
  const { remedy = fileRemedy(error) } = error as { remedy?: unknown }
  return {
    what: `${what} cannot be read: ${reason}`,
    remedy: typeof remedy === 'string' ? remedy : 'check that the files in WEIR_DATA are intact',
  }
}

/** Those of ingest itself while it runs, else that it does not. `fault`: why it could not be asked. */
export function ingestWarnings(
  ingest: IngestStatus | null,
  { isStarting, fault }: { isStarting: boolean; fault: Error | null },
): Warning[] {
  if (ingest?.running) return ingest.warnings
  // Of the other collectors' status the warnings tell.
  if (fault instanceof ApiError) return [{ what: fault.message, remedy: fault.remedy }]
  if (isStarting)
    return [
      {
        what: 'ingest is starting: new flows wait in its journal and are not shown yet',
        remedy: 'wait: it replays its journal first; its log shows the progress',
      },
    ]
  return [
    {
      what: 'no ingest runs on this data folder: nothing new comes in',
      remedy: 'start it with weir start or weir ingest',
    },
  ]
}

/** Settings that are allowed, and dangerous. */
export function settingWarnings({ http, published, access }: Settings): Warning[] {
  const reached = published ?? http
  if (isLoopback(reached.host) || access.auth !== 'none') return []
  return [
    {
      what: `anyone who can reach ${endpointText(reached)} may read and change everything (WEIR_AUTH=none)`,
      remedy: 'set WEIR_AUTH=password, keep it on 127.0.0.1, or restrict access with a firewall',
    },
  ]
}
