import { createHash } from 'node:crypto'
import { PdfReference, PdfStream, type PdfDictionary, type PdfValue } from '../../../validation/pdf/objects.js'
import type { PdfDocument } from '../../../validation/pdf/document.js'
import type { CollectedEvidence, EvidenceFor } from '../../revocation/collect-evidence.js'
import { pathsOf } from './certificate-paths.js'
import { changeForm } from './form-update.js'
import { GrowingPdf } from './growing-pdf.js'
import { IncrementalUpdate } from './incremental-update.js'
import { dictionaryOf, name } from './object-writer.js'
import { openPdf, readable, type OpenedPdf, type SignedField } from './open-pdf.js'

/** Which signatures are to be made provable, and for which time. */
export interface ValidationDataOptions {
  readonly evidence: EvidenceFor
  /** Time for which the paths must be good. */
  readonly at: Date
  /** Signatures to be made provable; unless told, all that have no entry of their own yet. */
  readonly fields?: readonly string[]
}

/** The file with its document security store (ISO 32000-2, clause 12.8.4.3). */
export interface ProvablePdf {
  readonly pdf: Buffer
  /** Fields whose evidence was added; empty when nothing was missing, and the file is then as it was. */
  readonly fields: readonly string[]
}

/**
 * Adds what proves the certificates of signatures and time stamps to the document security store (ISO 32000-2 12.8.4.3,
 * ETSI EN 319 142-1 5.4). What is in the store already is not written again. It is no change of the document, so also one
 * certified against any change takes it.
 * @throws Fault SIGN-PDF-UNREADABLE, SIGN-PDF-ENCRYPTED, SIGN-PDF-SIGNATURE-UNREADABLE, and what `evidence` throws
 */
export async function addValidationData(pdf: Buffer, options: ValidationDataOptions): Promise<ProvablePdf> {
  const file = new GrowingPdf(pdf, 256 * 1024)
  const fields = await appendValidationData(file, options)
  return { pdf: file.bytes, fields }
}

/** The same, onto a file that is being written. @returns the fields whose evidence was added */
export async function appendValidationData(file: GrowingPdf, options: ValidationDataOptions): Promise<string[]> {
  const opened = openPdf(file.bytes)
  const store = readable(() => new SecurityStore(opened))
  const { fields } = options
  const chosen = opened.signed.filter((field) => (fields === undefined ? !store.has(field) : fields.includes(field.name)))
  if (chosen.length === 0) return []
  // The file has one entry for each signature; all of them are asked for at once, so that a shared issuer is asked once.
  const paths = chosen.map((field) => pathsOf(field.contents, field.name))
  const collected = await options.evidence(paths.flat(), options.at)
  const carried: CollectedEvidence = { ...collected, certificates: [...collected.certificates, ...paths.flat(2)] }
  const update = readable(() => store.update(chosen, carried))
  file.append(update.finish(options.at.toISOString()))
  return chosen.map((field) => field.name)
}

type Kind = 'Certs' | 'OCSPs' | 'CRLs'

/** The document security store of a file, and what is added to it. */
class SecurityStore {
  private readonly document: PdfDocument
  private readonly dictionary: PdfDictionary | undefined
  private readonly perSignature: PdfDictionary | undefined
  /** Streams of the store by their kind and the hash of their content. */
  private readonly held = new Map<string, PdfReference>()

  constructor(private readonly opened: OpenedPdf) {
    this.document = opened.document
    this.dictionary = this.document.dictionary(this.document.catalog.get('DSS'))
    this.perSignature = this.document.dictionary(this.dictionary?.get('VRI'))
    for (const kind of ['Certs', 'OCSPs', 'CRLs'] as const)
      for (const value of this.list(kind)) {
        const stream = this.document.resolve(value)
        if (value instanceof PdfReference && stream instanceof PdfStream) this.held.set(keyOf(kind, this.document.decode(stream)), value)
      }
  }

  has(field: SignedField): boolean {
    return this.perSignature?.has(entryName(field)) === true
  }

  update(fields: readonly SignedField[], evidence: CollectedEvidence): IncrementalUpdate {
    const update = new IncrementalUpdate(this.document)
    const lists = {
      Certs: this.put(update, 'Certs', evidence.certificates),
      OCSPs: this.put(update, 'OCSPs', evidence.ocspResponses),
      CRLs: this.put(update, 'CRLs', evidence.crls),
    }
    const entries = new Map<string, PdfValue>(this.perSignature)
    for (const field of fields) {
      const entry = dictionaryOf({
        Type: name('VRI'),
        Cert: unlessEmpty(lists.Certs),
        OCSP: unlessEmpty(lists.OCSPs),
        CRL: unlessEmpty(lists.CRLs),
      })
      entries.set(entryName(field), entry)
    }
    const merged = (kind: Kind): PdfValue | undefined => {
      const before = this.list(kind)
      const numbers = new Set(before.map((value) => (value instanceof PdfReference ? value.number : -1)))
      return unlessEmpty([...before, ...lists[kind].filter((reference) => !numbers.has(reference.number))])
    }
    const changed = dictionaryOf({
      ...Object.fromEntries(this.dictionary ?? []),
      Type: name('DSS'),
      Certs: merged('Certs'),
      OCSPs: merged('OCSPs'),
      CRLs: merged('CRLs'),
      VRI: entries,
    })
    const place = this.document.catalog.get('DSS')
    if (place instanceof PdfReference) update.put(place, changed)
    else {
      const store = update.reserve()
      update.put(store, changed)
      changeForm(this.opened, update, { fields: [], isSigned: false, catalog: new Map([['DSS', store]]) })
    }
    return update
  }

  private list(kind: Kind): PdfValue[] {
    return this.document.array(this.dictionary?.get(kind)) ?? []
  }

  private put(update: IncrementalUpdate, kind: Kind, values: readonly Buffer[]): PdfReference[] {
    const references = new Set<PdfReference>()
    for (const value of values) {
      const key = keyOf(kind, value)
      let reference = this.held.get(key)
      if (reference === undefined) {
        reference = update.reserve()
        update.putStream(reference, new Map(), value)
        this.held.set(key, reference)
      }
      references.add(reference)
    }
    return [...references]
  }
}

const keyOf = (kind: Kind, content: Buffer): string => `${kind} ${createHash('sha256').update(content).digest('base64')}`

/** Entries are named by the SHA-1 of Contents as it lies in the file, padding included, upper-case hex. */
const entryName = (field: SignedField): string => createHash('sha1').update(field.contents).digest('hex').toUpperCase()

const unlessEmpty = (list: readonly PdfValue[]): PdfValue | undefined => (list.length === 0 ? undefined : [...list])
