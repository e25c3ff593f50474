import { createHash } from 'node:crypto'
import { readCertificate, type Certificate } from '../certificate/certificate.js'
import { DerElement } from '../der-reader.js'
import type { RevocationEvidence } from '../revocation/evidence.js'
import type { PdfDocument } from './document.js'
import { MalformedPdf, PdfStream, type PdfValue } from './objects.js'

/** Whoever appends to a file may put anything there: so many of each kind and so much in all is read, the rest is left. */
const maximumOfKind = 500
const maximumBytes = 64 * 1024 * 1024
const maximumOfOne = 16 * 1024 * 1024

/** Certificates, CRLs and OCSP answers of a document security store (ISO 32000-2 12.8.4.3), unchecked. */
export interface ValidationData {
  readonly certificates: readonly Certificate[]
  readonly evidence: RevocationEvidence
  /** Objects that are none of what the store says they are, or more than is read. */
  readonly unreadable: number
}

/** A file without document security store. */
const noValidationData: ValidationData = { certificates: [], evidence: { crls: [], ocspResponses: [] }, unreadable: 0 }

/** The store of each given revision together: a later save may leave out what an earlier one brought, and nothing is lost by that. */
export function readValidationData(revisions: readonly PdfDocument[]): ValidationData {
  const reader = new StoreReader()
  for (const revision of revisions) reader.readStore(revision)
  const { certificates, crls, ocspResponses } = reader
  if (certificates.size + crls.size + ocspResponses.size + reader.unreadable === 0) return noValidationData
  return {
    certificates: [...certificates.values()],
    evidence: { crls: [...crls.values()], ocspResponses: [...ocspResponses.values()] },
    unreadable: reader.unreadable,
  }
}

class StoreReader {
  readonly certificates = new Map<string, Certificate>()
  readonly crls = new Map<string, Buffer>()
  readonly ocspResponses = new Map<string, Buffer>()
  unreadable = 0
  private bytes = 0
  private readonly seen = new Set<PdfValue>()

  readStore(document: PdfDocument): void {
    const store = document.dictionary(document.catalog.get('DSS'))
    if (store === undefined || this.seen.has(store)) return
    this.seen.add(store)
    this.readLists(document, store.get('Certs'), store.get('CRLs'), store.get('OCSPs'))
    // Entries by signature (VRI) repeat what the lists hold; a writer may also put something there alone.
    const bySignature = document.dictionary(store.get('VRI'))
    for (const value of [...(bySignature?.values() ?? [])].slice(0, maximumOfKind)) {
      const own = document.dictionary(value)
      this.readLists(document, own?.get('Cert'), own?.get('CRL'), own?.get('OCSP'))
    }
  }

  private readLists(
    document: PdfDocument,
    certificates: PdfValue | undefined,
    crls: PdfValue | undefined,
    answers: PdfValue | undefined,
  ): void {
    this.readList(document, certificates, (der) => {
      if (this.certificates.size >= maximumOfKind) return false
      const certificate = readCertificate(der)
      this.certificates.set(certificate.sha256, certificate)
      return true
    })
    this.readList(document, crls, (der) => keep(this.crls, der))
    this.readList(document, answers, (der) => keep(this.ocspResponses, der))
  }

  private readList(document: PdfDocument, list: PdfValue | undefined, take: (der: Buffer) => boolean): void {
    for (const one of (document.array(list) ?? []).slice(0, maximumOfKind * 2)) {
      try {
        const stream = document.resolve(one)
        if (this.seen.has(stream)) continue
        this.seen.add(stream)
        if (!(stream instanceof PdfStream) || this.bytes > maximumBytes) throw new MalformedPdf('validation data', 0)
        const decoded = document.decode(stream, maximumOfOne)
        this.bytes += decoded.length
        if (!take(withoutTail(decoded))) this.unreadable++
      } catch {
        this.unreadable++
      }
    }
  }
}

function keep(into: Map<string, Buffer>, der: Buffer): boolean {
  if (into.size >= maximumOfKind) return false
  into.set(createHash('sha256').update(der).digest('hex'), der)
  return true
}

/** A stream may end in a line end that is none of it. */
function withoutTail(bytes: Buffer): Buffer {
  return DerElement.read(bytes).bytes
}
