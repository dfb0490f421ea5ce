/** CRUD /api/alerts, their history, and the Test button. Ingest evaluates alerts and sends them. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'

import { reasonOf } from '../../flow/reason.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { isClosed } from '../../flow/webhook-networks.ts'
import type { KeptAlert } from '../../store/alert.ts'
import type { StateDocument } from '../../store/state/state.ts'
import { identityOf } from '../access/identity.ts'
import { isCallerMasked } from '../access/masking.ts'
import { newId } from '../documents/ids.ts'
import { documentRoutes, type MadeDocument } from '../documents/routes.ts'
import { documentOf, headOf } from '../documents/documents.ts'
import { askIngest } from '../ask-ingest.ts'
import { ApiError, badQuery } from '../errors.ts'
import type { ApiParts, App } from '../parts.ts'
import { errorAnswers } from '../schema/schema.ts'
import { IdParameters } from '../schema/state.ts'
import { NoQuery } from '../schema/status.ts'
import { Alert, AlertBody, AlertEvent, AlertHistory, AlertsAnswer } from '../schema/trackers.ts'

const collection = 'alerts' as const
/** Entries of the history in an answer. */
const historyMax = 500
/** A test may take this long: a mail server that is away is waited for, step by step. */
const testMsMax = 60_000

export function alertsRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    listRoutes(app, parts)
    documentRoutes(app, parts, {
      collection,
      summaries: {
        post: 'Creates an alert',
        get: 'An alert',
        put: 'Changes an alert',
        delete: 'Removes an alert',
      },
      newBody: AlertBody,
      body: AlertBody,
      answer: Alert,
      async make(input, author): Promise<MadeDocument<KeptAlert>> {
        await checkAlert(input, parts)
        return { id: newId(), body: { ...input, author } }
      },
      async revise({ author }: KeptAlert, input) {
        await checkAlert(input, parts)
        return { ...input, author }
      },
      answerOf: async (document, request) =>
        shownTo(request, answerOf(document, await parts.status.read())),
    })
    testRoute(app, parts)
  }
}

function listRoutes(app: App, parts: ApiParts): void {
  const { state, status } = parts
  app.get(
    '/api/alerts',
    {
      schema: {
        summary: 'Alerts and their state',
        querystring: NoQuery,
        response: { 200: AlertsAnswer, ...errorAnswers },
      },
    },
    async (request) => {
      const ingest = await status.read()
      const kept = await state.list<KeptAlert>(collection)
      return { alerts: kept.map((alert) => shownTo(request, answerOf(alert, ingest))) }
    },
  )
  app.get(
    '/api/alerts/history',
    {
      schema: {
        summary: 'Alerts that were sent, to whom, and whether they arrived; newest first',
        querystring: NoQuery,
        response: { 200: AlertHistory, ...errorAnswers },
      },
    },
    async () => {
      const events = await state.readLog<AlertEvent>('alert-history', historyMax)
      return { events: isCallerMasked() ? events.map(withoutText) : events }
    },
  )
}

/** The text was written for those whom the alert went to: it names hosts. */
function withoutText(event: AlertEvent): AlertEvent {
  return { ...event, text: 'not shown: addresses are masked for your role', evidence: '' }
}

function testRoute(app: App, { state, settings }: ApiParts): void {
  app.post(
    '/api/alerts/:id/test',
    {
      schema: {
        summary: 'Sends an alert now, by the same code as a real one, and returns the result',
        params: IdParameters,
        response: { 200: AlertEvent, ...errorAnswers },
      },
    },
    async ({ params: { id } }) => {
      await documentOf(state, collection, id)
      const answer = await askIngest(settings.data, '/alerts/test', {
        body: { id },
        timeoutMs: testMsMax,
      }).catch((error: unknown) => {
        throw new ApiError(503, 'no-answer', {
          message: `it is not known whether it was sent: ${reasonOf(error)}`,
          remedy: 'see what was sent in a minute, or the log of ingest',
        })
      })
      if (!answer)
        throw new ApiError(503, 'no-ingest', {
          message: 'no ingest is running, and ingest is what sends alerts',
          remedy: 'start weir ingest on this data folder',
        })
      if (answer.status !== 200)
        throw new ApiError(409, 'cannot-tell', {
          message: (answer.body as { message?: string } | null)?.message ?? 'it cannot be sent',
          remedy: 'check what the alert watches',
        })
      return answer.body as AlertEvent
    },
  )
}

/** An alert that could never be sent is refused when it is created, and can be switched off. */
async function checkAlert(alert: AlertBody, { state, settings }: ApiParts): Promise<void> {
  const { subject, condition, targets } = alert
  const hasValue = subject.kind !== 'incident' && subject.kind !== 'silent'
  if (hasValue !== (condition !== undefined))
    throw badQuery(
      'bad-alert',
      hasValue ? 'it has no condition' : `a ${subject.kind} has no condition`,
      'values have a condition; incidents and silences have none',
    )
  if (subject.kind === 'tracker') await documentOf(state, 'trackers', subject.tracker)
  if (condition?.is === 'outside' && condition.low > condition.high)
    throw badQuery('bad-alert', '"low" is above "high"', 'swap them')
  const { mailServer, script, webhookNetworks } = settings.alerts
  for (const target of alert.isOn === false ? [] : targets) {
    if ('mail' in target && mailServer === null)
      throw badQuery('bad-alert', 'no mail server is set', 'set WEIR_MAIL_SERVER')
    if ('script' in target && script === null)
      throw badQuery('bad-alert', 'no script is set', 'set WEIR_ALERT_SCRIPT')
    if ('webhook' in target && !URL.canParse(target.webhook))
      throw badQuery('bad-alert', 'the webhook is not a URL', 'write https://HOST/PATH')
    const host =
      'webhook' in target ? new URL(target.webhook).hostname.replaceAll(/[[\]]/g, '') : ''
    if (isClosed(host, webhookNetworks))
      throw badQuery(
        'bad-alert',
        `${host} is no public address`,
        'name its network in WEIR_WEBHOOK_NETWORKS',
      )
  }
}

function answerOf(document: StateDocument<KeptAlert>, ingest: IngestStatus | null): Alert {
  const isRunning = ingest?.running === true
  const known = isRunning ? ingest.alerts?.[document.id] : undefined
  const waiting: Alert['state'] = {
    is: isRunning ? 'waiting' : 'problem',
    value: null,
    at: null,
    problem: isRunning ? null : 'no ingest runs: start weir ingest, which evaluates alerts',
  }
  return { ...headOf(document), ...document.body, state: known ?? waiting }
}

/** Whoever knows the path of a webhook can post to it: only admins, who may set it, see it. */
function shownTo(request: FastifyRequest, alert: Alert): Alert {
  if (identityOf(request)?.role === 'admin') return alert
  const targets = alert.targets.map((target) =>
    'webhook' in target ? { webhook: originOf(target.webhook) } : target,
  )
  return { ...alert, targets }
}

function originOf(url: string): string {
  return URL.canParse(url) ? `${new URL(url).origin}/…` : '…'
}
