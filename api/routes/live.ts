/** GET /api/live: server-sent events. */
import { statSync } from 'node:fs'
import { join } from 'node:path'

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'

import { isStillAllowed } from '../access/authenticate.ts'
import { ApiError } from '../errors.ts'
import { identityOf } from '../access/identity.ts'
import { LiveStreams, streamsMax } from '../live.ts'
import { LiveQuery } from '../schema/live.ts'
import type { KeptDashboard } from './panels.ts'
import type { SessionParts } from './session.ts'
import packageFile from '../../package.json' with { type: 'json' }

const schema = {
  summary: 'The last minutes by the second, and changes of documents, as server-sent events',
  querystring: LiveQuery,
}

export function liveRoute(parts: SessionParts & { pageFolder: string }): FastifyPluginAsyncTypebox {
  const { settings, state, now, pageFolder } = parts
  const version = `${packageFile.version}-${builtAt(pageFolder)}`
  const streams = new LiveStreams({ data: settings.data, state, version, now })
  return async (app) => {
    app.addHook('preClose', async () => streams.close())
    app.get('/api/live', { schema }, async (request, reply) => {
      const output = streams.open({
        step: Number(request.query.step ?? '1'),
        sendsTraffic: await maySeeTraffic(request, parts),
        isAllowed: () => isStillAllowed(request, parts),
      })
      if (!output)
        throw new ApiError(503, 'too-many-streams', {
          message: `${streamsMax} pages are open already`,
          remedy: 'close some, or try again later',
        })
      request.raw.once('close', () => output.destroy())
      return reply
        .type('text/event-stream')
        .header('cache-control', 'no-cache, no-transform')
        .header('x-accel-buffering', 'no')
        .send(output)
    })
  }
}

/** A wall gets the traffic if its dashboard has a panel that shows it. */
async function maySeeTraffic(request: FastifyRequest, { state }: SessionParts): Promise<boolean> {
  const { role, dashboard } = identityOf(request)!
  if (role !== 'wall') return true
  const kept = await state.get<KeptDashboard>('dashboards', dashboard ?? '')
  return kept?.body.panels.some(({ kind }) => kind === 'live') ?? false
}

/** When the page was built: a page of another build reloads itself. */
function builtAt(pageFolder: string): string {
  const built = statSync(join(pageFolder, 'index.html'), { throwIfNoEntry: false })
  return Math.round(built?.mtimeMs ?? 0).toString(36)
}
