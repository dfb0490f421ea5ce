/** Ids of user documents. */
import { randomBytes } from 'node:crypto'

/** An id made from a title is cut to this length. */
const slugLengthMax = 48

/** An id for something without a name: 72 random bits. */
export function newId(): string {
  return `_${randomBytes(9).toString('base64url')}`
}

/** A text as a slug: lower-case letters, digits and dashes. */
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
