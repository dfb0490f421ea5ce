/** Makes a report: the event of a window, its facts and its flows, in the format asked for. */
import type { Wording } from '../../flow/incident/sentence/wording.ts'
import type { Filter } from '../../flow/filter.ts'
import { parseFilter } from '../../flow/filter/parse.ts'
import { explainAnswer } from '../query/explain/answer.ts'
import type { Event } from '../query/explain/event.ts'
import { findEvent, usualTraffic } from '../query/explain/find-event.ts'
import type { ExplainContext } from '../query/explain/judged.ts'
import type { Window } from '../query/window.ts'
import type { ReportFormat } from '../schema/explain.ts'
import { flowsMax, reportOf, type Report } from './content.ts'
import { htmlReport } from './html.ts'
import { markdownReport } from './markdown.ts'
import { render } from './render.ts'

interface ReportContext extends ExplainContext {
  wording: Wording
  /** unix ms */
  now: number
}

/** The content of the report on a window. */
export async function makeReport(window: Window, context: ReportContext): Promise<Report> {
  const { wording, now, flows, signal } = context
  const event = await findEvent(window, context)
  const answer = await explainAnswer(event, await usualTraffic(event, context), wording)
  const filter = filterText(event)
  const { flows: listed } = await flows.list({
    from: event.span.from,
    to: event.span.to,
    filter: readFilter(filter),
    include: 'any',
    order: 'bytes',
    limit: flowsMax,
    signal,
  })
  return reportOf({ event, answer, wording, flows: listed, filter, now })
}

/** The filter for the flows of an event: its exporter's and its actors'. */
function filterText({ exporter, incident }: Event): string {
  const hosts = (incident?.actors ?? []).map(({ host }) => `host ${host}`)
  const who = hosts.length > 1 ? `(${hosts.join(' or ')})` : hosts[0]
  return [exporter === null ? null : `exporter ${exporter}`, who ?? null]
    .filter((term) => term !== null)
    .join(' and ')
}

function readFilter(text: string): Filter | undefined {
  return parseFilter(text) ?? undefined
}

export const reportTypes: Record<ReportFormat, string> = {
  html: 'text/html; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
  svg: 'image/svg+xml',
  pdf: 'application/pdf',
  png: 'image/png',
}

/**
 * A report in a format.
 * @throws CannotRender for pdf and png without Chromium
 */
export async function formatReport(
  report: Report,
  format: ReportFormat,
  signal?: AbortSignal,
): Promise<string | Buffer> {
  if (format === 'md') return markdownReport(report)
  if (format === 'svg') return report.chart?.svg ?? '<svg xmlns="http://www.w3.org/2000/svg"/>'
  // A picture is the first page: the flows begin a second.
  const html = htmlReport(format === 'png' ? { ...report, evidence: null } : report)
  return format === 'html' ? html : render(html, format, signal)
}
