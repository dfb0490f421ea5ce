/** Ids of user documents. */
import { randomBytes } from 'node:crypto'

/** An id made from a title is cut to this length. */
const slugLengthMax = 48

/** An id for something without a name: 72 random bits. */
export function newId(): string {
  return `_${randomBytes(9).toString('base64url')}`
}

/**
 * A text as a slug: lower-case letters, digits and dashes. Of a text with letters of other scripts
 * too little is left to tell it from others, so its slug ends with random letters.
 */
export function slugOf(text: string): string {
  const plain = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
  const slug = plain
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, slugLengthMax)
    .replace(/-$/, '')
  if (slug !== '' && !/(?![a-z0-9])[\p{L}\p{N}]/u.test(plain)) return slug
  return `${slug || 'unnamed'}-${randomBytes(4).toString('hex')}`
}
