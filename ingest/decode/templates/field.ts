/** Template fields. All templates use the same few hundred, so each is stored once. */

/** A field of a template, as announced. */
export interface Field {
  readonly id: number
  /** Private enterprise number; 0 for IANA. */
  readonly enterprise: number
  /** Bytes, or variableLength. */
  readonly length: number
}

/** Most distinct fields stored once; beyond, each template has its own. */
const fieldsMax = 4096

const held = new Map<number, Map<number, Field>>()
let heldCount = 0

/** The field with these numbers. */
export function fieldOf(id: number, enterprise: number, length: number): Field {
  const key = id * 65_536 + length
  const found = held.get(key)?.get(enterprise)
  if (found) return found
  const field = { id, enterprise, length }
  if (heldCount < fieldsMax) {
    let byEnterprise = held.get(key)
    if (!byEnterprise) {
      byEnterprise = new Map<number, Field>()
      held.set(key, byEnterprise)
    }
    byEnterprise.set(enterprise, field)
    heldCount++
  }
  return field
}
