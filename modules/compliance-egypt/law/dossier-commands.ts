/** What a dossier has to be checked, so that each command is one that can be run. */
export interface DossierContents {
  readonly names: readonly string[]
  readonly signedAt: Date
  /** Lists and OCSP answers, with the moment each was made. */
  readonly revocation: readonly {
    readonly file: string
    readonly kind: 'crl' | 'ocsp'
    readonly ofSigner: boolean
    readonly madeAt: Date
  }[]
  /** Tokens over the signature's value, with the moment each proves. */
  readonly timeStamps: readonly { readonly token: string; readonly at: Date }[]
  /** Tokens over heads of the event log. */
  readonly logStamps: readonly { readonly token: string; readonly at: Date; readonly hash: string }[]
  /** File of the certificates that end the tokens' paths. */
  readonly timeAuthorities: string | null
}

const issuers = 'certificates/issuers.pem'
const signer = 'certificates/signer.pem'

/**
 * One line per check, to be run in the unpacked folder: no program of ours stands between the examiner and the proof. Paths are checked
 * of the moment in question: a dossier is read years later, when its certificates have long ended.
 */
export function dossierCommands(contents: DossierContents): string[] {
  const has = (name: string): boolean => contents.names.includes(name)
  return [
    'sha256sum -c SHA256SUMS',
    ...(has('signature.p7s') && has('canonical.txt') && has(issuers)
      ? [
          `openssl cms -verify -cades -inform DER -in signature.p7s -content canonical.txt -binary -CAfile ${issuers} -attime ${seconds(contents.signedAt)} -purpose any -out /dev/null`,
        ]
      : []),
    ...(has('signature.p7s') ? ['openssl cms -cmsout -print -noout -inform DER -in signature.p7s'] : []),
    ...(has(signer) ? [`openssl x509 -in ${signer} -noout -text`] : []),
    ...(has(issuers) ? [`openssl storeutl -noout -text -certs ${issuers}`] : []),
    ...contents.revocation.map((one) => revocationCommand(one, has(issuers))),
    ...contents.timeStamps.flatMap(({ token, at }) => [
      `openssl ts -reply -token_in -in ${token} -text`,
      ...(contents.timeAuthorities === null || !has('signature-value.bin')
        ? []
        : [
            `openssl ts -verify -data signature-value.bin -token_in -in ${token} -CAfile ${contents.timeAuthorities} -attime ${seconds(at)}`,
          ]),
    ]),
    // The token is over the head itself: its imprint is the last hash of the chain.
    ...contents.logStamps.map(({ token, at, hash }) =>
      contents.timeAuthorities === null
        ? `openssl ts -reply -token_in -in ${token} -text`
        : `openssl ts -verify -digest ${hash} -token_in -in ${token} -CAfile ${contents.timeAuthorities} -attime ${seconds(at)}`,
    ),
  ]
}

/** A list is checked with its issuer's key; an answer about the signer with the responder's path; what others say of issuers is shown. */
function revocationCommand({ file, kind, ofSigner, madeAt }: DossierContents['revocation'][number], withIssuers: boolean): string {
  if (kind === 'crl') return `openssl crl -inform DER -in ${file} ${withIssuers ? `-CAfile ${issuers} ` : ''}-noout -text`
  if (!ofSigner || !withIssuers) return `openssl ocsp -respin ${file} -resp_text -noverify`
  return `openssl ocsp -respin ${file} -issuer ${issuers} -cert ${signer} -CAfile ${issuers} -no_nonce -attime ${seconds(madeAt)} -resp_text`
}

/** Whole seconds since 1970, as openssl takes a moment; up, never before a token of the same second was made. */
function seconds(at: Date): string {
  return String(Math.ceil(at.getTime() / 1000))
}
