import { createHash } from 'node:crypto'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { Certificate } from '../../../core/validation/certificate/certificate.js'
import { MalformedDer } from '../../../core/validation/der-reader.js'
import { checkSigner, readSignedData } from '../../../core/validation/cms/signed-data.js'
import { canonicalTextOf } from '../canonical/canonical-text.js'
import { parseLiteral, type LiteralValue } from '../canonical/literal-value.js'
import { checkStructure } from '../document/check-structure.js'
import { cmsOf } from './signature-of-file.js'

/** What a document itself says, whoever presents it; what cannot be read is absent and said in the findings. */
export interface ExaminedBytes {
  readonly text: Buffer | undefined
  readonly cms: Buffer | undefined
  readonly signatureValue: Buffer | undefined
  readonly certificate: Certificate | undefined
  readonly signingTime: Date | undefined
  /** Against the content: it cannot be read in one way alone. */
  readonly content: readonly FaultDetail[]
  /** Against the signature over it. */
  readonly signature: readonly FaultDetail[]
}

/** Reads and checks the bytes of a document and its first signature. Never throws for bad input: a changed document is what this is for. */
export function examineBytes(bytes: Buffer): ExaminedBytes {
  let root: LiteralValue
  let text: Buffer
  try {
    root = parseLiteral(bytes)
    text = canonicalTextOf(root)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { ...nothing, content: [{ code: error.code, params: error.params }], signature: [{ code: 'EG-DOSSIER-NO-SIGNATURE' }] }
  }
  const content = checkStructure(root).filter(({ level }) => level !== 'warning')
  const cms = cmsOf(root)
  try {
    const read = readSignedData(cms)
    const [signer] = read.signers
    if (signer === undefined) return { ...nothing, text, cms, content, signature: [{ code: 'EG-DOSSIER-NO-SIGNATURE' }] }
    const check = checkSigner(read, signer, (algorithm) => createHash(algorithm).update(text).digest())
    return {
      text,
      cms,
      signatureValue: signer.signature,
      certificate: check.certificate ?? read.certificates[0],
      signingTime: check.signingTime,
      content,
      signature: check.failure === null ? [] : [check.failure.finding],
    }
  } catch (error) {
    if (!(error instanceof MalformedDer)) throw error
    return { ...nothing, text, cms, content, signature: [{ code: 'EG-DOSSIER-NO-SIGNATURE' }] }
  }
}

const nothing = {
  text: undefined,
  cms: undefined,
  signatureValue: undefined,
  certificate: undefined,
  signingTime: undefined,
} as const
