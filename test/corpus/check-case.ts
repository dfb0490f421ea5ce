/** One case from its files to a verdict. */
import { readCase, type CorpusCase } from './case.ts'
import { compare, type Difference } from './compare.ts'
import { decodeCase, type DecodedCase } from './decode-case.ts'
import { Facts } from './facts.ts'
import { readGoldens } from './golden/read.ts'
import { ruleFor } from './rules.ts'
import { structureOf } from './structure.ts'

export interface CheckedCase {
  corpusCase: CorpusCase
  decoded: DecodedCase
  /** Templates and options templates announced. */
  templates: number
  /** Goldens compared, and the number of their values. */
  goldens: string[]
  values: number
  /** Differences explained, by the rule's name. */
  explained: Map<string, number>
  unexplained: Difference[]
}

/** Decodes a case and compares it with each of its goldens. */
export async function checkCase(corpus: string, name: string): Promise<CheckedCase> {
  const corpusCase = await readCase(corpus, name)
  const structure = structureOf(corpusCase.datagrams)
  const decoded = decodeCase(corpusCase.datagrams)
  const goldens = readGoldens(corpusCase)
  const facts = new Facts(corpusCase, structure, { decoded, goldens })
  const checked: CheckedCase = {
    corpusCase,
    decoded,
    templates: structure.templates.length,
    goldens: goldens.map(({ source }) => source),
    values: 0,
    explained: new Map(),
    unexplained: [],
  }
  const differences = countDifferences(facts)
  for (const golden of goldens) {
    const compared = compare(golden, facts)
    checked.values += compared.values
    differences.push(...compared.differences)
  }
  for (const difference of differences) {
    const rule = ruleFor(difference, facts)
    if (rule) checked.explained.set(rule.name, (checked.explained.get(rule.name) ?? 0) + 1)
    else checked.unexplained.push(difference)
  }
  return checked
}

/**
 * Compares with tshark's counts if it lists no records to compare one by one; and the number of
 * datagrams.
 */
function countDifferences({ corpusCase, decoded, goldens }: Facts): Difference[] {
  const { tshark, datagrams, datagramsExpected } = corpusCase
  const counts = [{ what: 'datagrams', golden: datagramsExpected, ours: datagrams.length }]
  if (tshark && !goldens.some(({ source }) => source === '_tshark.json')) {
    const sum = (column: string) =>
      decoded.rows.reduce((total, { row }) => total + Number(row[column]), 0)
    counts.push(
      { what: 'records', golden: tshark.flows ?? 0, ours: decoded.records },
      { what: 'octets', golden: tshark.octets_sum ?? 0, ours: sum('octetDeltaCount') },
      { what: 'packets', golden: tshark.packets_sum ?? 0, ours: sum('packetDeltaCount') },
    )
  }
  return counts
    .filter(({ golden, ours }) => golden !== ours)
    .map((count) => ({ source: 'case.json', kind: 'count', ...count }))
}
