/** The report in an address, as parameters of the API. */
import { computed } from '@preact/signals'

import type { Query } from '../client.ts'
import { withExporter } from '../controls/words.tsx'
import { parameter, place } from '../state/route.ts'
import { view } from '../state/view.ts'
import { windowAt } from '../state/window.ts'
import { filterOf, presetOf, type Preset } from './presets.ts'

export const inclusions = ['any', 'start', 'end', 'within'] as const
export type Inclusion = (typeof inclusions)[number]

export const limits = ['10', '25', '100', '500', '1000'] as const

export interface Question {
  preset: Preset
  /** Words of /api/top; empty for a list of flows. */
  by: string
  order: string
  limit: string
  include: Inclusion
  filter: string
  exporter: string
}

export const question = computed((): Question => {
  void place.value
  const preset = presetOf(parameter('report'))
  const include = inclusions.find((word) => word === parameter('include')) ?? 'any'
  return {
    preset,
    by:
      preset.kind === 'top'
        ? withExporter((parameter('by') || preset.by).split(',')).join(',')
        : '',
    order: parameter('order') || preset.order,
    limit: limits.find((count) => count === parameter('limit')) ?? '100',
    include,
    filter: [filterOf(preset), parameter('filter')].filter(Boolean).join(' and '),
    exporter: parameter('exporter'),
  }
})

/** The parameters of /api/top or /api/flows; null if the time range is invalid. */
export const reportQuery = computed((): Query | null => {
  const { by, order, limit, include, filter, exporter } = question.value
  // Reads the view so that its time range is followed.
  void view.value
  const window = windowAt(Date.now())
  if (!window) return null
  const { from, to } = { from: Math.floor(window.from / 1000), to: Math.ceil(window.to / 1000) }
  return { from, to, by, order, limit, include: include === 'any' ? '' : include, filter, exporter }
})
