/** An options record, and what it is about. */

/** One options record, including its scope: numbers and texts by element name. */
export interface OptionsRecord {
  numbers: Map<string, number>
  texts: Map<string, string>
}

/** The interface that a record is about, by either of its elements. */
export function interfaceOf({ numbers }: OptionsRecord): number | undefined {
  return numbers.get('ingressInterface') ?? numbers.get('egressInterface')
}
