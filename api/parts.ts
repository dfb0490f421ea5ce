/** What the routes need. */
import { setTimeout as sleep } from 'node:timers/promises'

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'

import { zoneOf, type Settings } from '../flow/settings/settings.ts'
import type { Examine } from '../flow/incident/find.ts'
import type { FlowStore } from '../store/flows.ts'
import type { IncidentSource } from '../store/incident/ledger.ts'
import type { SeriesReader } from '../store/series.ts'
import { refuseHostFilter } from './access/masking.ts'
import type { AnswerCache } from './cache/answer-cache.ts'
import type { HeavyQueries } from './heavy.ts'
import { exportersOf, seenOf, type StatusSource } from './status/ingest-status.ts'
import type { NameSource } from './names/labels.ts'
import type { Seen } from './query/coverage.ts'
import { gapsIn, untold } from './query/gaps.ts'
import type { ApiState } from './documents/state.ts'
import { readWindow, type Window, type WindowQuery } from './query/window.ts'

/** A list waits this much longer for what the totals say of its time: their store may hang. */
const gapsMsMax = 2000

/** The application to which routes are added. */
export type App = Parameters<FastifyPluginAsyncTypebox>[0]

export interface ApiParts {
  settings: Settings
  series: SeriesReader
  flows: FlowStore
  status: StatusSource
  incidents: IncidentSource
  names: NameSource
  state: ApiState
  heavy: HeavyQueries
  /** Examines flows in another thread. */
  examine: Examine
  answers: AnswerCache
  /** unix ms */
  now: () => number
}

/** Reads a query's window, and since when exporters have been seen, which names and gaps need. */
export async function windowOf(
  parts: ApiParts,
  query: WindowQuery,
): Promise<{ window: Window; seen: Seen[]; now: number }> {
  const exporters = exportersOf(await parts.status.read())
  const now = parts.now()
  const { local } = parts.settings
  const window = readWindow(query, {
    now,
    names: parts.names,
    exporters,
    local: local.networks,
    zone: zoneOf(parts.settings),
  })
  refuseHostFilter(window.filter)
  return { window, seen: seenOf(exporters), now }
}

/**
 * The answer of a list from the archive, and what it lacks: files of its window that cannot be read, time that is
 * unknown, flows that were lost; `isWhole` is false if that could not be told, and may be a moment later.
 */
export async function withRemarks<Answer>(
  parts: ApiParts,
  { window, seen, answer }: { window: Window; seen: readonly Seen[]; answer: Promise<Answer> },
): Promise<{ answer: Answer; remarks: string[]; isWhole: boolean }> {
  const gaps = gapsOf(parts, window, seen)
  const made = await answer
  // Which files cannot be read is known only now that they were to be.
  const leftOut = (await parts.flows.remarks?.(window.from, window.to)) ?? []
  const told = await gaps()
  return { answer: made, remarks: [...leftOut, ...told], isWhole: !told.includes(untold) }
}

/** Begins to read the gaps of a window, and gives what waits for them, though not for long. */
export function gapsOf(
  { flows, series, settings, names, now }: ApiParts,
  window: Window,
  seen: readonly Seen[],
): () => Promise<string[]> {
  const gaps = gapsIn(window, { flows, series, tiers: settings.tiers, seen, names, now: now() })
  // Nobody waits for it if there is no answer.
  gaps.catch(() => undefined)
  return () => Promise.race([gaps, sleep(gapsMsMax, [untold], { ref: false })])
}

/** Says what an answer lacks in a header each: a file has no place for it. @returns the reply */
export function setRemarks(reply: FastifyReply, remarks: readonly string[]): FastifyReply {
  // A header is ASCII, and a collector's name may be any text.
  const told = remarks.map((remark) => remark.replace(/[^\x20-\x7e]/g, '?'))
  return told.length === 0 ? reply : reply.header('weir-remark', told)
}

/** The names as they were at the end of a window. */
export function namesAt({ names }: Pick<ApiParts, 'names'>, ms: number): NameSource {
  return names.at?.(ms) ?? names
}
