import assert from 'node:assert/strict'
import { loadConfiguration } from '../../config/load.js'
import { createDocuments } from '../../core/documents/create-documents.js'
import type { Documents } from '../../core/documents/documents.js'
import { Fault } from '../../core/i18n/fault.js'
import { addFormFields } from '../../core/signing/formats/pades/forms/add-form-fields.js'
import { drawFieldTexts } from '../../core/signing/formats/pades/forms/draw-field-texts.js'
import { drawInk } from '../../core/signing/formats/pades/forms/draw-ink.js'
import { fillFormFields } from '../../core/signing/formats/pades/forms/fill-form-fields.js'
import type { FieldFill, NewFormField } from '../../core/signing/formats/pades/forms/form-field.js'
import { IncrementalUpdate } from '../../core/signing/formats/pades/incremental-update.js'
import { dictionaryOf, name, textString } from '../../core/signing/formats/pades/object-writer.js'
import { signPdf } from '../../core/signing/formats/pades/sign-pdf.js'
import { typstPdf } from '../../core/signing/test/typst-pdf.js'
import { createVerifiers } from '../../core/validation/create-verifiers.js'
import { PdfDocument } from '../../core/validation/pdf/document.js'
import { PdfName, PdfString, type PdfDictionary, type PdfReference, type PdfValue } from '../../core/validation/pdf/objects.js'
import { formFields } from '../../core/validation/pdf/signature-fields.js'
import { textOf } from '../../core/validation/pdf/text-string.js'
import type { DocumentVerdict } from '../../core/validation/verdict.js'
import { openPadesHouse, otherOpinions, type PadesHouse } from './pades-house.js'

const people = [
  { id: 'employee', name: 'أحمد بن محمد العتيبي', job: 'مهندس برمجيات – Backend' },
  { id: 'manager', name: 'Мария Иванова', job: 'Управител' },
  { id: 'witness', name: 'John Smith', job: 'Legal counsel' },
]
const page =
  '#set page(width: 595pt, height: 842pt)\n#set document(title: "Contract", date: datetime(year: 2026, month: 11, day: 22))\n= Contract\n#lorem(30)'

/** Fields of one signer, in a row of the page of their own. */
function fieldsOf(role: string, row: number): NewFormField[] {
  const y = 560 - row * 170
  const at = (x: number, up: number, width: number, height: number): NewFormField['areas'][number]['rect'] => [x, y + up, width, height]
  return [
    { name: `${role}.name`, kind: 'text', tooltip: 'Name', required: true, areas: [{ page: 1, rect: at(60, 120, 220, 20) }] },
    { name: `${role}.job`, kind: 'multiline', areas: [{ page: 1, rect: at(60, 80, 220, 34) }] },
    {
      name: `${role}.date`,
      kind: 'text',
      areas: [
        { page: 1, rect: at(300, 120, 90, 20) },
        { page: 2, rect: at(300, 120, 90, 20) },
      ],
    },
    { name: `${role}.agrees`, kind: 'checkbox', areas: [{ page: 1, rect: at(300, 90, 14, 14) }] },
    {
      name: `${role}.shift`,
      kind: 'radio',
      options: ['صباحي', 'Evening'],
      areas: [
        { page: 1, rect: at(330, 90, 14, 14), option: 'صباحي' },
        { page: 1, rect: at(350, 90, 14, 14), option: 'Evening' },
      ],
    },
    { name: `${role}.city`, kind: 'choice', options: ['الرياض', 'София', 'Cairo'], areas: [{ page: 1, rect: at(400, 120, 100, 20) }] },
    { name: `${role}.initials`, kind: 'text', areas: [{ page: 2, rect: at(60, 120, 50, 30) }] },
    {
      name: `${role}.signature`,
      kind: 'signature',
      areas: [{ page: 1, rect: at(400, 40, 140, 60) }],
      lock: { action: 'Include', fields: [role, 'company.number'] },
    },
  ]
}

describe('a document that several people fill and sign', function () {
  this.timeout(180_000)
  let house: PadesHouse
  let documents: Documents
  let prepared: Buffer
  const sizes: number[] = []
  before(async () => {
    house = await openPadesHouse()
    documents = createDocuments(loadConfiguration({ environment: {}, overrides: { dataDir: house.folder, documents: { workers: 1 } } }))
    const made = addFormFields(typstPdf(`${page}\n#pagebreak()\nSecond page`), [
      ...people.flatMap(({ id }, row) => fieldsOf(id, row)),
      { name: 'company.number', kind: 'text', areas: [{ page: 1, rect: [400, 760, 140, 20] }] },
      { name: 'company.seal', kind: 'signature', areas: [{ page: 2, rect: [60, 60, 120, 120] }], lock: { action: 'All', fields: [] } },
    ])
    const [number] = await drawFieldTexts(documents, [{ width: 140, height: 20, text: 'HR/2026/001', align: 'end' }])
    assert.ok(number !== undefined)
    prepared = fillFormFields(made, [{ name: 'company.number', value: 'HR/2026/001', pictures: [number] }], new Date())
  })
  after(async () => {
    await documents.close()
    await house.close()
  })
  const verify = (pdf: Buffer): Promise<DocumentVerdict> => createVerifiers().verify('x.pdf', pdf, { trust: [house.root] })

  async function fillsOf({ id, name: person, job }: (typeof people)[number]): Promise<FieldFill[]> {
    const pictures = await drawFieldTexts(documents, [
      { width: 220, height: 20, text: person, align: 'start' },
      { width: 220, height: 34, text: job, align: 'start', multiline: true },
      { width: 90, height: 20, text: '22/11/2026', align: 'center' },
      { width: 100, height: 20, text: 'София', align: 'start' },
    ])
    const initials = await drawInk(documents, { width: 50, height: 30, typed: { text: 'A. O.', font: 'naskh' } })
    const one = (index: number): FieldFill['pictures'] => pictures.slice(index, index + 1)
    return [
      { name: `${id}.name`, value: person, pictures: one(0) },
      { name: `${id}.job`, value: job, pictures: one(1) },
      { name: `${id}.date`, value: '22/11/2026', pictures: one(2) },
      { name: `${id}.city`, value: 'София', pictures: one(3) },
      { name: `${id}.agrees`, value: true },
      { name: `${id}.shift`, value: 'صباحي' },
      { name: `${id}.initials`, value: person, pictures: [initials] },
    ]
  }

  async function sign(pdf: Buffer, person: (typeof people)[number], fill?: readonly FieldFill[]): Promise<Buffer> {
    const width = 140
    const strokes = [
      Array.from({ length: 40 }, (_, at) => ({ x: 20 + at * 7, y: 60 + 40 * Math.sin(at / 4), pressure: 0.5, time: at * 15 })),
    ]
    const ink = await drawInk(documents, {
      width,
      height: 60,
      strokes: { width: 320, height: 140, strokes },
      caption: { name: person.name, signedAt: new Date(), timeZone: 'Asia/Riyadh', locale: 'ar', digits: 'latin' },
    })
    const signed = await signPdf(pdf, {
      signer: await house.signer(person.id),
      signedAt: new Date(),
      timeStamp: house.timeStamp,
      fieldName: `${person.id}.signature`,
      appearance: { pdf: ink },
      fill: fill ?? (await fillsOf(person)),
    })
    return signed.pdf
  }

  it('stays valid for each of them, sealed at level LTA at the end', async () => {
    let head = prepared
    for (const person of people) {
      const next = await sign(head, person)
      assert.equal(next.subarray(0, head.length).equals(head), true)
      sizes.push(next.length - head.length)
      head = next
    }
    const sealed = await signPdf(head, {
      signer: await house.signer('Company seal'),
      signedAt: new Date(),
      timeStamp: house.timeStamp,
      evidence: house.evidence,
      level: 'LTA',
      fieldName: 'company.seal',
    })
    const verdict = await verify(sealed.pdf)
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict))
    assert.equal(verdict.signatures.length, 5)
    assert.ok(verdict.signatures.every((signature) => signature.changes.every((change) => change.allowed)))
    const { pdfsigValid, mutoolIntact, qpdf, words } = otherOpinions(house.folder, sealed.pdf)
    assert.deepEqual({ pdfsigValid, mutoolIntact, qpdf }, { pdfsigValid: 4, mutoolIntact: 4, qpdf: 0 }, words)
    // Real values, not only pictures.
    const values = new Map(formFields(PdfDocument.open(sealed.pdf)).map((field) => [field.name, shown(field.value, sealed.pdf)]))
    assert.equal(values.get('employee.name'), people[0]?.name)
    assert.equal(values.get('manager.city'), 'София')
    assert.equal(values.get('witness.agrees'), '/Yes')
    assert.equal(values.get('witness.shift'), '/0')
    assert.equal(values.get('company.number'), 'HR/2026/001')
    assert.ok(Math.max(...sizes) < 75_000, `a signer adds ${sizes.join(', ')} bytes, 16 kB of it for the signature`)
  })

  describe('keeps what was signed', () => {
    let signed: Buffer
    const [employee, manager] = people
    before(async () => {
      assert.ok(employee !== undefined)
      signed = await sign(prepared, employee)
    })
    const refused =
      (...codes: string[]) =>
      (error: unknown): boolean => {
        assert.ok(error instanceof Fault && codes.includes(error.code), String(error))
        return true
      }
    const judged = async (pdf: Buffer): Promise<string[]> => {
      const verdict = await verify(pdf)
      assert.equal(verdict.verdict, 'failed', JSON.stringify(verdict))
      return (
        verdict.signatures[0]?.changes.filter((change) => !change.allowed).map(({ kind, subject }) => `${kind} ${subject ?? ''}`.trim()) ??
        []
      )
    }
    /** The file with an object changed by somebody who asks nobody. */
    const attack = (change: (document: PdfDocument, update: IncrementalUpdate) => void): Buffer => {
      const document = PdfDocument.open(signed)
      const update = new IncrementalUpdate(document)
      change(document, update)
      return Buffer.concat([signed, update.finish('attack')])
    }
    const fieldNamed = (document: PdfDocument, full: string): { reference: PdfReference; dictionary: PdfDictionary } => {
      const field = formFields(document).find((one) => one.name === full)
      assert.ok(field?.reference !== undefined)
      return { reference: field.reference, dictionary: field.dictionary }
    }

    it('his values are locked: the next signer cannot fill them, nor can anybody else', async () => {
      assert.ok(manager !== undefined)
      const fill: FieldFill[] = [{ name: 'employee.agrees', value: false }]
      await assert.rejects(sign(signed, manager, fill), refused('SIGN-PDF-FIELD-LOCKED'))
      assert.throws(() => fillFormFields(signed, [{ name: 'company.number', value: '' }], new Date()), refused('SIGN-PDF-FIELD-LOCKED'))
      const pdf = attack((document, update) => {
        const { reference, dictionary } = fieldNamed(document, 'employee.agrees')
        update.put(reference, new Map<string, PdfValue>([...dictionary, ['V', name('Off')], ['AS', name('Off')]]))
      })
      assert.deepEqual(await judged(pdf), ['form-fill employee.agrees'])
    })

    it('a widget that moved is no filling', async () => {
      const pdf = attack((document, update) => {
        const { reference, dictionary } = fieldNamed(document, 'manager.name')
        update.put(reference, new Map<string, PdfValue>([...dictionary, ['Rect', [60, 700, 280, 720]]]))
      })
      assert.ok((await judged(pdf)).length > 0)
    })

    it('other words on the page are no filling', async () => {
      const pdf = attack((document, update) => {
        const [first] = document.pages()
        assert.ok(first !== undefined)
        const content = update.reserve()
        update.putStream(content, dictionaryOf({}), Buffer.from('BT ET'))
        update.put(first.reference, new Map<string, PdfValue>([...first.page, ['Contents', content]]))
      })
      assert.ok((await judged(pdf)).includes('page-content 1'))
    })

    it('a picture that says another name than the value is refused, in Arabic, Bulgarian and English', async () => {
      for (const [value, drawn] of [
        ['مائة ريال', 'ألف ريال'],
        ['сто лева', 'хиляда лева'],
        ['100', '900'],
      ] as const) {
        const [picture] = await drawFieldTexts(documents, [{ width: 220, height: 20, text: drawn, align: 'start' }])
        const [honest] = await drawFieldTexts(documents, [{ width: 220, height: 20, text: value, align: 'start' }])
        assert.ok(picture !== undefined && honest !== undefined)
        const good = fillFormFields(signed, [{ name: 'manager.name', value, pictures: [honest] }], new Date())
        assert.equal((await verify(good)).verdict, 'passed')
        assert.throws(
          () => fillFormFields(signed, [{ name: 'manager.name', value, pictures: [picture] }], new Date()),
          refused('SIGN-PDF-BREAKS-SIGNATURE'),
          value,
        )
      }
    })

    it('a picture drawn anew for a value that stays is refused', async () => {
      const pdf = attack((document, update) => {
        const { reference, dictionary } = fieldNamed(document, 'manager.job')
        const form = update.reserve()
        update.putStream(
          form,
          dictionaryOf({ Type: name('XObject'), Subtype: name('Form'), BBox: [0, 0, 220, 34] }),
          Buffer.from('0 0 220 34 re f'),
        )
        update.put(reference, new Map<string, PdfValue>([...dictionary, ['AP', dictionaryOf({ N: form })]]))
      })
      assert.deepEqual(await judged(pdf), ['field-appearance manager.job'])
    })

    it('a box made to look checked while its value says no is refused', async () => {
      const pdf = attack((document, update) => {
        const { reference, dictionary } = fieldNamed(document, 'manager.agrees')
        update.put(reference, new Map<string, PdfValue>([...dictionary, ['AS', name('Yes')]]))
      })
      assert.deepEqual(await judged(pdf), ['field-appearance manager.agrees'])
    })

    it('a value typed into a field without drawing it is no silent change', async () => {
      const pdf = attack((document, update) => {
        const { reference, dictionary } = fieldNamed(document, 'manager.name')
        update.put(reference, new Map<string, PdfValue>([...dictionary, ['V', textString('Somebody')]]))
      })
      const verdict = await verify(pdf)
      assert.ok(
        verdict.signatures[0]?.findings.some(({ code }) => code === 'VERIFY-FIELD-SHOWS-OTHER') === true || verdict.verdict === 'failed',
      )
    })
  })
})

function shown(value: PdfValue | undefined, pdf: Buffer): string | undefined {
  const resolved = PdfDocument.open(pdf).resolve(value)
  return resolved instanceof PdfString ? textOf(resolved) : resolved instanceof PdfName ? `/${resolved.value}` : undefined
}
