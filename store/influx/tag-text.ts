/**
 * Text as it stands in tags. Line protocol has no way to write a tag that is empty, ends with a
 * backslash or holds a line break, so such characters are written as %5C and the like. Addresses,
 * names of protocols and numbers stand as they are.
 */
const unwritable = /%(?=[0-9A-F]{2})|%$|[\p{Cc}\\]/gu
const written = /%([0-9A-F]{2})/g
/** Stands for no text at all; no other text is written so. */
const emptyText = '%'

/** A text as a tag holds it. */
export function toTag(text: string): string {
  if (text === '') return emptyText
  return text.replace(
    unwritable,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** The text that a tag holds. */
export function fromTag(tag: string): string {
  if (tag === emptyText) return ''
  return tag.includes('%')
    ? tag.replace(written, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : tag
}
