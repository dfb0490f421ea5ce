/** The ports: held by Weir itself, free, or in use by another process. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

import { endpointText, type Endpoint } from '../../flow/settings/values.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { reachable } from '../health.ts'
import { fault, ok, warning, type Finding } from './finding.ts'

const answerMsMax = 3000

/** The UDP ports of ingest. `isStarting`: it holds the folder, listens, and does not answer yet. */
export async function checkSockets(
  { netflow, ipfix, sflow }: Settings,
  status: IngestStatus | null,
  isStarting: boolean,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [name, endpoint] of Object.entries({ NETFLOW: netflow, IPFIX: ipfix, SFLOW: sflow })) {
    const address = endpointText(endpoint)
    const isOurs =
      status?.running === true && status.sockets.some((socket) => socket.address === address)
    const error = isOurs ? null : await bindUdp(endpoint)
    if (isOurs) findings.push(ok('ports', `ingest listens on UDP ${address}`))
    else if (error?.code === 'EADDRINUSE' && isStarting && status?.running !== true)
      findings.push(
        ok('ports', `UDP ${address} is in use, it seems by the ingest that is starting`),
      )
    else if (error === null) findings.push(ok('ports', `UDP ${address} is free`))
    else
      findings.push(
        taken(`UDP ${address}`, error, `WEIR_${name}`, `ss -lunp sport = :${endpoint.port}`),
      )
  }
  return findings
}

async function bindUdp({ host, port }: Endpoint): Promise<NodeJS.ErrnoException | null> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  try {
    socket.bind(port, host)
    await once(socket, 'listening')
    return null
  } catch (error) {
    return error as NodeJS.ErrnoException
  } finally {
    socket.close()
  }
}

function taken(
  address: string,
  { code, message }: NodeJS.ErrnoException,
  setting: string,
  find: string,
): Finding {
  if (code === 'EADDRINUSE')
    return fault(
      'ports',
      `${address} is in use by another program`,
      `see which (${find}) and stop it, or set ${setting}`,
    )
  if (code === 'EACCES')
    return fault(
      'ports',
      `${address} may not be opened by this user`,
      `set ${setting} to a port above 1023`,
    )
  if (code === 'EADDRNOTAVAIL')
    return fault(
      'ports',
      `${address} is not an address of this machine`,
      `set ${setting} to one of "ip address", or 0.0.0.0`,
    )
  return fault(
    'ports',
    `${address} cannot be listened on: ${message}`,
    `set ${setting} to another address`,
  )
}

/** The port of the API and the page. */
export async function checkHttp({ http }: Settings): Promise<Finding[]> {
  const address = reachable(http)
  const free = await listenTcp(http)
  if (free === null)
    return [
      warning('ports', `no API listens on ${address}`, 'start it with weir start or weir api'),
    ]
  if (free.code !== 'EADDRINUSE')
    return [taken(`TCP ${address}`, free, 'WEIR_HTTP', `ss -ltnp sport = :${http.port}`)]
  const isWeir = await fetch(`http://${address}/api/status`, {
    signal: AbortSignal.timeout(answerMsMax),
  })
    .then(async (answer) => isOfWeir(await answer.json()))
    .catch(() => false)
  if (isWeir) return [ok('ports', `the API answers at http://${address}`)]
  return [taken(`TCP ${address}`, free, 'WEIR_HTTP', `ss -ltnp sport = :${http.port}`)]
}

/** Whether this is a status of Weir, or a refusal of it where one must log in. */
function isOfWeir(answer: unknown): boolean {
  const { version, ingest, error } = (answer ?? {}) as {
    version?: unknown
    ingest?: unknown
    error?: { remedy?: unknown } | string | null
  }
  if (typeof error === 'object') return typeof error?.remedy === 'string'
  return typeof version === 'string' && ingest !== undefined
}

async function listenTcp({ host, port }: Endpoint): Promise<NodeJS.ErrnoException | null> {
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
    return null
  } catch (error) {
    return error as NodeJS.ErrnoException
  } finally {
    server.close()
  }
}
