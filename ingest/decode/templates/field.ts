/** Fields of templates. The same few hundred make up all templates: each is held once. */

/** A field of a template as it was announced. */
export interface Field {
  readonly id: number
  /** Private enterprise number; 0 where it is IANA's. */
  readonly enterprise: number
  /** Bytes, or variableLength. */
  readonly length: number
}

/** Different fields that are held once; of more, each template has its own. */
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
