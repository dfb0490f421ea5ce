/** Finds the reader for each golden of a case by its file name. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { CorpusCase } from '../case.ts'
import { emptyGolden, type Golden } from './golden.ts'
import { readLogstash } from './logstash.ts'
import { readNetgauze } from './netgauze.ts'
import { readPmacct } from './pmacct.ts'
import { readSnapshot } from './snapshot.ts'
import { readTable } from './table.ts'
import { readTcpdump } from './tcpdump.ts'
import { readTelegraf } from './telegraf.ts'
import { readTshark } from './tshark.ts'

type Reader = (source: string, text: string, files: number) => Golden | null

/** Formats by file name; other files hold no records (logs of warnings, lists of templates). */
const readers: readonly (readonly [pattern: RegExp, read: Reader])[] = [
  [/^_tshark\.json$/, readTshark],
  [/^_tshark\.tsv$/, readTable],
  [/^output-flow-\d+\.golden\.json$/, readPmacct],
  [/\.golden\.json$/, readLogstash],
  [/\.netgauze-flow\.jsonl$/, readNetgauze],
  [/^expected[^/]*\.out$/, readTelegraf],
  [/\.snap\.yaml$/, readSnapshot],
  [/\.tcpdump\.out\.txt$/, readTcpdump],
  [/^truth\.json$/, readTruth],
]

/** All goldens of a case with anything to compare. */
export function readGoldens({ folder, goldens, files }: CorpusCase): Golden[] {
  const read: Golden[] = []
  for (const file of goldens) {
    const reader = readers.find(([pattern]) => pattern.test(file))?.[1]
    const golden = reader?.(file, readFileSync(join(folder, file), 'utf8'), files)
    if (golden) read.push(golden)
  }
  return mergeGroups(read)
}

/** Groups written file by file belong to one case. */
function mergeGroups(goldens: Golden[]): Golden[] {
  const grouped = goldens.filter(({ groups }) => groups.length > 0)
  const [first, ...more] = grouped
  if (!first) return goldens
  for (const { groups } of more) first.groups.push(...groups)
  return goldens.filter((golden) => !more.includes(golden))
}

/** Sums over the whole case, from an exporter's own counts. */
function readTruth(source: string, text: string): Golden {
  const { exported_octets: octets, exported_packets: packets } = JSON.parse(text) as {
    exported_octets?: number
    exported_packets?: number
  }
  if (octets === undefined || packets === undefined) return emptyGolden(source)
  const groups = [{ byField: new Map(), octets, packets }]
  return { ...emptyGolden(source), groups, isUnscaled: true }
}
