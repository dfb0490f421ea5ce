/** The incidents of the window shown. */
import type { Incident } from '../../api/schema/explain.ts'
import { ask } from '../client.ts'
import { followAnswer } from './follow.ts'
import { traffic } from './traffic.ts'
import { zone } from './zone.ts'

/** More than fit above a chart. */
const listedMax = 500

function query() {
  const shown = traffic.value
  if (!shown) return null
  const { from, to } = shown.keyed
  return { from, to, exporter: shown.view.exporter, tz: zone.value, limit: listedMax }
}

export const incidentsShown = followAnswer<readonly Incident[]>(
  () => {
    const asked = query()
    return asked && JSON.stringify(asked)
  },
  async (ended) => (await ask('incidents', query() ?? {}, ended)).incidents,
)
