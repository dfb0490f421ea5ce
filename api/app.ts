/** The API and the page as one Fastify application, not yet listening. */
import compress from '@fastify/compress'
import rateLimit from '@fastify/rate-limit'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import underPressure from '@fastify/under-pressure'
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'

import packageFile from '../package.json' with { type: 'json' }
import type { Examine } from '../flow/incident/find.ts'
import { IncidentReader, type IncidentSource } from '../store/incident/ledger.ts'
import { ExamineThread } from '../store/incident/examine-thread.ts'
import { Accounts } from './access/accounts.ts'
import { guardAccess } from './access/authenticate.ts'
import { givenAdmin } from './access/first-admin.ts'
import { Lockout } from './access/lockout.ts'
import { markMasked, maskAnswers, namesForCaller } from './access/masking.ts'
import { Passwords } from './access/passwords.ts'
import { refuseBroken } from './broken-requests.ts'
import { addEntityTags } from './cache/http.ts'
import { describe, showDescription } from './docs.ts'
import { ApiError, descriptionsOf, errorAnswer, toApiError } from './errors.ts'
import { AnswerCache, textOf } from './cache/answer-cache.ts'
import { warmUp } from './warm-up.ts'
import { compressedFromBytes } from './cache/sent-texts.ts'
import { HeavyQueries, type HeavyLimits } from './heavy.ts'
import { lazyValidators } from './lazy-validators.ts'
import { looksLikeApi, servePage } from './page.ts'
import type { ApiParts } from './parts.ts'
import { alertsRoute } from './routes/alerts.ts'
import { annotationsRoute } from './routes/annotations.ts'
import { dashboardsRoute } from './routes/dashboards.ts'
import { explainRoute } from './routes/explain.ts'
import { exportersRoute } from './routes/exporters.ts'
import { filterRoute } from './routes/filter.ts'
import { flowsRoute } from './routes/flows.ts'
import { queriesRoute } from './routes/queries.ts'
import { reportRoute } from './routes/report.ts'
import { reportsRoute } from './routes/reports.ts'
import { seriesRoute } from './routes/series.ts'
import { liveRoute } from './routes/live.ts'
import { namesRoute } from './routes/names.ts'
import { panelsRoute } from './routes/panels.ts'
import { sessionRoutes, type SessionParts } from './routes/session.ts'
import { statusRoute } from './routes/status.ts'
import { tokensRoutes } from './routes/tokens.ts'
import { trackersRoute } from './routes/trackers.ts'
import { topRoute } from './routes/top.ts'
import { usersRoutes } from './routes/users.ts'
import { guardOrigins } from './access/origins.ts'

export interface AppOptions extends Omit<
  ApiParts,
  'heavy' | 'examine' | 'answers' | 'now' | 'incidents'
> {
  /** Default: those of the data folder. */
  incidents?: IncidentSource
  /** The built page; if it is missing, its addresses answer so. */
  pageFolder: string
  log: FastifyBaseLogger
  /** unix ms; default: the clock. */
  now?: () => number
  heavyLimits?: HeavyLimits
  requestsPerMinuteMax?: number
  /** How far the event loop may lag before requests are refused; 0: no limit. */
  lagMaxMs?: number
  /** The compiler of schema validators; default: on first use. */
  validators?: ReturnType<typeof lazyValidators>
}

/** Requests per minute from one address: walls behind a proxy share one. Heavy queries have limits of their own. */
const requestsPerMinute = 120_000
/** Queries have no body; a longer one is a mistake. */
const bodyBytesMax = 64 * 1024
const requestTimeoutMs = 30_000
/** Above this lag of the event loop requests are refused with 503, so that it catches up. */
const lagMaxMs = 2000
/** A loop blocked for a whole sample (as at start on a busy machine) would count as lagging without end. */
const eventLoopSampleMs = 5000
/** Refused clients may retry after this long. */
const retrySeconds = 5

/** Builds the application; the caller calls `inject` or `listen`. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    // Keep-alive connections must not keep the process from ending.
    forceCloseConnections: true,
    // Only proxies named in the settings are trusted for the client's address.
    trustProxy: (address) => options.settings.access.proxies?.hasText(address) ?? false,
    return503OnClosing: true,
    schemaController: {
      compilersFactory: { buildValidator: options.validators ?? lazyValidators() },
    },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false } },
    clientErrorHandler: refuseBroken,
    frameworkErrors: (error, request, reply) => {
      const answer = toApiError(error, knownParameters(request), request.query)
      void (reply as unknown as FastifyReply).code(answer.status).send(errorAnswer(answer))
    },
  }).withTypeProvider<TypeBoxTypeProvider>()
  // Answers are typed where they are built; checking hundreds of thousands of numbers again costs
  // time.
  app.setSerializerCompiler(() => textOf)
  answerErrors(app)
  // A form on another site can send text, but not JSON.
  app.removeContentTypeParser('text/plain')
  const { http, published } = options.settings
  await guardOrigins(app, [http.host, ...(published === null ? [] : [published.host])])
  await app.register(rateLimit, {
    max: options.requestsPerMinuteMax ?? requestsPerMinute,
    timeWindow: 60_000,
  })
  await app.register(underPressure, {
    maxEventLoopDelay: options.lagMaxMs ?? lagMaxMs,
    sampleInterval: eventLoopSampleMs,
    pressureHandler: refuseUnderPressure,
  })
  maskAnswers(app, options)
  addEntityTags(app)
  await app.register(compress, { threshold: compressedFromBytes })
  await describe(app, packageFile.version)
  await addRoutes(app, options)
  await servePage(app, options.pageFolder)
  return app
}

/**
 * Page files are served even under pressure: the page says that the API is busy, where a browser
 * would show nothing.
 */
async function refuseUnderPressure({ url }: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (!looksLikeApi(url.split('?')[0]!)) return
  void reply.header('retry-after', String(retrySeconds))
  throw new ApiError(503, 'busy', {
    message: 'the API is overloaded',
    remedy: `try again in ${retrySeconds} seconds`,
  })
}

async function addRoutes(app: FastifyInstance, options: AppOptions): Promise<void> {
  const { now = Date.now, heavyLimits } = options
  const heavy = new HeavyQueries(heavyLimits)
  const examining = new ExamineThread()
  app.addHook('onClose', async () => {
    await Promise.all([heavy.close(), examining.close()])
  })
  const examine: Examine = (seen, sought, signal) => examining.examine(seen, sought, signal)
  const { settings, state } = options
  const { passwordFile } = settings.access
  const given = passwordFile === null ? null : givenAdmin(passwordFile)
  const accounts = new Accounts(state, now, given)
  const access = { accounts, passwords: new Passwords(), lockout: new Lockout(now) }
  const names = namesForCaller(options.names)
  const answers = new AnswerCache(settings.data, now)
  const { incidents = new IncidentReader(settings.data) } = options
  const parts: SessionParts = {
    ...options,
    ...access,
    names,
    now,
    heavy,
    examine,
    answers,
    incidents,
  }
  await guardAccess(app, { settings, accounts, state, now })
  markMasked(app, settings)
  leaveTheGone(app)
  await app.register(seriesRoute(parts))
  await app.register(topRoute(parts))
  await app.register(flowsRoute(parts))
  await app.register(filterRoute(parts))
  await app.register(queriesRoute(parts))
  await app.register(explainRoute(parts))
  await app.register(reportRoute(parts))
  await app.register(exportersRoute(parts))
  await app.register(statusRoute(parts))
  await app.register(annotationsRoute(parts))
  await app.register(dashboardsRoute(parts))
  await app.register(panelsRoute(parts))
  await app.register(namesRoute(parts))
  await app.register(reportsRoute(parts))
  await app.register(trackersRoute(parts))
  await app.register(alertsRoute(parts))
  await app.register(liveRoute({ ...parts, pageFolder: options.pageFolder }))
  await app.register(sessionRoutes(parts))
  await app.register(usersRoutes(parts))
  await app.register(tokensRoutes(parts))
  showDescription(app)
  // Queries of a cluster run in ClickHouse, so there is nothing to warm up here.
  if (settings.store !== 'clickhouse') warmUp(app, parts)
}

function answerErrors(app: FastifyInstance): void {
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.setErrorHandler((error, request, reply) => {
    const answer = toApiError(error, knownParameters(request), request.query)
    const { url } = request
    // What a stop cuts off has not failed.
    const level = isClosing ? 'debug' : 'error'
    // What Weir refuses was foreseen: where in the code says nothing.
    if (error instanceof ApiError && answer.status >= 500) request.log.warn({ url }, answer.message)
    else if (answer.status >= 500) request.log[level]({ err: error, url }, answer.message)
    void reply.code(answer.status).send(errorAnswer(answer))
  })
}

/**
 * A client that is gone has no address to count its requests by, which is no fault of ours. The last of the
 * hooks before those of routes, which count, because it may go while others wait for the session.
 */
function leaveTheGone(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.socket.destroyed) reply.hijack()
    else done()
  })
}

/** The parameters of a request's route, and the parts of its body: descriptions by name. */
function knownParameters(request: FastifyRequest): Record<string, string> {
  const { querystring, body } = request.routeOptions?.schema ?? {}
  return { ...descriptionsOf(querystring), ...descriptionsOf(body) }
}
