import type { DocumentVerdict } from './verdict.js'
import type { Verifier, Verifiers, VerifyOptions } from './report.js'
import { AsicVerifier } from './asic/asic-verifier.js'
import { CmsVerifier } from './cms/cms-verifier.js'
import { PdfVerifier } from './pdf/pdf-verifier.js'
import { XmlVerifier } from './xml/xml-verifier.js'

/** Files above this are refused before anything reads them. */
const maximumBytes = 512 * 1024 * 1024

/**
 * The verifiers of the host: containers, CMS, PDF and XML; modules add theirs, which are asked first. Containers and CMS come before
 * PDF, because one that carries a PDF has its header too, near the start.
 */
export function createVerifiers(): Verifiers {
  const own: readonly Verifier[] = [new AsicVerifier(), new CmsVerifier(), new PdfVerifier(), new XmlVerifier()]
  const added: Verifier[] = []
  const failed = (file: string, code: string, params: Record<string, string> = {}): DocumentVerdict => ({
    file,
    verdict: 'failed',
    integrity: 'none',
    signatures: [],
    findings: [{ code, params }],
  })
  return {
    add(verifier: Verifier): void {
      added.push(verifier)
    },
    async verify(file: string, bytes: Uint8Array, options: VerifyOptions): Promise<DocumentVerdict> {
      if (bytes.length > maximumBytes) return failed(file, 'VERIFY-FILE-TOO-LARGE')
      for (const verifier of [...added, ...own]) {
        try {
          if (!verifier.recognises(bytes)) continue
          return { file, ...(await verifier.verify(bytes, options)) }
        } catch (error) {
          return failed(file, 'VERIFY-UNREADABLE', { verifier: verifier.name, reason: error instanceof Error ? error.name : 'error' })
        }
      }
      return failed(file, 'VERIFY-UNKNOWN-FORMAT')
    },
  }
}
