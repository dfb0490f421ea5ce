/** GET /api/status: always answers within seconds, whatever is wrong. */
import { setTimeout as sleep } from 'node:timers/promises'

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

import { formatNetwork, type NetworkSet } from '../../flow/address.ts'
import { reasonOf } from '../../flow/reason.ts'
import { endpointText, publishedUrl } from '../../flow/settings/values.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { leftOutRemedy, restoredFlows, restoredSeries } from '../../store/disk/file-fault.ts'
import type { ApiParts } from '../parts.ts'
import { errorAnswers } from '../schema/schema.ts'
import { NoQuery, StatusAnswer, type Warning } from '../schema/status.ts'
import { ingestWarnings, settingWarnings, unreadable } from '../status/warnings.ts'
import packageFile from '../../package.json' with { type: 'json' }

/** A store without an answer by then is reported as not answering; health checks wait little longer. */
const storeMsMax = 4000

const schema = {
  summary: 'Status of Weir: ingest, archive, series, settings, and warnings',
  querystring: NoQuery,
  response: { 200: StatusAnswer, ...errorAnswers },
}

export function statusRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/status', { schema }, () => answerStatus(parts))
  }
}

async function answerStatus(parts: ApiParts): Promise<StatusAnswer> {
  const warnings: Warning[] = []
  const ingest = await parts.status.read()
  const isStarting = !ingest?.running && (await parts.status.isStarting?.()) === true
  // Together: a database may have both, and hang.
  const [archive, series] = await Promise.all([
    archiveOf(parts, warnings),
    seriesOf(parts, warnings),
  ])
  const answer: StatusAnswer = {
    version: packageFile.version,
    now: parts.now() / 1000,
    ingest,
    starting: isStarting,
    archive,
    series,
    refused: ingest?.refused ?? [],
    settings: shown(parts.settings, ingest),
    warnings,
  }
  warnings.push(
    ...ingestWarnings(ingest, { isStarting, fault: parts.status.fault?.() ?? null }),
    ...settingWarnings(parts.settings),
  )
  const ofNames = parts.names.problem?.() ?? null
  if (ofNames !== null)
    warnings.push({
      what: `names could not be read: ${ofNames}`,
      remedy: 'fix the file or its permissions; until then the names read before are used',
    })
  const ofSeries = (await parts.series.problems?.().catch(() => [])) ?? []
  for (const [problems, restored] of [
    [answer.archive.problems, restoredFlows],
    [ofSeries, restoredSeries],
  ] as const)
    for (const what of problems) warnings.push({ what, remedy: leftOutRemedy(what, restored) })
  return answer
}

async function archiveOf(
  { flows }: ApiParts,
  warnings: Warning[],
): Promise<StatusAnswer['archive']> {
  try {
    const { first, last, rows } = await inTime(flows.extent(0, Number.MAX_SAFE_INTEGER))
    const { bytes = null, problems = [] } = (await flows.health?.()) ?? {}
    return { from: inSeconds(first), to: inSeconds(last), rows, bytes, problems: [...problems] }
  } catch (error) {
    warnings.push(unreadable('the flow archive', error))
    return { from: null, to: null, rows: 0, bytes: null, problems: [] }
  }
}

async function seriesOf(
  { series, settings }: ApiParts,
  warnings: Warning[],
): Promise<StatusAnswer['series']> {
  const failures: { name: string; error: unknown }[] = []
  const tiers = await Promise.all(
    settings.tiers.map(async (tier) => {
      const extent = await inTime(series.extent(tier)).catch((error: unknown) => {
        failures.push({ name: tier.name, error })
        return undefined
      })
      return {
        tier: tier.name,
        step: tier.stepMs / 1000,
        keep: tier.keepMs / 1000,
        from: inSeconds(extent?.from ?? null),
        to: extent ? (extent.to + tier.stepMs) / 1000 : null,
        readable: extent !== undefined,
      }
    }),
  )
  // A store that is down fails every tier in the same way: that is one warning.
  for (const alike of Map.groupBy(failures, ({ error }) => reasonOf(error)).values()) {
    const names = alike.map(({ name }) => name).join(', ')
    warnings.push(unreadable(`the series (${names})`, alike[0]!.error))
  }
  return tiers
}

/** @throws Error if there is no answer in time */
async function inTime<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const ended = new AbortController()
  const { signal } = ended
  try {
    const late = sleep(storeMsMax, null, { signal }).then(() => {
      throw Object.assign(new Error(`no answer within ${storeMsMax / 1000} s`), {
        remedy: 'see whether the store is overloaded',
      })
    })
    return await Promise.race([answer, late])
  } finally {
    ended.abort()
  }
}

function inSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000
}

/** The settings that may be shown: none is a secret. */
function shown(settings: Settings, ingest: IngestStatus | null): StatusAnswer['settings'] {
  return {
    data: settings.data,
    http: endpointText(settings.http),
    published: settings.published && publishedUrl(settings.published),
    netflow: endpointText(settings.netflow),
    ipfix: endpointText(settings.ipfix),
    sflow: endpointText(settings.sflow),
    addresses: ingest?.addresses?.join(',') ?? null,
    metrics: endpointText(settings.metrics),
    exporters: networksText(settings.exporters),
    local: networksText(settings.local),
    names: settings.names,
    store: settings.store,
    tiers: settings.tiers.map(({ name, keepMs }) => `${name}:${keepMs / 86_400_000}d`).join(' '),
    top: settings.top,
    archiveKeepDays: settings.archiveKeepMs / 86_400_000,
    archiveMaxBytes: settings.archiveMaxBytes,
    flowMaxDays: settings.flowMaxMs / 86_400_000,
    timeZone: settings.timeZone,
    auth: settings.access.auth,
    mask: settings.access.mask.join(',') || null,
  }
}

function networksText({ networks }: NetworkSet): string {
  return networks.map((network) => formatNetwork(network)).join(',')
}
