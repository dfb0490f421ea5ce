/** GET /api/exporters */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

import type { ExporterStatus, InterfaceName } from '../../flow/status.ts'
import type { NameSource } from '../names/labels.ts'
import { exportersOf } from '../status/ingest-status.ts'
import type { ApiParts } from '../parts.ts'
import { errorAnswers } from '../schema/schema.ts'
import { ExportersAnswer, NoQuery } from '../schema/status.ts'

const schema = {
  summary: 'Exporters: who sends, what was lost, what could not be decoded',
  querystring: NoQuery,
  response: { 200: ExportersAnswer, ...errorAnswers },
}

export function exportersRoute({ status, names }: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/exporters', { schema }, async () => {
      const exporters = exportersOf(await status.read())
      const fault = status.fault?.() ?? null
      if (fault) throw fault
      return {
        exporters: exporters.map((exporter) => ({
          ...exporter,
          // As on charts and in sentences: the administrator's name before the exporter's own.
          name: names.exporterName(exporter.address) ?? exporter.name,
          interfaces: interfacesOf(exporter, names),
        })),
      }
    })
  }
}

/** An exporter's interfaces, from its own reports and other sources: most exporters report none. */
function interfacesOf(
  { address, interfaces: reported }: Pick<ExporterStatus, 'address' | 'interfaces'>,
  names: NameSource,
): InterfaceName[] {
  const all = new Map<number, InterfaceName>()
  for (const each of [...reported, ...names.interfaces(address)])
    all.set(each.index, names.interface(address, each.index) ?? each)
  return [...all.values()].toSorted((a, b) => a.index - b.index)
}
