import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PDFDocument, PDFName } from 'pdf-lib'
import type { CompanyContext } from '../../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../../core/db/database.js'
import type { Host } from '../../../../../core/host/module.js'
import { startTestHost, type TestHost, type TestHostOptions } from '../../../../../test/helpers/test-host.js'
import { startSandbox, type Sandbox } from '../../../../sandbox/index.js'
import { drawDesign, readDesignInput, saveDesign } from '../../../../seal/index.js'
import type { ConsentFacts } from '../../../models/consent.js'
import { templateField, type FieldValues, type TemplateFieldInput } from '../../../models/field.js'
import { templateRole, type TemplateRoleInput } from '../../../models/role.js'
import type { RequestInput, RequestSigner, SignerInput, SignRequest } from '../../../models/request.js'
import { insertTemplate } from '../../../templates/create-template.js'
import { readRequest } from '../../request-rows.js'
import { createRequest } from '../../requests/create-request.js'
import { sendRequest } from '../../requests/send-request.js'
import { moveSigner } from '../../requests/states.js'
import { submitSigner } from '../submit.js'

export const said = (command: string, ...args: string[]): string => {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  return stdout + stderr
}

export const consent: ConsentFacts = {
  law: 'eu-eidas',
  version: '2026-01-01',
  locale: 'en',
  sha256: '0'.repeat(64),
  text: 'I agree to sign this document electronically.',
  at: '2026-11-22T10:00:00.000Z',
  accessProven: false,
}

const area = (page: number, x: number, y: number, width = 0.3, height = 0.06): TemplateFieldInput['areas'][number] => ({
  page,
  x,
  y,
  width,
  height,
})

export const roles: readonly TemplateRoleInput[] = [
  { id: 'employee', name: 'الموظف' },
  { id: 'employer', name: 'Employer' },
]

export const fields: readonly TemplateFieldInput[] = [
  { id: 'sign', type: 'signature', role: 'employee', areas: [area(1, 0.1, 0.8)] },
  { id: 'start', type: 'initials', role: 'employee', areas: [area(1, 0.1, 0.9, 0.1), area(2, 0.1, 0.9, 0.1)] },
  { id: 'address', type: 'multiline', role: 'employee', label: 'العنوان', areas: [area(1, 0.1, 0.3, 0.4, 0.1)] },
  { id: 'iban', type: 'text', role: 'employee', label: 'IBAN', areas: [area(1, 0.1, 0.45)], validation: { pattern: 'iban' } },
  { id: 'first-day', type: 'date', role: 'employee', label: 'First day', areas: [area(1, 0.5, 0.45)] },
  { id: 'pension', type: 'checkbox', role: 'employee', required: false, areas: [area(1, 0.1, 0.55, 0.03, 0.02)] },
  {
    id: 'fund',
    type: 'text',
    role: 'employee',
    label: 'Fund',
    areas: [area(1, 0.2, 0.55)],
    conditions: [{ field: 'pension', operator: 'checked' }],
  },
  {
    id: 'shift',
    type: 'radio',
    role: 'employee',
    options: ['day', 'night'],
    areas: [
      { ...area(1, 0.1, 0.6, 0.03, 0.02), option: 'day' },
      { ...area(1, 0.2, 0.6, 0.03, 0.02), option: 'night' },
    ],
  },
  { id: 'sign-2', type: 'signature', role: 'employer', areas: [area(1, 0.55, 0.8)] },
  {
    id: 'salary',
    type: 'number',
    role: 'employer',
    label: 'Salary',
    areas: [area(1, 0.55, 0.3)],
    validation: { decimals: 2, minimum: '0' },
  },
  { id: 'stamp', type: 'stamp', role: 'company', areas: [area(2, 0.6, 0.7, 0.25, 0.2)] },
]

/** What an employee gives, but for the drawing. */
export const employeeValues: FieldValues = {
  address: 'شارع الأمير سلطان ١٢\nالرياض 12345',
  iban: 'SA0380000000608010167519',
  'first-day': '2026-12-01',
  shift: 'night',
}

/** A document of pages that weigh as much as asked for (noise that no filter makes smaller). */
export async function documentOf(pages: number, bytes = 0): Promise<Buffer> {
  const document = await PDFDocument.create()
  for (let number = 0; number < pages; number++)
    document.addPage([595, 842]).drawText(`Page ${String(number + 1)}`, { x: 60, y: 780, size: 18 })
  if (bytes > 0) {
    const noise = Buffer.alloc(bytes)
    let state = 12345
    for (let index = 0; index < bytes; index++) {
      state = (state * 1103515245 + 12345) & 0x7fffffff
      noise[index] = state >> 16
    }
    const picture = document.context.register(document.context.stream(noise, { Type: 'XObject', Subtype: 'Form', BBox: [0, 0, 1, 1] }))
    document.getPage(0).node.set(PDFName.of('Weight'), picture)
  }
  return Buffer.from(await document.save({ useObjectStreams: false }))
}

/** A host with sandbox authorities, a company with a seal, a contract of two people. */
export class SigningHouse {
  private constructor(
    readonly folder: string,
    readonly sandbox: Sandbox,
    readonly running: TestHost,
    readonly context: CompanyContext,
    readonly sealKeyId: string,
  ) {}

  /** With `remoteKeys` the host knows the sandbox's remote signing service as `qtsp`. */
  static async open({ remoteKeys = false, ...options }: TestHostOptions & { readonly remoteKeys?: boolean } = {}): Promise<SigningHouse> {
    const folder = mkdtempSync(join(tmpdir(), 'khatm-signing-'))
    const sandbox = await startSandbox({ dataDir: join(folder, 'sandbox') })
    const secret = join(folder, 'client-secret')
    writeFileSync(secret, sandbox.csc.clientSecret)
    const { clientId, url } = sandbox.csc
    const files = { clientSecretFile: secret, authorityFile: null, certificateFile: null, keyFile: null, pinFile: null }
    const csc = remoteKeys ? [{ name: 'qtsp', url: `${url}/v2`, version: '2' as const, clientId, ...files }] : []
    const running = await startTestHost({
      ...options,
      config: {
        publicUrl: 'http://127.0.0.1:1',
        smtp: { host: sandbox.smtp.host, port: sandbox.smtp.port, secure: false, user: null, password: null, from: 'khatm@example.test' },
        allowedPrivateOrigins: [new URL(sandbox.url).origin],
        sandbox: { url: sandbox.url, trustAnchors: [sandbox.caCertificate.toString('base64')] },
        ...options.config,
        signing: { timeStampUrl: sandbox.timeStampUrl, csc, ...options.config?.signing },
      },
    })
    const context = await running.company()
    const { host } = running
    await host.modules.enable(context, 'signatures')
    const key = await host.db.company(context.companyId, (transaction) =>
      host.signing.generateKey(transaction, context, { name: 'Seal', algorithm: 'ec-p256', purposes: ['seal-document'] }),
    )
    const chain = await sandbox.issueCertificate({ spki: key.publicKey, subject: { C: 'SA', CN: 'شركة المثال التجارية' }, profile: 'seal' })
    const design = readDesignInput({ name: 'Seal', nameAr: 'شركة المثال التجارية', nameLatin: 'Example Trading', keyId: key.id })
    const svg = await drawDesign(host, design)
    await host.db.company(context.companyId, async (transaction) => {
      await host.signing.installCertificates(transaction, context, key.id, chain)
      await saveDesign(host, context, transaction, null, design, svg)
    })
    return new SigningHouse(folder, sandbox, running, context, key.id)
  }

  get host(): Host {
    return this.running.host
  }

  async close(): Promise<void> {
    await this.running.stop()
    await this.sandbox.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  company<Result>(work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result> {
    return this.host.db.company(this.context.companyId, work)
  }

  /** A template of a PDF with those fields; answers its id. */
  async template(pdf: Buffer, pages: number, wanted = fields, people = roles): Promise<string> {
    return this.company(async (transaction) => {
      const { sha256 } = await this.host.files.put(transaction, pdf, 'application/pdf')
      return insertTemplate(
        this.host,
        transaction,
        this.context,
        { name: 'عقد عمل', locale: 'ar' },
        {
          content: { kind: 'pdf', fileName: 'contract.pdf' },
          pdfSha256: sha256,
          pages: Array.from({ length: pages }, () => ({ width: 595, height: 842 })),
          roles: people.map((role) => templateRole.parse(role)),
          fields: wanted.map((field) => templateField.parse(field)),
        },
      )
    })
  }

  /** A request that is sent, with everybody's identity proven. */
  async sent(templateId: string, people: readonly SignerInput[] = usualPeople, more: Partial<RequestInput> = {}): Promise<SignRequest> {
    const id = await this.company((transaction) =>
      createRequest(this.host, transaction, this.context, { templateId, signers: [...people], ...more }),
    )
    await sendRequest(this.host, this.context, id)
    return this.verify(id)
  }

  /** Those who are asked prove who they are. */
  async verify(requestId: string): Promise<SignRequest> {
    return this.company(async (transaction) => {
      const request = await readRequest(transaction, requestId, { lock: true })
      for (const signer of request.signers)
        if (signer.state === 'sent' && signer.action !== 'copy')
          await moveSigner(transaction, signer, 'verified', { verified_at: this.host.now() })
      return readRequest(transaction, requestId)
    })
  }

  read(id: string): Promise<SignRequest> {
    return this.company((transaction) => readRequest(transaction, id))
  }

  async file(sha256: string | null): Promise<Buffer> {
    assert.ok(sha256)
    return (await this.company((transaction) => this.host.files.get(transaction, sha256))).bytes
  }

  signer(request: SignRequest, role: string): RequestSigner {
    const signer = request.signers.find((one) => one.role === role)
    assert.ok(signer)
    return signer
  }

  /** A drawing of the signer, as the page stores it: a picture from the points. */
  async capture(signerId: string, purpose: 'signature' | 'initials' = 'signature'): Promise<{ capture: string }> {
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100"><path d="M10 80 C 60 0, 90 120, 150 50 S 250 20, 290 70" fill="none" stroke="#123" stroke-width="4"/></svg>',
    )
    const id = randomUUID()
    await this.company(async (transaction) => {
      const { sha256 } = await this.host.files.put(transaction, svg, 'image/svg+xml')
      await transaction.knex('signatures_capture').insert({
        company_id: transaction.companyId,
        id,
        signer_id: signerId,
        purpose,
        kind: 'drawn',
        picture_sha256: sha256,
        picture_type: 'image/svg+xml',
        width: 300,
        height: 100,
        created_at: this.host.now(),
      })
    })
    return { capture: id }
  }

  /** The signer's part, with everything he is asked for. */
  async submit(request: SignRequest, role: string, changes: FieldValues = {}, user?: CompanyContext): Promise<RequestSigner> {
    const signer = this.signer(request, role)
    const ink = await this.capture(signer.id)
    const values: FieldValues =
      role === 'employee'
        ? { ...employeeValues, sign: ink, start: await this.capture(signer.id, 'initials') }
        : { salary: '12500.50', 'sign-2': ink }
    return submitSigner(this.host, this.context, {
      requestId: request.id,
      signerId: signer.id,
      values: { ...values, ...changes },
      origin: { ip: '192.0.2.7', userAgent: 'test', timeZone: 'Asia/Riyadh' },
      consent,
      ...(user === undefined ? {} : { user }),
    })
  }

  /** Writes a file where programs that are not ours find it. */
  write(name: string, bytes: Buffer): string {
    const path = join(this.folder, name)
    writeFileSync(path, bytes)
    return path
  }
}

export const usualPeople: readonly SignerInput[] = [
  { role: 'employee', name: 'فاطمة بنت علي', email: 'fatima@example.test', locale: 'ar' },
  { role: 'employer', name: 'Ivan Petrov', email: 'ivan@example.test', locale: 'en' },
]
