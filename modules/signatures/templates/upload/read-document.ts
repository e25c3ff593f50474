import { inspectUpload, type ExistingField } from '../../../../core/signing/formats/pades/forms/inspect-upload.js'
import { Fault } from '../../../../core/i18n/fault.js'
import type { PageShape } from '../../models/field.js'
import { convertDocx } from '../docx/convert-docx.js'

export interface UploadedFile {
  readonly name: string
  readonly mediaType: string
  readonly bytes: Buffer
}

/** A document that can be sent for signature, as PDF. */
export interface ReadDocument {
  readonly kind: 'pdf' | 'docx'
  readonly fileName: string
  /** Of a PDF the very bytes that were uploaded. */
  readonly pdf: Buffer
  /** The Word document it was made from. */
  readonly source: Buffer | null
  readonly pages: PageShape[]
  /** Fields of a form that the file brought along. */
  readonly formFields: readonly ExistingField[]
}

/** 25 MB, as the browser's form allows. */
const largest = 25 * 1024 * 1024

/**
 * What a file is, is told by its first bytes; a name that says another thing is refused, for whoever chose the file meant another one.
 * @throws Fault SIGNATURES-UPLOAD-EMPTY, -TYPE, -NAME, faults of inspectUpload and convertDocx; all with path `file`
 */
export async function readDocument(file: UploadedFile): Promise<ReadDocument> {
  const { bytes } = file
  if (bytes.length === 0) throw new Fault('SIGNATURES-UPLOAD-EMPTY', { path: 'file' })
  if (bytes.length > largest)
    throw new Fault('SIGN-UPLOAD-TOO-LARGE', { status: 413, path: 'file', params: { megabytes: largest / 1024 / 1024 } })
  const fileName = plainName(file.name)
  const kind = kindOf(bytes)
  const said = /\.([a-z0-9]{1,8})$/i.exec(fileName)?.[1]?.toLowerCase()
  if (kind === undefined) throw new Fault('SIGNATURES-UPLOAD-TYPE', { path: 'file' })
  if ((said === 'pdf' || said === 'docx' || said === 'docm') && said !== kind && !(said === 'docm' && kind === 'docx'))
    throw new Fault('SIGNATURES-UPLOAD-NAME', { path: 'file', params: { said, kind } })
  const pdf = kind === 'pdf' ? bytes : await convertDocx(bytes)
  const { pages, formFields } = await inspectUpload(pdf, { maximumBytes: largest }).catch((error: unknown): never => {
    throw error instanceof Fault ? atFile(error) : error
  })
  return {
    kind,
    fileName,
    pdf,
    source: kind === 'docx' ? bytes : null,
    pages: pages.map(({ width, height }) => ({ width, height })),
    formFields,
  }
}

/** The form shows a fault beside the field that caused it. */
function atFile(fault: Fault): Fault {
  return new Fault(fault.code, {
    path: 'file',
    params: fault.params,
    status: fault.status,
    details: fault.details.map((detail) => ({ ...detail, path: 'file' })),
    cause: fault,
  })
}

function kindOf(bytes: Buffer): 'pdf' | 'docx' | undefined {
  // ISO 32000-1 readers allow the header within the first 1,024 bytes.
  if (bytes.subarray(0, 1024).includes('%PDF-')) return 'pdf'
  if (bytes.subarray(0, 4).equals(Buffer.from('PK\x03\x04', 'latin1'))) return 'docx'
  // Says in its own words what is wrong with the old format and with encryption.
  return bytes.subarray(0, 4).equals(Buffer.from('d0cf11e0', 'hex')) ? 'docx' : undefined
}

/** The last part of a path, without signs that turn a name round or break a line. */
function plainName(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? ''
  const plain = last.replace(/[\p{Cc}\p{Cf}]/gu, '').trim()
  return plain === '' ? 'document' : plain.slice(-200)
}
