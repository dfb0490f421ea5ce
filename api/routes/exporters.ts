/** GET /api/exporters */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

import { exportersOf } from '../status/ingest-status.ts'
import type { ApiParts } from '../parts.ts'
import { errorAnswers } from '../schema/schema.ts'
import { ExportersAnswer, NoQuery } from '../schema/status.ts'

const schema = {
  summary: 'Exporters: who sends, what was lost, what could not be read',
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
          name: exporter.name ?? names.exporterName(exporter.address),
        })),
      }
    })
  }
}
