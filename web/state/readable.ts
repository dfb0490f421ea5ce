/**
 * Percent-encoding that leaves characters allowed in a query as they are, so that people can read
 * it.
 */
export function readable(value: string): string {
  return encodeURIComponent(value)
    .replace(/%(3A|2F|2C|40|5B|5D)/g, decodeURIComponent)
    .replace(/%20/g, '+')
}
