/** Certificates of keys opened lately, by their bytes; newest last. */
const known = new Map<string, readonly Buffer[]>()
const knownLimit = 64

/**
 * The same array for the same certificates: what is made once for those of an open signer (their parts, the form of his last
 * structure) is there for his next opening too.
 */
export function sameCertificates(certificates: readonly Buffer[]): readonly Buffer[] {
  // Each is DER and tells its own length: no two lists have the same bytes.
  const name = Buffer.concat(certificates).toString('latin1')
  const before = known.get(name)
  if (before !== undefined) return before
  known.set(name, certificates)
  const oldest = known.size > knownLimit ? known.keys().next() : undefined
  if (oldest?.done === false) known.delete(oldest.value)
  return certificates
}
