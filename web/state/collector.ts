/** What the page knows about the collector: its exporters, settings and warnings. */
import { computed, signal } from '@preact/signals'

import { NetworkSet, parseNetwork, type Network } from '../../flow/address.ts'
import { intervalSeconds } from '../../flow/interval.ts'
import type { Exporter, StatusAnswer } from '../../api/schema/status.ts'
import { ask, RequestError, retryMs } from '../client.ts'
import { isoText } from '../time/words.ts'
import { takeServerTime } from './clock.ts'
import { askSession, session } from './session.ts'

export const exporters = signal<readonly Exporter[] | null>(null)
export const status = signal<StatusAnswer | null>(null)

/**
 * Whether the collector has been asked, with or without an answer: until then no host is known to
 * be local.
 */
export const wasAsked = signal(false)

/** Why the last request for the collector's status failed; null if it did not. */
export const collectorFailure = signal<RequestError | null>(null)

/** How often exporters and status are fetched again. */
const againMs = 30_000
/** The same while nothing is stored yet: somebody is waiting for it. */
const waitingMs = 3000

/** Data older than two intervals is late, in seconds; one is usual. */
export const lateSeconds = 2 * intervalSeconds

/** Local networks if the settings may not be read, as on a wall. */
const usuallyLocal = '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7'

/** The local networks of the settings. */
const localSetting = computed(() => String(status.value?.settings['local'] ?? usuallyLocal))
const localNetworks = computed(() => {
  const networks = localSetting.value.split(',').map((network) => parseNetwork(network))
  return new NetworkSet(networks.filter((network): network is Network => network !== null))
})

export const isLocal = computed(() => {
  const networks = localNetworks.value
  // A masked host is written as its network, a tilde and a tag.
  return (host: string) => networks.hasText(host.split('~', 1)[0]!)
})

/** The name of an exporter, else its address. */
export function exporterName(exporter: Pick<Exporter, 'address' | 'name'>): string {
  return exporter.name ?? exporter.address
}

/** The tiers that the store cannot read now: it does not answer. */
export const unreadableTiers = computed(() =>
  (status.value?.series ?? []).filter(({ readable }) => !readable).map(({ tier }) => tier),
)

/** Newest time for which anything is stored, unix seconds; null if nothing is. */
export const newestData = computed(() => {
  const answer = status.value
  if (!answer) return null
  const ends = [answer.archive.to, ...answer.series.slice(0, 1).map((tier) => tier.to)]
  const known = ends.filter((end): end is number => end !== null)
  if (known.length === 0) return null
  // The last interval ends later than the last datagram in it came.
  const heard = (exporters.value ?? []).map(({ lastSeen }) => lastSeen)
  return Math.min(Math.max(...known), heard.length > 0 ? Math.max(...heard) : Infinity)
})

/** The length of the window that shows the newest data. */
const newestWindowSeconds = 4 * 3600

/** The range up to the newest data (unix seconds), for an address. */
export function newestWindow(newest: number): { from: string; to: string } {
  const to = Math.ceil(newest / intervalSeconds) * intervalSeconds
  return { from: isoText((to - newestWindowSeconds) * 1000), to: isoText(to * 1000) }
}

/** Fetches exporters and status now, and repeatedly as long as the page is open. */
export async function followCollector(): Promise<void> {
  if (!document.hidden || !wasAsked.value) await refreshCollector()
  // If nothing answered when the page was opened, the user is not known yet.
  if (session.value === null && collectorFailure.value === null) await askSession()
  setTimeout(() => void followCollector(), nextMs())
}

function nextMs(): number {
  if (collectorFailure.value !== null) return retryMs
  return newestData.value === null ? waitingMs : againMs
}

/** Fetches exporters and status; if nothing answers, the old values stay. */
export async function refreshCollector(): Promise<void> {
  const { signal: ended } = new AbortController()
  const sent = Date.now()
  try {
    const answers = await Promise.all([ask('exporters', {}, ended), ask('status', {}, ended)])
    exporters.value = answers[0].exporters
    status.value = answers[1]
    takeServerTime(answers[1].now, sent, Date.now())
    collectorFailure.value = null
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    collectorFailure.value = error
  } finally {
    wasAsked.value = true
  }
}
