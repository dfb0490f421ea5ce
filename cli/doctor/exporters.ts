/**
 * What ingest knows about its exporters: which are silent, lose flows, cannot be decoded, or were
 * refused.
 */
import { lostPart, lostPartMax, silentSeconds } from '../../flow/exporter-faults.ts'
import type { ExporterStatus, IngestStatus } from '../../flow/status.ts'
import { remedyOf } from '../../flow/problem-remedies.ts'
import { problems as kinds, type Problem } from '../../ingest/decode/problem.ts'
import { fault, ok, warning, type Finding } from './finding.ts'

const refusedShown = 5

const starting = warning(
  'ingest',
  'ingest is starting: new flows wait in its journal and are not shown yet',
  'wait: it replays its journal first; its log shows the progress',
)

/**
 * All findings about exporters; if no ingest runs, as the last one left them. `isStarting`: ingest
 * holds the folder but does not answer yet; `port`: of NetFlow.
 */
export function checkExporters(
  status: IngestStatus | null,
  { nowMs, isStarting, port }: { nowMs: number; isStarting: boolean; port: number },
): Finding[] {
  if (!status)
    return [
      isStarting
        ? starting
        : warning(
            'ingest',
            'no ingest has run on this data folder',
            'start it with weir start or weir ingest',
          ),
    ]
  const findings: Finding[] = []
  if (!status.running && isStarting) findings.push(starting)
  else if (!status.running)
    findings.push(
      warning(
        'ingest',
        'no ingest runs: nothing new comes in',
        'start it with weir start or weir ingest',
      ),
    )
  else findings.push(...checkIngest(status))
  for (const { address, datagrams } of status.refused.slice(0, refusedShown))
    findings.push(
      warning(
        'exporters',
        `${address} was refused ${datagrams} times: it is not on the allow-list`,
        `add ${address} to WEIR_EXPORTERS if it is yours`,
      ),
    )
  if (status.exporters.length === 0)
    findings.push(
      warning(
        'exporters',
        'no exporter has sent anything yet',
        `point a router at this host's UDP port ${port} (README, Pointing a router at it), and see that no firewall stands between: tcpdump -ni any udp port ${port}`,
      ),
    )
  for (const exporter of status.exporters) findings.push(...checkExporter(exporter, status, nowMs))
  return findings
}

function checkIngest({ warnings, startedAt }: IngestStatus): Finding[] {
  const reported = warnings
    // The size of the kernel's buffer has a check of its own.
    .filter(({ what }) => !what.startsWith('the kernel granted '))
    .map(({ what, remedy }) => warning('ingest', what, remedy))
  return [ok('ingest', `runs since ${new Date(startedAt * 1000).toISOString()}`), ...reported]
}

function checkExporter(
  exporter: ExporterStatus,
  { running }: IngestStatus,
  nowMs: number,
): Finding[] {
  const { address, lost, flows, problems, lastSeen } = exporter
  const lostFlows = `${lost.flowsEstimated ? 'about ' : ''}${lost.flows}`
  const findings: Finding[] = []
  const silent = Math.round(nowMs / 1000 - lastSeen)
  if (running && silent > silentSeconds)
    findings.push(
      fault(
        'exporters',
        `${address} has been silent for ${Math.round(silent / 60)} minutes`,
        `check that it runs, still exports to this host, and has not changed its address`,
      ),
    )
  if (lostPart(exporter) > lostPartMax)
    findings.push(
      warning(
        'exporters',
        `${address}: ${lostFlows} of ${flows + lost.flows} flows were lost on the way`,
        'check the kernel drops above, then the network in between, and whether the exporter itself drops flows (show flow exporter statistics)',
      ),
    )
  for (const [kind, count] of Object.entries(problems))
    findings.push(warning('exporters', `${address}: ${described(kind)} ${count}`, remedyOf(kind)))
  if (findings.length > 0) return findings
  return [
    ok('exporters', `${address}: ${flows} flows, ${lost.flows === 0 ? 'none' : lostFlows} lost`),
  ]
}

/** Ingest, which counted them, may be of a later version and count kinds that are not known here. */
function described(kind: string): string {
  const meaning = Object.hasOwn(kinds, kind) ? kinds[kind as Problem] : null
  return meaning === null ? kind : `${meaning.replace(/\.$/, '')}: ${kind}`
}
