import { readFileSync, writeFileSync } from 'node:fs'
import { loadConfiguration } from '../../config/load.js'
import { createDocuments } from '../../core/documents/create-documents.js'
import { addFormFields } from '../../core/signing/formats/pades/forms/add-form-fields.js'
import { drawFieldTexts } from '../../core/signing/formats/pades/forms/draw-field-texts.js'
import { fillFormFields } from '../../core/signing/formats/pades/forms/fill-form-fields.js'
import type { NewFormField } from '../../core/signing/formats/pades/forms/form-field.js'
import { inspectUpload } from '../../core/signing/formats/pades/forms/inspect-upload.js'
import { signPdf } from '../../core/signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../core/signing/test/test-authority.js'
import { localEvidence, localTimeStamps } from './local-authorities.js'

/** A process of its own that prepares, fills and signs one file, and tells its times and the most memory it ever had. */
const [, , input = '', output = '', folder = ''] = process.argv
const root = issueCertificate({ commonName: 'Root', ca: true })
const signer = signerOf(issueCertificate({ commonName: 'Signer', algorithm: 'rsa-2048', issuer: root }), [root])
const documents = createDocuments(loadConfiguration({ environment: {}, overrides: { dataDir: folder, documents: { workers: 1 } } }))
const texts = ['sender', 'signer'].map((role) =>
  Array.from({ length: 20 }, (_, index) => ({
    name: `${role}.field${index}`,
    value: index % 2 === 0 ? `أحمد بن محمد ${index}` : `Field ${index} Поле`,
  })),
)
const fields: NewFormField[] = texts.flatMap((list, column) =>
  list.map(({ name }, index) => ({ name, kind: 'text', areas: [{ page: 1 + index * 5, rect: [60 + column * 240, 40, 200, 20] }] })),
)
fields.push({ name: 'signer.signature', kind: 'signature', areas: [{ page: 100, rect: [60, 80, 200, 60] }] })
const [first = [], second = []] = await Promise.all(
  texts.map(async (list) => {
    const pictures = await drawFieldTexts(
      documents,
      list.map(({ value }) => ({ width: 200, height: 20, text: value, align: 'start' })),
    )
    return list.map((one, index) => ({ ...one, pictures: pictures.slice(index, index + 1) }))
  }),
)
const times: Record<string, number> = {}
async function timed<Result>(name: string, work: () => Result | Promise<Result>): Promise<Result> {
  const started = performance.now()
  const result = await work()
  times[name] = performance.now() - started
  return result
}
const pdf = readFileSync(input)
await timed('start', () => inspectUpload(pdf.subarray(0, 10)).catch(() => undefined))
const upload = await timed('inspect', () => inspectUpload(pdf))
const prepared = await timed('prepare', () => fillFormFields(addFormFields(pdf, fields), first, new Date('2026-11-22T10:00:00Z')))
const signed = await timed('sign', () =>
  signPdf(prepared, {
    signer,
    signedAt: new Date('2026-11-22T10:30:00Z'),
    level: 'LT',
    timeStamp: localTimeStamps(root),
    evidence: localEvidence(root),
    fieldName: 'signer.signature',
    fill: second,
  }),
)
const again = await timed('fields', () =>
  signPdf(prepared, { signer, signedAt: new Date('2026-11-22T10:30:00Z'), fieldName: 'signer.signature', fill: second }),
)
const plain = await signPdf(prepared, { signer, signedAt: new Date('2026-11-22T10:30:00Z'), fieldName: 'signer.signature' })
const megabytes = process.resourceUsage().maxRSS / 1024
writeFileSync(output, signed.pdf)
process.stdout.write(JSON.stringify({ ...times, megabytes, pages: upload.pages.length, added: again.pdf.length - plain.pdf.length }))
await documents.close()
