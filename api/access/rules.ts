/**
 * The one table of who may call what: every route of the API by its pattern, with the roles that
 * may use it. A route missing from the table stops the start. The check uses the matched route,
 * never the address as written.
 */
import type { Role } from '../schema/access.ts'

export interface Rule {
  /** `open`: everybody, without a login. */
  may: 'open' | readonly Role[]
  /** For walls: the parameter that must name their own dashboard, or one that it rotates with. */
  own?: 'id'
  /** Not for masked roles: the route is about single hosts. */
  whole?: true
  /** Written to the audit log: looking at single flows, and changes to access. */
  audit?: true
}

const everybody: Rule = { may: 'open' }
const readers: Rule = { may: ['admin', 'viewer'] }
const admins: Rule = { may: ['admin'] }
const audited: Rule = { may: ['admin'], audit: true }
const session: Rule = { may: ['admin', 'viewer', 'wall'] }
/** A wall reaches its own dashboard only, and those that it rotates with. */
const ownDashboard: Rule = { may: ['admin', 'viewer', 'wall'], own: 'id' }

export const access: Readonly<Record<string, Rule>> = {
  'GET /api/session': everybody,
  'POST /api/login': everybody,
  'POST /api/logout': session,
  'PUT /api/session/password': { may: ['admin', 'viewer'], audit: true },

  'GET /api/series': readers,
  'GET /api/top': readers,
  'GET /api/flows': { may: ['admin', 'viewer'], audit: true },
  'GET /api/filter': readers,
  'GET /api/queries/:id': readers,
  'DELETE /api/queries/:id': readers,
  'GET /api/exporters': readers,
  'GET /api/status': readers,
  'GET /api/names': { may: ['admin', 'viewer'], whole: true },
  'GET /api/live': session,
  'GET /api/explain': readers,
  'GET /api/incidents': readers,
  'GET /api/report': { may: ['admin', 'viewer'], audit: true },
  'GET /api/docs': readers,
  'GET /api/docs/json': readers,

  'GET /api/annotations': readers,
  'GET /api/annotations/:id': readers,
  'POST /api/annotations': readers,
  'PUT /api/annotations/:id': readers,
  'DELETE /api/annotations/:id': readers,

  'GET /api/dashboards': readers,
  'GET /api/dashboards/:id': ownDashboard,
  'GET /api/dashboards/:id/panels/:panel': ownDashboard,
  'POST /api/dashboards': admins,
  'PUT /api/dashboards/:id': admins,
  'DELETE /api/dashboards/:id': admins,

  'GET /api/reports': readers,
  'GET /api/reports/:id': readers,
  'POST /api/reports': readers,
  'PUT /api/reports/:id': readers,
  'DELETE /api/reports/:id': readers,
  'GET /api/reports/:id/answer': { may: ['admin', 'viewer'], audit: true },

  'GET /api/trackers': readers,
  'GET /api/trackers/:id': readers,
  'POST /api/trackers': admins,
  'PUT /api/trackers/:id': admins,
  'DELETE /api/trackers/:id': admins,

  'GET /api/alerts': readers,
  'GET /api/alerts/history': readers,
  'GET /api/alerts/:id': readers,
  'POST /api/alerts': admins,
  'PUT /api/alerts/:id': admins,
  'DELETE /api/alerts/:id': admins,
  'POST /api/alerts/:id/test': admins,

  'GET /api/users': admins,
  'POST /api/users': audited,
  'PUT /api/users/:id': audited,
  'DELETE /api/users/:id': audited,
  'DELETE /api/users/:id/sessions': audited,
  'GET /api/tokens': admins,
  'POST /api/tokens': audited,
  'DELETE /api/tokens/:id': audited,
  'GET /api/audit': admins,
}

/** The rule of a route; null if it is not part of the API (the built page, which holds no data). */
export function ruleOf(method: string, pattern: string | undefined): Rule | null {
  if (pattern === undefined || !/^\/api(\/|$)/.test(pattern)) return null
  const key = `${method === 'HEAD' ? 'GET' : method} ${pattern}`
  const rule = Object.hasOwn(access, key) ? access[key] : undefined
  if (!rule) throw new TypeError(`${key} is not in the table of access`)
  return rule
}
