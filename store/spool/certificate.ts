/** What can be wrong with the certificate of a store, by the code that OpenSSL or Node gives. */

const unknownAuthority =
  'set NODE_EXTRA_CA_CERTS in the environment of Weir to a file with the certificate of the authority that signed it, or with that one if it signed itself'

const remedies: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  CERT_HAS_EXPIRED: 'renew it there',
  CERT_NOT_YET_VALID: 'see that the clocks of both machines are right',
  ERR_TLS_CERT_ALTNAME_INVALID: 'use a name in the URL that it is issued for',
}

/** The message and the remedy if a request failed because of the certificate; else null. */
export function certificateFault(
  code: string | undefined,
): { message: string; remedy: string } | null {
  const remedy = code === undefined ? undefined : remedies[code]
  if (remedy === undefined) return null
  return { message: `its certificate is not accepted (${code})`, remedy }
}
