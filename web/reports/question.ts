/** The report in an address, as parameters of the API. */
import { computed } from '@preact/signals'

import type { Query } from '../client.ts'
import { narrowed } from '../controls/narrowed.ts'
import { withExporter } from '../controls/words.tsx'
import { parameters, readQuery, text, word } from '../state/address.ts'
import { clockNow } from '../state/clock.ts'
import { parameter, place } from '../state/route.ts'
import { view } from '../state/view.ts'
import { windowAt } from '../state/window.ts'
import { filterOf, presetOf, presets, type Preset } from './presets.ts'

export const inclusions = ['any', 'start', 'end', 'within'] as const
export type Inclusion = (typeof inclusions)[number]

export const limits = ['10', '25', '100', '500', '1000'] as const
export const orders = {
  top: ['bytes', 'packets', 'flows', 'peers', 'rate', 'duration'],
  flows: ['first', 'last', 'received', 'bytes', 'packets', 'duration', 'rate'],
}

interface Question {
  preset: Preset
  /** Words of /api/top; empty for a list of flows. */
  by: string
  order: string
  limit: string
  include: Inclusion
  filter: string
  exporter: string
}

const read = computed(() => {
  const { query } = place.value
  const { kind } = presetOf(parameter('report'))
  const { from, to, exporter, filter, tz } = parameters
  return readQuery(query, {
    from,
    to,
    report: word(presets.map(({ id }) => id)),
    // Its words are the API's to check.
    by: text(255),
    order: word(orders[kind]),
    limit: word(limits),
    include: word(inclusions),
    exporter,
    filter,
    tz,
  })
})

/** The parts of a report's address that could not be read. */
export const reportFaults = computed(() => read.value.faults)

export const question = computed((): Question => {
  const { values } = read.value
  const value = (name: string, otherwise = '') => String(values[name] ?? otherwise)
  const preset = presetOf(value('report'))
  return {
    preset,
    by: preset.kind === 'top' ? withExporter(value('by', preset.by).split(',')).join(',') : '',
    order: value('order', preset.order),
    limit: value('limit', '100'),
    include: value('include', 'any') as Inclusion,
    filter: narrowed(value('filter'), filterOf(preset)),
    exporter: value('exporter'),
  }
})

/** The parameters of /api/top or /api/flows; null if the time range is invalid. */
export const reportQuery = computed((): Query | null => {
  const { by, order, limit, include, filter, exporter } = question.value
  // Reads the view so that its time range is followed.
  void view.value
  const window = windowAt(clockNow())
  if (!window) return null
  const { from, to } = { from: Math.floor(window.from / 1000), to: Math.ceil(window.to / 1000) }
  return { from, to, by, order, limit, include: include === 'any' ? '' : include, filter, exporter }
})
