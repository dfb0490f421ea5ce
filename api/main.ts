/** The API process: opens the stores of the data folder, listens, and closes all of it again. */
import { join } from 'node:path'

import type { FastifyBaseLogger } from 'fastify'

import { reasonOf } from '../flow/reason.ts'
import { endpointText } from '../flow/settings/values.ts'
import type { Settings } from '../flow/settings/settings.ts'
import { openSeriesReader } from '../store/open-series.ts'
import { openFlows, openIncidents } from '../store/open.ts'
import { makeFirstAdmin, type FirstLogin } from './access/first-admin.ts'
import { Passwords } from './access/passwords.ts'
import { buildApp } from './app.ts'
import { openStatus } from './status/cluster-status.ts'
import { openStateOf } from './documents/shared-state.ts'
import { openNames } from './names/open-names.ts'

/** The page as `npm run build` leaves it. */
const pageFolder = join(import.meta.dirname, '..', 'web', 'dist')

interface RunningApi {
  close(): Promise<void>
  url: string
  /** The log-in of the first admin, to be shown once; null if there was no need for one. */
  firstLogin: Promise<FirstLogin | null>
}

/**
 * Serves the API and the page of a data folder, whether or not an ingest runs on it.
 * @throws ListenError if the address is in use; NamesError and others if the names file cannot be
 * read
 */
export async function runApi(settings: Settings, log: FastifyBaseLogger): Promise<RunningApi> {
  const opened = await openStateOf(settings)
  const { state } = opened
  const named = await openNames(settings, state)
  const { names } = named
  const flows = await openFlows(settings)
  const series = await openSeriesReader(settings, { holdsFiles: true })
  const incidents = await openIncidents(settings)
  const collectors = await openStatus(settings, Date.now)
  const status = names.following(collectors)
  const app = await buildApp({
    settings,
    series,
    flows,
    incidents,
    status,
    names,
    state,
    pageFolder,
    log,
  })
  const close = async () => {
    await app.close()
    named.close()
    await Promise.all([flows, series, incidents, collectors, opened].map((each) => each.close()))
  }
  const { host, port } = settings.http
  try {
    const url = await app.listen({ host, port })
    const firstLogin = makeFirstAdmin(settings, { ...opened, passwords: new Passwords() })
    return { close, url, firstLogin }
  } catch (error) {
    await close()
    throw new ListenError(endpointText(settings.http), { cause: error })
  }
}

/** The address of WEIR_HTTP cannot be listened on. */
class ListenError extends Error {
  readonly remedy = 'stop what listens there, or set another address or port'

  constructor(address: string, options: { cause: unknown }) {
    const { cause } = options
    super(`WEIR_HTTP="${address}": ${reasonOf(cause)}`, options)
    this.name = 'ListenError'
  }
}
