/** What the API says in few words, as a sentence of the page. */

/** With a capital and a full stop; a name or an address at its beginning stays as it is. */
export function sentence(text: string): string {
  const begun = /^[a-z]+:?(?= |$)/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
  return begun === '' || /[.?!]$/.test(begun) ? begun : `${begun}.`
}
