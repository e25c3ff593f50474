import assert from 'node:assert/strict'
import { addDocumentTimeStamp } from '../../core/signing/formats/pades/document-time-stamp.js'
import { signPdf } from '../../core/signing/formats/pades/sign-pdf.js'
import { pageSource, stampSource, typstPdf } from '../../core/signing/test/typst-pdf.js'
import { createVerifiers } from '../../core/validation/create-verifiers.js'
import { PdfDocument } from '../../core/validation/pdf/document.js'
import { drawnIn } from '../../core/validation/pdf/drawn.js'
import { signatureFields } from '../../core/validation/pdf/signature-fields.js'
import { append, dictionaryWith, streamBody, type Section } from '../../core/validation/test/pdf-forgery.js'
import { contractForm } from '../../core/validation/test/pdf-form.js'
import { openPadesHouse, type PadesHouse } from '../contract/pades-house.js'
import { Dice, mutantOf } from './pdf-mutants.js'
import { timeSpent } from '../helpers/time-spent.js'

const full = process.env.KHATM_FULL === '1'
const mutants = full ? 10_000 : 500
const appended = full ? 2_000 : 150
const longest = 2_000
const mostMemory = 512 * 1024 * 1024

describe('PDF verifier against mutants', function () {
  this.timeout(full ? 1_800_000 : 180_000)
  const verifiers = createVerifiers()
  let house: PadesHouse
  let files: Buffer[]
  before(async () => {
    house = await openPadesHouse()
    const signer = await house.signer('Seal')
    const { timeStamp, evidence } = house
    const page = typstPdf(pageSource)
    const appearance = { page: 1, rect: [220, 30, 140, 60], pdf: typstPdf(stampSource, '1.7') } as const
    const common = { signer, signedAt: new Date(), timeStamp, evidence }
    const sealed = (await signPdf(page, { ...common, level: 'B', certify: 2, appearance })).pdf
    const twice = (await signPdf(sealed, { ...common, level: 'T' })).pdf
    const form = (await signPdf(contractForm(), { ...common, level: 'B', fieldName: 'seller' })).pdf
    files = [
      sealed,
      twice,
      (await signPdf(page, { ...common, level: 'LT' })).pdf,
      (await signPdf(page, { ...common, level: 'LTA', certify: 1 })).pdf,
      (await addDocumentTimeStamp((await signPdf(form, { ...common, level: 'B', fieldName: 'buyer' })).pdf, { timeStamp })).pdf,
    ]
    for (const file of files) assert.equal((await verifiers.verify('file', file, { trust: [house.root] })).verdict, 'passed')
  })
  after(() => house.close())

  it(`${mutants} mutants: no crash, none slow, none passes but a file that is whole`, async () => {
    const states = files.flatMap((file) => endsOf(file).map((end) => normalized(file.subarray(0, end))))
    const known = new Set(states)
    const signed = files.map((file) => ({ file, gap: lastGap(file), shown: shownBy(file) }))
    const base = process.memoryUsage().rss
    let slowest = 0
    let most = 0
    let judged = 0
    for (let number = 0; number < mutants; number++) {
      const { pdf, how } = mutantOf(files, number)
      const clock = timeSpent()
      const verdict = await verifiers.verify('mutant.pdf', pdf, { trust: [house.root] })
      const spent = clock()
      slowest = Math.max(slowest, spent)
      assert.ok(spent < longest, `${how}: ${Math.round(spent)} ms`)
      if (number % 50 === 0) most = Math.max(most, process.memoryUsage().rss)
      // A mutation may do nothing, or leave exactly an earlier state of the file, which passed then and passes now.
      if (known.has(normalized(pdf))) continue
      judged++
      const whole = signed.find(({ file, gap }) => sameSignedBytes(file, pdf, gap))
      // In the gap lies the signature, behind the last signed byte what is allowed to change: what is shown stays what it was.
      if (whole === undefined) assert.notEqual(verdict.verdict, 'passed', how)
      else if (verdict.verdict === 'passed') assert.deepEqual(shownBy(pdf), whole.shown, how)
      assert.ok(['passed', 'indeterminate', 'failed'].includes(verdict.verdict))
    }
    assert.ok(most - base < mostMemory && most < 2 * mostMemory, `${Math.round(most / 1024 / 1024)} MB`)
    assert.ok(judged > mutants / 2, `${judged} judged`)
    if (full)
      console.log(
        `      ${mutants} mutants, ${judged} of them changed, slowest ${Math.round(slowest)} ms, ${Math.round(most / 1048576)} MB`,
      )
  })

  it(`${appended} saves appended at random: what changes the document never passes`, async () => {
    let passed = 0
    for (let number = 0; number < appended; number++) {
      const dice = new Dice(number * 31 + 7)
      const file = files[number % files.length] ?? Buffer.alloc(0)
      const { section, harmless, how } = randomSave(PdfDocument.open(file), dice)
      const verdict = await verifiers.verify('saved.pdf', append(file, section), { trust: [house.root] })
      if (harmless) passed += verdict.verdict === 'passed' ? 1 : 0
      else assert.equal(verdict.verdict, 'failed', `${number}: ${how}`)
    }
    assert.ok(passed > 0, 'a save that changes nothing passes')
  })
})

/** The case of hexadecimal digits and space behind the end are the same file to everybody. */
function normalized(pdf: Buffer): string {
  return pdf
    .toString('latin1')
    .replace(/(\/Contents <)([0-9a-fA-F]+)>/g, (_, key: string, hex: string) => `${key}${hex.toLowerCase()}>`)
    .replace(/[\0\s]+$/, '')
}

function endsOf(pdf: Buffer): number[] {
  return [...pdf.toString('latin1').matchAll(/%%EOF/g)].map((match) => match.index + 5)
}

interface Gap {
  readonly start: number
  readonly end: number
  /** Where the signed bytes end. */
  readonly last: number
}

/** What the last signature of a file leaves out. */
function lastGap(pdf: Buffer): Gap {
  const gaps = signatureFields(PdfDocument.open(pdf)).map(({ signature }) => {
    const range = signature.get('ByteRange')
    const [, start = 0, end = 0, length = 0] = Array.isArray(range) ? range.map(Number) : []
    return { start, end, last: end + length }
  })
  return gaps.sort((left, right) => right.last - left.last)[0] ?? { start: 0, end: 0, last: 0 }
}

function sameSignedBytes(file: Buffer, mutant: Buffer, { start, end, last }: Gap): boolean {
  return file.subarray(0, start).equals(mutant.subarray(0, start)) && file.subarray(end, last).equals(mutant.subarray(end, last))
}

/** Pages with their contents and the pictures on them. */
function shownBy(pdf: Buffer): unknown {
  const document = PdfDocument.open(pdf)
  return [...drawnIn(document)].sort((left, right) => left - right).map((number) => [number, document.object(number)])
}

/** A save that puts something over an object, or changes nothing. */
function randomSave(document: PdfDocument, dice: Dice): { section: Section; harmless: boolean; how: string } {
  const { size } = document
  const numbers = [...document.entries.keys()].filter((number) => isShown(document, number))
  const number = numbers[dice.below(numbers.length)] ?? 0
  const value = document.object(number)
  const xref = dice.below(2) === 0 ? 'table' : 'stream'
  switch (dice.below(5)) {
    case 0:
      return { section: { objects: { [size]: '(nothing refers to this)' }, xref }, harmless: true, how: 'an object of nobody' }
    case 1:
      return { section: { free: [number], xref }, harmless: false, how: `object ${number} free` }
    case 2:
      return { section: { objects: { [number]: streamBody('0 0 400 300 re f') }, xref }, harmless: false, how: `object ${number} a stream` }
    case 3:
      return {
        section: { objects: { [number]: value instanceof Map ? dictionaryWith(value, { Evil: '(x)' }) : '<</Evil (x)>>' }, xref },
        harmless: false,
        how: `object ${number} with one entry more`,
      }
    default: {
      const [first] = document.pages()
      const contents = streamBody('BT 50 150 Td (TOTAL 9,999) Tj ET')
      const page = dictionaryWith(first?.page ?? new Map(), { Contents: `${size} 0 R` })
      return {
        section: { objects: { [first?.reference.number ?? 0]: page, [size]: contents }, xref },
        harmless: false,
        how: 'other contents',
      }
    }
  }
}

/** Objects a document shows or rests on, but those a later save may bring up to date. */
function isShown(document: PdfDocument, number: number): boolean {
  const pages = document.pages()
  if (pages.some(({ reference }) => reference.number === number)) return true
  if (signatureFields(document).some((field) => field.signatureNumber === number || field.reference?.number === number)) return true
  const contents = pages.map(({ page }) => page.get('Contents'))
  return (
    document.catalogReference.number === number || contents.some((one) => one instanceof Object && 'number' in one && one.number === number)
  )
}
