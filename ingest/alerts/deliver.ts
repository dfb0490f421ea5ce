/** Sends alerts by mail, webhook and script, and says why they do not arrive. */
import { execFile } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import { createTransport } from 'nodemailer'

import type { AlertSettings } from '../../flow/settings/console-specs.ts'
import { reasonOf } from '../../flow/reason.ts'
import { isClosed } from '../../flow/webhook-networks.ts'
import type { AlertEvent, AlertTarget } from '../../store/alert.ts'

/** A connection may be idle for this long. */
const answerTimeoutMs = 15_000
/**
 * All of an attempt: a receiver that answers a byte at a time is never idle, and only so many
 * alerts are sent at once.
 */
const attemptTimeoutMs = 30_000

/** What is sent. */
export type AlertMessage = Omit<AlertEvent, 'sent'>

/** Why an alert did not arrive, and whether it never will, because it is forbidden or refused. */
interface Failure {
  reason: string
  isForGood: boolean
}

interface Delivering {
  settings: AlertSettings
  /** The pause before each attempt. */
  pausesMs: readonly number[]
  /** How long an attempt may take. */
  attemptMs?: number
}

/** Sends to one target, after each of the pauses until it arrives; returns why it did not, or null. */
export async function deliver(
  target: AlertTarget,
  message: AlertMessage,
  { settings, pausesMs, attemptMs = attemptTimeoutMs }: Delivering,
): Promise<Failure | null> {
  let reason = ''
  for (const pauseMs of pausesMs) {
    await sleep(pauseMs, undefined, { ref: false })
    try {
      await inTime(attemptMs, (signal) => deliverOnce(target, message, { settings, signal }))
      return null
    } catch (error) {
      reason = reasonOf(error)
      if (error instanceof NotAllowed) return { reason, isForGood: true }
    }
  }
  return { reason, isForGood: false }
}

/** @throws Error if `attempt` takes longer; its signal is then aborted, and what it does later is ignored */
async function inTime(ms: number, attempt: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const ended = new AbortController()
  const { promise: late, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(() => {
    reject(new Error(`it took longer than ${ms / 1000} s`))
    ended.abort()
  }, ms)
  try {
    await Promise.race([attempt(ended.signal), late])
  } finally {
    clearTimeout(timer)
  }
}

/** A target that is forbidden, or that refuses: retrying is pointless. */
class NotAllowed extends Error {}

/** A target as text, without secrets in its URL. */
export function targetText(target: AlertTarget): string {
  if ('mail' in target) return `mail ${target.mail}`
  if ('script' in target) return 'script'
  return `webhook ${URL.canParse(target.webhook) ? new URL(target.webhook).origin : ''}`
}

/** An attempt, which ends once `signal` is aborted. */
interface Attempt {
  settings: AlertSettings
  signal: AbortSignal
}

async function deliverOnce(
  target: AlertTarget,
  message: AlertMessage,
  attempt: Attempt,
): Promise<void> {
  if ('mail' in target) return sendMail(target.mail, message, attempt)
  if ('webhook' in target) return post(target.webhook, message, attempt)
  return runScript(message, attempt)
}

async function sendMail(to: string, message: AlertMessage, { settings }: Attempt): Promise<void> {
  const { mailServer, mailFrom, mailPasswordFile } = settings
  if (mailServer === null) throw new NotAllowed('no mail server: set WEIR_MAIL_SERVER')
  const url = new URL(mailServer)
  const pass = mailPasswordFile === null ? '' : (await readFile(mailPasswordFile, 'utf8')).trim()
  const user = decodeURIComponent(url.username)
  const secure = url.protocol === 'smtps:'
  const transport = createTransport({
    host: url.hostname.replaceAll(/[[\]]/g, ''),
    port: url.port === '' ? (secure ? 465 : 25) : Number(url.port),
    secure,
    ...(user === '' ? {} : { auth: { user, pass } }),
    connectionTimeout: answerTimeoutMs,
    greetingTimeout: answerTimeoutMs,
    socketTimeout: answerTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    await transport.sendMail({
      from: mailFrom,
      to,
      subject: subjectOf(message),
      text: bodyOf(message),
    })
  } catch (error) {
    // 5yz (RFC 5321, 4.2.1): the server refuses, and will again. 4yz, as of greylisting, passes.
    const { responseCode = 0 } = error as { responseCode?: number }
    throw responseCode >= 500 ? new NotAllowed(reasonOf(error), { cause: error }) : error
  } finally {
    transport.close()
  }
}

function subjectOf({ name, isTest }: AlertMessage): string {
  return `Weir: ${isTest ? 'test of ' : ''}${name}`
}

function bodyOf({ text, evidence, permalink, isTest }: AlertMessage): string {
  const test = isTest ? ['This is a test: somebody pressed Test.', ''] : []
  return [...test, text, '', evidence, '', permalink, ''].join('\n')
}

/**
 * Posts to an address resolved and checked once, so that it cannot change in between. Redirects are
 * not followed.
 */
async function post(
  address: string,
  message: AlertMessage,
  { settings, signal }: Attempt,
): Promise<void> {
  const url = new URL(address)
  const host = url.hostname.replaceAll(/[[\]]/g, '')
  const found = isIP(host)
    ? [{ address: host, family: isIP(host) }]
    : await lookup(host, { all: true })
  const [first] = found
  if (!first) throw new Error(`${host} has no address`)
  for (const { address: each } of found)
    if (isClosed(each, settings.webhookNetworks))
      throw new NotAllowed(
        `${host} is ${each}, which is no public address: name its network in WEIR_WEBHOOK_NETWORKS`,
      )
  const body = JSON.stringify(message)
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  await new Promise<void>((resolve, reject) => {
    const outgoing = send(
      url,
      {
        method: 'POST',
        agent: false,
        signal,
        timeout: answerTimeoutMs,
        headers: { 'content-type': 'application/json', 'user-agent': 'weir' },
        lookup: (_name, options, done) => {
          if (options.all) done(null, [first])
          else done(null, first.address, first.family)
        },
      },
      (response) => {
        const status = response.statusCode ?? 0
        response.destroy()
        if (status >= 200 && status < 300) resolve()
        else reject(refusalOf(status))
      },
    )
    outgoing.on('timeout', () => outgoing.destroy(new Error('it did not answer in time')))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** The error for an HTTP status: redirects are not followed, and refusals are not retried. */
function refusalOf(status: number): Error {
  const isForGood = status >= 300 && status < 500 && status !== 408 && status !== 429
  return isForGood ? new NotAllowed(`it answered ${status}`) : new Error(`it answered ${status}`)
}

/** Runs the configured script, without a shell; the alert is JSON on its stdin. */
async function runScript(message: AlertMessage, { settings, signal }: Attempt): Promise<void> {
  const { script } = settings
  if (script === null) throw new NotAllowed('no script: set WEIR_ALERT_SCRIPT')
  await new Promise<void>((resolve, reject) => {
    const child = execFile(
      script,
      { signal, killSignal: 'SIGKILL', env: { PATH: process.env['PATH'] ?? '' } },
      (error) => (error ? reject(error) : resolve()),
    )
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(`${JSON.stringify(message)}\n`)
  })
}
