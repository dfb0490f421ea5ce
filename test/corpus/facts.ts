/** What rules can query about a case: the contents of its datagrams, and the goldens' agreement. */
import type { CorpusCase } from './case.ts'
import type { Difference } from './compare.ts'
import { exportMsOf, type DecodedCase, type DecodedRow } from './decode-case.ts'
import type { ComparedField, Golden } from './golden/golden.ts'
import type { FoundDatagram, FoundTemplate, Structure } from './structure.ts'

/** Enterprise of reverse elements (RFC 5103); and CERT's, which has a bit for them. */
const reverseEnterprise = 29_305
const certEnterprise = 6871
const certReverseBit = 0x4000
/** Counts of the responder, and lists of records (RFC 6313). */
const responderElements: ReadonlySet<string> = new Set(['0/232', '0/299', '9/8337', '15397/3'])
/**
 * ntop, whose nProbe counts the reverse direction in elements that others use for the output of a
 * middlebox.
 */
const probeEnterprise = 35_632
const probeIds = { first: 57_472, last: 59_519 }
const outgoingElements: ReadonlySet<number> = new Set([23, 24])
const protocolElement = 4
const listElements: ReadonlySet<number> = new Set([291, 292, 293])

/** Whether a template is nProbe's with counts of the reverse direction. */
const countsAsProbe = ({ fields }: FoundTemplate): boolean =>
  fields.some(({ id, enterprise }) => enterprise === 0 && outgoingElements.has(id)) &&
  fields.some(({ id, enterprise }) =>
    enterprise === 0 ? id >= probeIds.first && id <= probeIds.last : enterprise === probeEnterprise,
  )

/** Whether a template counts both directions of a flow. */
export const countsBothWays = (template: FoundTemplate): boolean =>
  countsAsProbe(template) ||
  template.fields.some(
    ({ id, enterprise }) =>
      enterprise === reverseEnterprise ||
      (enterprise === certEnterprise && id >= certReverseBit) ||
      responderElements.has(`${enterprise}/${id}`),
  )

/** Whether records of a template describe packets within packets: they give the protocol twice. */
export const describesTunnels = ({ fields }: FoundTemplate): boolean =>
  fields.filter(({ id, enterprise }) => enterprise === 0 && id === protocolElement).length > 1

/** Whether records of a template are events of connections that are counted by initiator and responder. */
export const endsConnections = ({ fields }: FoundTemplate): boolean =>
  [148, 231, 233].every((wanted) =>
    fields.some(({ id, enterprise }) => enterprise === 0 && id === wanted),
  )

/** Whether records of a template hold lists of records. */
export const holdsLists = ({ fields }: FoundTemplate): boolean =>
  fields.some(({ id, enterprise }) => enterprise === 0 && listElements.has(id))

export class Facts {
  readonly corpusCase: CorpusCase
  readonly structure: Structure
  readonly decoded: DecodedCase
  readonly goldens: readonly Golden[]
  readonly #exportMs: number[]
  readonly #agreed = new Map<DecodedRow, Map<ComparedField, Set<string>>>()

  constructor(
    corpusCase: CorpusCase,
    structure: Structure,
    { decoded, goldens }: { decoded: DecodedCase; goldens: readonly Golden[] },
  ) {
    this.corpusCase = corpusCase
    this.structure = structure
    this.decoded = decoded
    this.goldens = goldens
    this.#exportMs = corpusCase.datagrams.map(({ payload }) => exportMsOf(payload))
  }

  /** Records that a golden agrees with us on a row's field. */
  agree(source: string, row: DecodedRow, field: ComparedField): void {
    const fields = this.#agreed.get(row) ?? new Map<ComparedField, Set<string>>()
    fields.set(field, (fields.get(field) ?? new Set<string>()).add(source))
    this.#agreed.set(row, fields)
  }

  /** Whether another golden agrees with us on a row's field. */
  isReportedElsewhere(source: string, row: DecodedRow, field: ComparedField): boolean {
    return [...(this.#agreed.get(row)?.get(field) ?? [])].some((other) => other !== source)
  }

  /** The datagram of a difference, or null if it has none or several. */
  datagramOf(difference: Difference): FoundDatagram | null {
    const place = placeOf(difference)
    return place === null ? null : (this.structure.datagrams[place] ?? null)
  }

  /** Templates of the data in a difference's datagram. */
  templatesOf(difference: Difference): FoundTemplate[] {
    const sets = this.datagramOf(difference)?.sets ?? []
    return sets.flatMap(({ kind, template }) => (kind === 'data' && template ? [template] : []))
  }

  /** Whether the golden's decoder failed in a difference's datagram. */
  gaveUp(difference: Difference): boolean {
    const golden = this.goldens.find(({ source }) => source === difference.source)
    return golden?.gaveUp.has(placeOf(difference) ?? -1) ?? false
  }

  /** The export time of a difference's datagram, unix ms; -Infinity if there is none. */
  exportMsOf(difference: Difference): number {
    return this.#exportMs[placeOf(difference) ?? -1] ?? -Infinity
  }
}

function placeOf(difference: Difference): number | null {
  if (difference.kind === 'record-missing') return difference.record.datagram
  if (difference.kind === 'row-extra' || difference.kind === 'field') return difference.row.datagram
  if (difference.kind === 'column') return difference.column.datagram
  if (difference.kind !== 'counters') return null
  return difference.golden?.datagram ?? difference.ours?.datagram ?? null
}
