import { createHash } from 'node:crypto'
import { Fault } from '../../../i18n/fault.js'
import { checkSigner, readSignedData, type SignerCheck } from '../../../validation/cms/signed-data.js'
import { checkTimeStamp } from '../../../validation/cms/time-stamp-token.js'
import { checkByteRange, type CheckedRange } from '../../../validation/pdf/byte-range.js'
import { PdfDocument } from '../../../validation/pdf/document.js'
import { MalformedPdf } from '../../../validation/pdf/objects.js'
import { signatureFields } from '../../../validation/pdf/signature-fields.js'
import type { DigestAlgorithm } from '../../key.js'
import { hashInPieces } from './append-signature.js'

/**
 * Checks a signature just written from the bytes that will leave, as a stranger would: the file opens, the field is there,
 * its range covers everything, the CMS holds over those bytes.
 * @throws Fault SIGN-PDF-CHECK-FAILED
 */
export async function checkSignature(bytes: Buffer, fieldName: string, algorithm: DigestAlgorithm): Promise<SignerCheck> {
  const range = writtenRange(bytes, fieldName)
  const digest = await digestOf(bytes, range, algorithm)
  const cms = readSignedData(range.contents)
  const [signer] = cms.signers
  if (signer === undefined) throw failed('signer')
  const check = checkSigner(cms, signer, (asked) => (asked === algorithm ? digest : Buffer.alloc(0)))
  if (check.failure !== null) throw failed(check.failure.finding.code)
  return check
}

/**
 * The same for a document time stamp.
 * @throws Fault SIGN-PDF-CHECK-FAILED
 */
export async function checkDocumentTimeStamp(bytes: Buffer, fieldName: string): Promise<void> {
  const range = writtenRange(bytes, fieldName)
  const digest = await digestOf(bytes, range, 'sha256')
  const token = range.contents.subarray(0, readSignedData(range.contents).length)
  const check = checkTimeStamp(token, (asked) => (asked === 'sha256' ? digest : Buffer.alloc(0)), [])
  if (!check.intact) throw failed(check.findings[0]?.code ?? 'time stamp')
}

function writtenRange(bytes: Buffer, fieldName: string): CheckedRange {
  const range = readRange(bytes, fieldName)
  if (range === undefined) throw failed('field')
  if ('code' in range) throw failed(range.code)
  if (range.end !== bytes.length) throw failed('coverage')
  return range
}

function readRange(bytes: Buffer, fieldName: string): ReturnType<typeof checkByteRange> | undefined {
  try {
    const document = PdfDocument.open(bytes)
    const field = signatureFields(document).find((one) => one.name === fieldName)
    return field === undefined ? undefined : checkByteRange(document, field)
  } catch (error) {
    if (error instanceof MalformedPdf) throw failed(error.what)
    throw error
  }
}

async function digestOf(bytes: Buffer, range: CheckedRange, algorithm: DigestAlgorithm): Promise<Buffer> {
  const hash = createHash(algorithm)
  await hashInPieces(hash, bytes.subarray(0, range.gapStart))
  return hash.update(bytes.subarray(range.gapEnd, range.end)).digest()
}

function failed(reason: string): Fault {
  return new Fault('SIGN-PDF-CHECK-FAILED', { params: { reason }, status: 500 })
}
