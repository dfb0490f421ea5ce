/**
 * Answers for the roles in WEIR_MASK: networks instead of hosts, and no host names. All text passes
 * through one place on its way out, so that no route can forget it; anything else than text is
 * refused.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { Filter } from '../../flow/filter.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import { ApiError, errorAnswer } from '../errors.ts'
import { identityOf } from './identity.ts'
import { exportersOf, type StatusSource } from '../status/ingest-status.ts'
import type { NameSource } from '../names/labels.ts'
import { AddressMask, shownBitsOf } from './masked-text.ts'

interface MaskedCaller {
  /**
   * A masked caller's filter may not single out a host; one that an admin saved in a dashboard may.
   */
  maySelectHosts: boolean
}

const maskedCallers = new AsyncLocalStorage<MaskedCaller>()

/** Routes whose addresses are never hosts: exporters, settings, the caller. */
const plainRoutes = /^\/api\/(status|exporters|session|login|logout|docs|tokens|users|live)\b/
const keptQuery = '/api/dashboards/:id/panels/:panel'

/** Whether the caller sees networks only. */
export function isMasked(request: FastifyRequest, { access }: Settings): boolean {
  const role = identityOf(request)?.role
  return role !== undefined && access.mask.some((each) => each === role)
}

/** Marks requests of masked roles; register it after the access check. */
export function markMasked(app: FastifyInstance, settings: Settings): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (!isMasked(request, settings)) done()
    else maskedCallers.run({ maySelectHosts: request.routeOptions.url === keptQuery }, () => done())
  })
}

/** Masks answers to them; register it before answers get their ETag and are compressed. */
export function maskAnswers(
  app: FastifyInstance,
  { settings, status }: { settings: Settings; status: StatusSource },
): void {
  const mask = new AddressMask()
  app.addHook('onSend', async (request, reply, payload) => {
    const { url = '' } = request.routeOptions
    if (!url.startsWith('/api/') || plainRoutes.test(url) || !isMasked(request, settings))
      return payload
    if (payload === null || payload === undefined) return payload
    if (typeof payload !== 'string') return refuseWhole(reply)
    const exporters = exportersOf(await status.read()).map(({ address }) => address)
    void reply.removeHeader('content-length')
    return mask.text(payload, new Set(exporters))
  })
}

/** Formats that cannot be masked: Parquet, PDF, pictures. */
function refuseWhole(reply: FastifyReply): string {
  const refusal = new ApiError(403, 'masked', {
    message: 'addresses are masked for your role, which is not possible in this format',
    remedy: 'ask for JSON, CSV or HTML, or ask an admin',
  })
  void reply.code(refusal.status).type('application/json; charset=utf-8')
  void reply.removeHeader('content-disposition').removeHeader('content-length')
  return JSON.stringify(errorAnswer(refusal))
}

/** Whether the caller being answered sees networks only. */
export function isCallerMasked(): boolean {
  return maskedCallers.getStore() !== undefined
}

/** @throws ApiError if a filter singles out hosts for a caller who sees networks only */
export function refuseHostFilter(filter: Filter | undefined): void {
  if (filter && selectsHosts(filter)) refuseHosts('this filter singles out hosts')
}

/**
 * Refuses a series of a single host, whose tag would then be known.
 * @throws ApiError for a caller who sees networks only
 */
export function refuseHostKey({ by, key }: { by?: string; key?: string }): void {
  if (key !== undefined && by?.split(',').includes('host')) refuseHosts('this key is a host')
}

function refuseHosts(reason: string): void {
  const caller = maskedCallers.getStore()
  if (!caller || caller.maySelectHosts) return
  throw new ApiError(403, 'masked', {
    message: `addresses are masked for your role, and ${reason}`,
    remedy: 'ask for networks of /24 (IPv6: /48) or wider, or ask an admin',
  })
}

function selectsHosts(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.some(selectsHosts)
    case 'not':
      return selectsHosts(filter.term)
    case 'address': {
      if (filter.field === 'exporter') return false
      return [...filter.networks, ...filter.except].some(
        ({ words, bits }) => bits > shownBitsOf(words),
      )
    }
    case 'number':
      return filter.field === 'mac'
    case 'any':
    case 'family':
    case 'bits':
      return false
  }
}

/** The names of a source, without host names for a caller who sees networks only. */
export function namesForCaller(names: NameSource): NameSource {
  return {
    hostName: (address) => (isCallerMasked() ? null : names.hostName(address)),
    exporterName: (address) => names.exporterName(address),
    exporterAddresses: (name) => names.exporterAddresses(name),
    interface: (exporter, index) => names.interface(exporter, index),
    interfaces: (exporter) => names.interfaces(exporter),
    application: (exporter, id) => names.application?.(exporter, id) ?? null,
    networksNamed: (name) => names.networksNamed(name),
    interfacesNamed: (name) => names.interfacesNamed(name),
    at: (ms) => namesForCaller(names.at?.(ms) ?? names),
    problem: () => names.problem?.() ?? null,
    about: (address) =>
      isCallerMasked() || !names.about
        ? { history: [], network: null, place: null }
        : names.about(address),
    all: () => (isCallerMasked() ? { ...names.all(), networks: [] } : names.all()),
  }
}
