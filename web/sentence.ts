/** Turns the API's short messages into sentences for the page. */

/** Adds a capital and a full stop; a name or an address at the start stays as it is. */
export function sentence(text: string): string {
  const begun = /^[a-z]+:?(?= |$)/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
  return begun === '' || /[.?!]$/.test(begun) ? begun : `${begun}.`
}
