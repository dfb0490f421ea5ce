/** Merges the exporters reported by several runs or collectors. */
import type { ExporterStatus, TakenBack } from './status.ts'

const none: TakenBack = { datagrams: 0, flows: 0, restarts: 0 }

/** Merges the exporters of two runs: counts added, times widened, everything else from the later run. */
export function mergeExporters(
  earlier: readonly ExporterStatus[],
  later: readonly ExporterStatus[],
): ExporterStatus[] {
  return merged([...earlier, ...later])
}

/** Merges several collectors' exporters. If one moved, the collector that last received it wins. */
export function exportersOfAll<Exporter extends ExporterStatus>(
  collectors: readonly { exporters: readonly Exporter[] }[],
): Exporter[] {
  const all = collectors.flatMap(({ exporters }) => exporters)
  return merged(all.sort((a, b) => a.lastSeen - b.lastSeen))
}

/** One entry for each address; where several differ, the last counts. */
function merged<Exporter extends ExporterStatus>(exporters: readonly Exporter[]): Exporter[] {
  const byAddress = new Map<string, Exporter>()
  for (const exporter of exporters) {
    const before = byAddress.get(exporter.address)
    byAddress.set(exporter.address, before ? mergeExporter(before, exporter) : exporter)
  }
  return [...byAddress.values()]
}

function mergeExporter<Exporter extends ExporterStatus>(a: Exporter, b: Exporter): Exporter {
  const problems = { ...a.problems }
  for (const [kind, count] of Object.entries(b.problems))
    problems[kind] = (Object.hasOwn(problems, kind) ? problems[kind]! : 0) + count
  const interfaces = new Map(a.interfaces.map((each) => [each.index, each]))
  for (const each of b.interfaces) interfaces.set(each.index, each)
  return {
    ...b,
    versions: [...new Set([...a.versions, ...b.versions])],
    domains: [...new Set([...a.domains, ...b.domains])],
    firstSeen: Math.min(a.firstSeen, b.firstSeen),
    lastSeen: Math.max(a.lastSeen, b.lastSeen),
    datagrams: a.datagrams + b.datagrams,
    flows: a.flows + b.flows,
    packets: a.packets + b.packets,
    bytes: a.bytes + b.bytes,
    flowsLeftOut: a.flowsLeftOut + b.flowsLeftOut,
    parked: a.parked + b.parked,
    lost: {
      datagrams: a.lost.datagrams + b.lost.datagrams,
      flows: a.lost.flows + b.lost.flows,
      flowsEstimated: a.lost.flowsEstimated || b.lost.flowsEstimated,
    },
    takenBack: takenBackBy(a.takenBack, b.takenBack),
    duplicates: a.duplicates + b.duplicates,
    reordered: a.reordered + b.reordered,
    restarts: a.restarts + b.restarts,
    problems,
    interfaces: [...interfaces.values()],
    applications: { ...a.applications, ...b.applications },
    vrfs: { ...a.vrfs, ...b.vrfs },
    doubled: b.doubled.length > 0 ? b.doubled : a.doubled,
  }
}

/** Adds up what was taken back. */
export function takenBackBy(a: TakenBack = none, b: TakenBack = none): TakenBack {
  return {
    datagrams: a.datagrams + b.datagrams,
    flows: a.flows + b.flows,
    restarts: a.restarts + b.restarts,
  }
}
