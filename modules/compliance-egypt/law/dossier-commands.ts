import { issuersFile, signerFile } from './dossier-certificates.js'
import type { AnswerAbout } from './revocation-answers.js'

/** What a dossier has to be checked, so that each command is one that can be run. */
export interface DossierContents {
  readonly names: readonly string[]
  readonly signedAt: Date
  /** The issuers end in a root; else paths end in the last issuer that is here. */
  readonly anchored: boolean
  /** The signature can be cut out of the document by its plain text. */
  readonly plainSignature: boolean
  /** Length of the signature's value where it is the end of the CMS; null where it is not. */
  readonly valueBytes: number | null
  /** Lists and OCSP answers, with the moment each was made. */
  readonly revocation: readonly AnswerToCheck[]
  /** Tokens over the signature's value, with the moment each proves. */
  readonly timeStamps: readonly TokenToCheck[]
  /** Tokens over heads of the event log. */
  readonly logStamps: readonly (TokenToCheck & { readonly hash: string })[]
  /** File of the certificates that end the tokens' paths. */
  readonly timeAuthorities: string | null
}

interface TokenToCheck {
  readonly token: string
  readonly at: Date
}

interface AnswerToCheck {
  readonly file: string
  readonly kind: 'crl' | 'ocsp'
  readonly madeAt: Date
  readonly about: readonly AnswerAbout[]
  readonly stamps: readonly TokenToCheck[]
}

/** Half a century: openssl compares an answer's own times with today, and today is not what it is asked for. */
const anyTimeSeconds = 1_500_000_000

/**
 * One line per check, to be run in the unpacked folder: no program of ours stands between the examiner and the proof. Paths are checked
 * of the moment in question: a dossier is read years later, when its certificates have long ended. A line ends with 0 only when what it
 * checks holds: where openssl itself ends with 0 either way, its words are looked for.
 */
export function dossierCommands(contents: DossierContents): string[] {
  const has = (name: string): boolean => contents.names.includes(name)
  const shown = (...names: readonly string[]): boolean => names.every(has)
  const partial = contents.anchored ? '' : ' -partial_chain'
  return [
    'sha256sum -c SHA256SUMS',
    ...(contents.plainSignature && has('signature.p7s')
      ? [
          `grep -o '"signatureType":"I","value":"[A-Za-z0-9+/=]*"' document.json | cut -d '"' -f 8 | openssl base64 -d -A | cmp - signature.p7s`,
        ]
      : []),
    ...(shown('signature.p7s', 'canonical.txt', issuersFile)
      ? [
          `openssl cms -verify -cades -inform DER -in signature.p7s -content canonical.txt -binary -CAfile ${issuersFile}${partial} -attime ${seconds(contents.signedAt)} -purpose any -out /dev/null`,
        ]
      : []),
    ...(has('signature.p7s') ? ['openssl cms -cmsout -print -noout -inform DER -in signature.p7s'] : []),
    ...(contents.valueBytes !== null && shown('signature.p7s', 'signature-value.bin')
      ? [`tail -c ${String(contents.valueBytes)} signature.p7s | cmp - signature-value.bin`]
      : []),
    ...(has(signerFile) ? [`openssl x509 -in ${signerFile} -noout -text`] : []),
    ...(has(issuersFile) ? [`openssl storeutl -noout -text -certs ${issuersFile}`] : []),
    ...contents.revocation.flatMap((one) => [
      ...(one.kind === 'crl' ? listCommands(one) : ocspCommands(one, `-CAfile ${issuersFile}${partial}`)),
      ...one.stamps.flatMap((stamp) => tokenCommands(stamp, `-data ${one.file}`, contents.timeAuthorities)),
    ]),
    ...contents.timeStamps.flatMap((stamp) =>
      tokenCommands(stamp, '-data signature-value.bin', has('signature-value.bin') ? contents.timeAuthorities : null),
    ),
    // The token is over the head itself: its imprint is the last hash of the chain.
    ...contents.logStamps.map((stamp) => tokenCommands(stamp, `-digest ${stamp.hash}`, contents.timeAuthorities).at(-1) ?? ''),
  ]
}

/** A list under its issuer's key, and its entry for each certificate, or that it has none. */
function listCommands({ file, about }: AnswerToCheck): string[] {
  const read = `openssl crl -inform DER -in ${file} -noout`
  const issuers = [...new Set(about.map(({ issuer }) => issuer))]
  return [
    `${read} -text`,
    ...issuers.map((issuer) => `${read} -CAfile ${issuer} 2>&1 | grep -x 'verify OK'`),
    ...about.map(({ serial, status }) => {
      const entry = `${read} -text | grep -i -A 4 'Serial Number: 0*${serial}$'`
      return status === 'revoked' ? entry : `! ${entry}`
    }),
  ]
}

/**
 * An answer under its responder's path, of the moment it was made, and what it says of each certificate: signer, issuer or responder. Two
 * lines for each: openssl 3 tells the status also of an answer whose signature it refuses, and says by its end alone that it does.
 */
function ocspCommands({ file, about, madeAt }: AnswerToCheck, ends: string): string[] {
  const read = `openssl ocsp -respin ${file}`
  const age = `-validity_period ${String(anyTimeSeconds)}`
  return [
    // Of whom it speaks is not here: it is shown, and proves nothing.
    ...(about.length === 0 ? [`${read} -resp_text -noverify`] : []),
    ...about.flatMap(({ certificate, issuer, status }) => {
      const asked = `${read} -issuer ${issuer} -cert ${certificate} -no_nonce ${age}`
      return [`${asked} ${ends} -attime ${seconds(madeAt)} -resp_text`, `${asked} -noverify | grep -A 4 -x '${certificate}: ${status}'`]
    }),
  ]
}

/** A token, shown and, where the roots of its authority are here, verified over what it is about. */
function tokenCommands({ token, at }: TokenToCheck, over: string, authorities: string | null): string[] {
  return [
    `openssl ts -reply -token_in -in ${token} -text`,
    ...(authorities === null ? [] : [`openssl ts -verify ${over} -token_in -in ${token} -CAfile ${authorities} -attime ${seconds(at)}`]),
  ]
}

/** Whole seconds since 1970, as openssl takes a moment; up, never before a token of the same second was made. */
function seconds(at: Date): string {
  return String(Math.ceil(at.getTime() / 1000))
}
