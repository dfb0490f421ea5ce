/** The views of the page: the path of each, and how its code is loaded when first shown. */
import type { ComponentType } from 'preact'

import { Explore } from './explore.tsx'

export interface ViewEntry {
  /** In the navigation; null if it is not there. */
  label: string | null
  path: string
  /** Paths below it belong to the view too. */
  deep: boolean
  /** Without the navigation. */
  bare: boolean
  load: () => Promise<ComponentType> | ComponentType
}

type Load = ViewEntry['load']

function listed(label: string, path: string, load: Load): ViewEntry {
  return { label, path, load, deep: true, bare: false }
}

export const views: readonly ViewEntry[] = [
  { label: 'Explore', path: '/', deep: false, bare: false, load: () => Explore },
  listed('Incidents', '/incidents', async () => (await import('./incidents/view.tsx')).Incidents),
  listed('Exporters', '/exporters', async () => (await import('./exporters/view.tsx')).Exporters),
  listed('Reports', '/reports', async () => (await import('./reports/view.tsx')).Reports),
  listed('Trackers', '/trackers', async () => (await import('./trackers/view.tsx')).Trackers),
  listed('Alerts', '/alerts', async () => (await import('./alerts/view.tsx')).Alerts),
  listed(
    'Dashboards',
    '/dashboards',
    async () => (await import('./dashboards/view.tsx')).Dashboards,
  ),
  listed('Status', '/status', async () => (await import('./status/view.tsx')).Status),
  {
    label: null,
    path: '/access',
    deep: false,
    bare: false,
    load: async () => (await import('./access/view.tsx')).Access,
  },
  {
    label: null,
    path: '/wall',
    deep: true,
    bare: true,
    load: async () => (await import('./wall/view.tsx')).Wall,
  },
  {
    label: null,
    path: '/object',
    deep: true,
    bare: false,
    load: async () => (await import('./object/view.tsx')).ObjectPage,
  },
]

/** The view at a path, or null. */
export function viewAt(path: string): ViewEntry | null {
  const stands = ({ path: own, deep }: ViewEntry) =>
    path === own || (deep && path.startsWith(`${own}/`))
  return views.find(stands) ?? null
}
