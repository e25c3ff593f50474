import { createHash } from 'node:crypto'
import { Fault } from '../../i18n/fault.js'
import { algorithmProblem, type AlgorithmUse } from '../../validation/algorithm-policy.js'
import type { Certificate } from '../../validation/certificate/certificate.js'
import { readSignedData } from '../../validation/cms/signed-data.js'
import { readTimeStamp } from '../../validation/cms/time-stamp-token.js'
import { checkByteRange } from '../../validation/pdf/byte-range.js'
import { nameOf } from '../../validation/pdf/objects.js'
import { signatureFields } from '../../validation/pdf/signature-fields.js'
import { openPdf, readable } from '../formats/pades/open-pdf.js'

/** What the life of an archived file hangs on. */
export interface NewestTimeStamp {
  readonly at: Date
  readonly authority: string
  /** Earliest end of the certificates that came with it, or of its algorithms. */
  readonly validUntil: Date
  readonly algorithm: AlgorithmFacts
}

/** Algorithms of a time stamp, as they are kept in a row. */
export interface AlgorithmFacts {
  readonly digest: string
  readonly scheme: string
  readonly keyBits: number | null
  readonly curve: string | null
}

/**
 * Finds the newest document time stamp of a PDF, checked over the bytes it covers.
 * @throws Fault SIGN-ARCHIVE-NOT-STAMPED when there is none that is intact, SIGN-PDF-UNREADABLE, SIGN-PDF-ENCRYPTED
 */
export function newestTimeStamp(pdf: Buffer): NewestTimeStamp {
  const { document } = openPdf(pdf)
  let newest: NewestTimeStamp | undefined
  for (const field of readable(() => signatureFields(document))) {
    if (nameOf(document.resolve(field.signature.get('SubFilter'))) !== 'ETSI.RFC3161') continue
    const range = readable(() => checkByteRange(document, field))
    if ('code' in range) continue
    const token = readable(() => range.contents.subarray(0, readSignedData(range.contents).length))
    const reading = readTimeStamp(token, (algorithm) =>
      createHash(algorithm).update(pdf.subarray(0, range.gapStart)).update(pdf.subarray(range.gapEnd, range.end)).digest(),
    )
    const { at, certificate, certificates, intact } = reading
    if (!intact || at === undefined || certificate === undefined || (newest !== undefined && newest.at >= at)) continue
    const algorithm = factsOf(certificate, reading.digestAlgorithm ?? '', reading.scheme ?? '')
    newest = { at, authority: certificate.holder, validUntil: endOf(certificate, certificates, algorithm, at), algorithm }
  }
  if (newest === undefined) throw new Fault('SIGN-ARCHIVE-NOT-STAMPED')
  return newest
}

function factsOf(certificate: Certificate, digest: string, scheme: string): AlgorithmFacts {
  const details = certificate.publicKey().asymmetricKeyDetails
  return { digest, scheme, keyBits: details?.modulusLength ?? null, curve: details?.namedCurve ?? null }
}

/** The same as the algorithm policy asks for it. */
export function useOf(facts: AlgorithmFacts): AlgorithmUse {
  const { scheme } = facts
  return {
    digest: facts.digest,
    ...(scheme === 'rsa-pkcs1' || scheme === 'rsa-pss' || scheme === 'ecdsa' ? { scheme } : {}),
    ...(facts.keyBits === null ? {} : { keyBits: facts.keyBits }),
    ...(facts.curve === null ? {} : { curve: facts.curve }),
  }
}

function endOf(leaf: Certificate, certificates: readonly Certificate[], facts: AlgorithmFacts, at: Date): Date {
  const path = [leaf]
  for (let next = issuerOf(leaf, certificates); next !== undefined && !path.includes(next); next = issuerOf(next, certificates))
    path.push(next)
  const end = new Date(Math.min(...path.map((certificate) => certificate.notAfter.getTime())))
  const problem = algorithmProblem(useOf(facts), end)
  return problem === undefined ? end : (problem.until ?? at)
}

const issuerOf = (certificate: Certificate, certificates: readonly Certificate[]): Certificate | undefined =>
  certificates.find((one) => one.subjectKey === certificate.issuerKey)
