/**
 * User data: dashboards and annotations. Bodies are JSON; unknown properties are refused. Answers
 * have an ETag, the document's revision: a PUT or DELETE with If-Match is refused with 412 if
 * somebody else changed it first. Times are unix seconds.
 */
import { Type, type Static } from 'typebox'

import { dashboardLimits as most } from '../../flow/dashboard-limits.ts'
import { idPattern } from '../../store/state/state.ts'
import {
  closed,
  givenSeconds,
  line,
  nullableSeconds,
  nullableText,
  paragraph,
  seconds,
} from './parts.ts'

const nullableLine = (description: string) => Type.Union([line(description), Type.Null()])

export const IdParameters = closed({
  id: Type.String({ pattern: idPattern, description: 'id of the document' }),
})
export type IdParameters = Static<typeof IdParameters>

/** The fields in every document's answer. */
export const documented = {
  id: Type.String(),
  /** The value for If-Match. */
  etag: Type.String(),
  createdAt: seconds,
  changedAt: seconds,
}

/** Something that happened, drawn on the charts of its time. */
export const AnnotationBody = closed({
  from: givenSeconds,
  to: Type.Optional(
    Type.Union([givenSeconds, Type.Null()], {
      description: 'end of a range; null or absent: a moment',
    }),
  ),
  text: paragraph('what happened'),
  tags: Type.Optional(Type.Array(line('a word', 40), { maxItems: 20 })),
  exporter: Type.Optional(nullableLine('address of the exporter it is about; null: all')),
  tracker: Type.Optional(nullableLine('id of the tracker it is about; null: none')),
})
export type AnnotationBody = Static<typeof AnnotationBody>

export const Annotation = closed({
  ...documented,
  from: seconds,
  to: nullableSeconds,
  text: Type.String(),
  tags: Type.Array(Type.String()),
  exporter: nullableText,
  tracker: nullableText,
  author: Type.String(),
})
export type Annotation = Static<typeof Annotation>

export const AnnotationsQuery = closed({
  from: Type.Optional(Type.String({ description: 'start; absent: from the beginning' })),
  to: Type.Optional(Type.String({ description: 'end, not included; absent: to the end' })),
  tz: Type.Optional(
    Type.String({ description: 'IANA time zone for now/d; default WEIR_TZ, else UTC' }),
  ),
  tracker: Type.Optional(Type.String({ description: 'only those of this tracker' })),
})
export type AnnotationsQuery = Static<typeof AnnotationsQuery>

export const AnnotationsAnswer = closed({ annotations: Type.Array(Annotation) })
export type AnnotationsAnswer = Static<typeof AnnotationsAnswer>

const place = closed(
  {
    column: Type.Integer({ minimum: 0, maximum: most.columns - 1 }),
    row: Type.Integer({ minimum: 0, maximum: most.rowLast }),
    columns: Type.Integer({ minimum: 1, maximum: most.columns }),
    rows: Type.Integer({ minimum: 1, maximum: most.rows }),
  },
  `where a panel lies on a grid of ${most.columns} columns`,
)

/** The parameters of /api/series or /api/top, as in an address: from, to, filter, by … */
const query = Type.Record(
  Type.String({ pattern: '^[a-z]{1,20}$' }),
  Type.String({ maxLength: 1000 }),
  { description: 'parameters of /api/series or /api/top', maxProperties: 20 },
)

const panelHead = {
  title: Type.Optional(line('heading of the panel', most.title)),
  place,
}

/** Panels by what they show. `live` charts and numbers follow /api/live instead of a query. */
export const Panel = Type.Union([
  closed({
    kind: Type.Literal('chart'),
    ...panelHead,
    query,
    style: Type.Optional(Type.Enum(['stacked', 'lines', 'mirrored'])),
    threshold: Type.Optional(Type.Number()),
  }),
  closed({
    kind: Type.Literal('live'),
    ...panelHead,
    measure: Type.Enum(['bits', 'packets', 'flows']),
    seconds: Type.Integer({ minimum: 60, maximum: 900, description: 'how far back' }),
  }),
  closed({ kind: Type.Literal('top'), ...panelHead, query }),
  closed({
    kind: Type.Literal('number'),
    ...panelHead,
    query,
    statistic: Type.Enum(['last', 'average', 'maximum', 'minimum', 'p95', 'total']),
    threshold: Type.Optional(Type.Number()),
    direction: Type.Optional(
      Type.Enum(['in', 'out', 'internal', 'transit'], {
        description: 'of a query by direction, only this direction; absent: all of it',
      }),
    ),
  }),
  closed({
    kind: Type.Literal('incidents'),
    ...panelHead,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: most.incidents })),
  }),
  closed({ kind: Type.Literal('clock'), ...panelHead, tz: Type.Optional(line('IANA time zone')) }),
  closed({ kind: Type.Literal('text'), ...panelHead, text: paragraph('a note', most.text) }),
])
export type Panel = Static<typeof Panel>

const dashboardBody = {
  title: line('name of the dashboard', most.title),
  panels: Type.Array(Panel, { maxItems: most.panels }),
  refreshSeconds: Type.Optional(Type.Integer({ minimum: 5, maximum: 3600 })),
  /** Dashboards shown in turn with this one, and how long each is shown. */
  rotation: Type.Optional(
    closed({
      seconds: Type.Integer({ minimum: 5, maximum: 3600 }),
      dashboards: Type.Array(Type.String({ pattern: idPattern }), { maxItems: 20 }),
    }),
  ),
}

/** A dashboard, the same JSON whether written, exported or imported. */
export const DashboardBody = closed(dashboardBody)
export type DashboardBody = Static<typeof DashboardBody>

/** A new dashboard; the default id comes from its title. */
export const NewDashboard = closed({
  id: Type.Optional(
    Type.String({ pattern: idPattern, maxLength: 64, description: 'for its address' }),
  ),
  ...dashboardBody,
})
export type NewDashboard = Static<typeof NewDashboard>

export const Dashboard = closed({ ...documented, ...dashboardBody, author: Type.String() })
export type Dashboard = Static<typeof Dashboard>

export const DashboardsAnswer = closed({ dashboards: Type.Array(Dashboard) })
export type DashboardsAnswer = Static<typeof DashboardsAnswer>

/** A saved report: its API query, and its address on the page. */
export const ReportBody = closed({
  name: line('name of the report', 80),
  kind: Type.Enum(['top', 'flows'], { description: 'top for /api/top, flows for /api/flows' }),
  query: Type.Record(Type.String({ pattern: '^[a-z]{1,20}$' }), Type.String({ maxLength: 1000 }), {
    description: 'its parameters; times such as now-24h are relative to each run',
    maxProperties: 20,
  }),
  address: Type.Optional(
    Type.String({
      pattern: '^\\?[^\\u0000-\\u0020\\u007f]*$',
      maxLength: 4000,
      description: 'query of its address on the page',
    }),
  ),
})
export type ReportBody = Static<typeof ReportBody>

export const SavedReport = closed({
  ...documented,
  ...ReportBody.properties,
  author: Type.String(),
})
export type SavedReport = Static<typeof SavedReport>

export const ReportsAnswer = closed({ reports: Type.Array(SavedReport) })
export type ReportsAnswer = Static<typeof ReportsAnswer>

export const ReportAnswerQuery = closed({
  format: Type.Optional(Type.Enum(['json', 'csv', 'ndjson', 'parquet'])),
})
export type ReportAnswerQuery = Static<typeof ReportAnswerQuery>

/** The answer to a DELETE. */
export const Removed = closed({ removed: Type.Literal(true) })
export type Removed = Static<typeof Removed>
