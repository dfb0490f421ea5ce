/** Ids of what people make. */
import { randomBytes } from 'node:crypto'

/** An id made of a title is cut here. */
const slugLengthMax = 48

/** An id for what has no name: 72 random bits. */
export function newId(): string {
  return `_${randomBytes(9).toString('base64url')}`
}

/** A text as it can stand in an address: small letters, digits and dashes. */
export function slugOf(text: string): string {
  const slug = text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, slugLengthMax)
    .replace(/-$/, '')
  return slug === '' ? 'unnamed' : slug
}
