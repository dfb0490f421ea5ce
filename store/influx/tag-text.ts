/**
 * Texts as tags. Line protocol cannot represent a tag that is empty, ends with a backslash or holds
 * a line break, so such characters are written as %5C and the like. Addresses, protocol names and
 * numbers are unchanged.
 */
const unwritable = /%(?=[0-9A-F]{2})|%$|[\p{Cc}\\]/gu
const written = /%([0-9A-F]{2})/g
/** Stands for the empty text; no other text is encoded so. */
const emptyText = '%'

/** A text encoded as a tag. */
export function toTag(text: string): string {
  if (text === '') return emptyText
  return text.replace(
    unwritable,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** The text of a tag. */
export function fromTag(tag: string): string {
  if (tag === emptyText) return ''
  return tag.includes('%')
    ? tag.replace(written, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : tag
}
