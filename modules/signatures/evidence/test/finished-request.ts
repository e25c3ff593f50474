import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { CompanyContext } from '../../../../core/access/context.js'
import type { Locale } from '../../../../core/i18n/locale.js'
import { configuredTimeStamp } from '../../../../core/signing/configured-authorities.js'
import { addSignatureFields } from '../../../../core/signing/formats/pades/add-signature-fields.js'
import { signPdf } from '../../../../core/signing/formats/pades/sign-pdf.js'
import { typstPdf } from '../../../../core/signing/test/typst-pdf.js'
import { startTestHost, type TestHost } from '../../../../test/helpers/test-host.js'
import { temporaryFolder } from '../../../../test/helpers/temporary-folder.js'
import { startSandbox, type Sandbox } from '../../../sandbox/index.js'
import { applySeal, drawDesign, readDesignInput, saveDesign } from '../../../seal/index.js'
import type { RequestEvent, RequestEventType } from '../../models/event.js'
import type { SignRequest } from '../../models/request.js'
import { readEvents, recordEvent } from '../../services/events.js'
import { readRequest } from '../../services/request-rows.js'
import { oneUseSigner } from '../../services/signing/one-use-signer.js'

export interface EvidenceHouse {
  readonly host: TestHost
  readonly sandbox: Sandbox
  readonly folder: string
  readonly context: CompanyContext
  /** Sets the clock of the host forward. */
  at(time: Date | undefined): void
  stop(): Promise<void>
}

/** A host with the sandbox's authorities and a company whose seal has a certificate of theirs. */
export async function evidenceHouse(level: 'B' | 'T' | 'LT' | 'LTA' = 'LTA'): Promise<EvidenceHouse> {
  const folder = await temporaryFolder()
  const sandbox = await startSandbox({ dataDir: join(folder.path, 'sandbox'), port: 0, smtpPort: 0 })
  let clock: Date | undefined
  const host = await startTestHost({
    now: () => clock ?? new Date(),
    config: {
      publicUrl: 'https://sign.example.com',
      signing: { timeStampUrl: level === 'B' ? null : sandbox.timeStampUrl },
      allowedPrivateOrigins: [new URL(sandbox.url).origin],
      sandbox: { url: sandbox.url, trustAnchors: [sandbox.caCertificate.toString('base64')] },
    },
  })
  const context = await host.company({ timeZone: 'Asia/Riyadh' })
  await host.host.modules.enable(context, 'signatures')
  const { signing } = host.host
  const keyId = await host.host.db.company(context.companyId, async (transaction) => {
    const key = await signing.generateKey(transaction, context, { name: 'Seal', algorithm: 'ec-p256', purposes: ['seal-document'] })
    const csrPem = await signing.certificateRequest(transaction, context, key.id, {
      name: [
        { type: 'O', value: 'Example Trading Company' },
        { type: 'CN', value: 'Example Trading Company – seal' },
      ],
      extensions: [],
    })
    await signing.installCertificates(transaction, context, key.id, await sandbox.issueCertificate({ csrPem, profile: 'seal' }))
    await host.host.settings.set(transaction, context, 'seal', { level })
    return key.id
  })
  const design = readDesignInput({ name: 'ختم الشركة', nameAr: 'شركة المثال التجارية', nameLatin: 'Example Trading Company', keyId })
  const svg = await drawDesign(host.host, design)
  await host.host.db.company(context.companyId, (transaction) => saveDesign(host.host, context, transaction, null, design, svg))
  return {
    host,
    sandbox,
    folder: folder.path,
    context,
    at(time) {
      clock = time
    },
    async stop() {
      await host.stop()
      await sandbox.close()
      await folder.remove()
    },
  }
}

const drawing =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100"><path d="M10 70 C 40 10, 60 10, 70 60 S 110 90, 130 40 S 170 20, 190 60 S 240 80, 290 30" fill="none" stroke="#101c3c" stroke-width="4" stroke-linecap="round"/></svg>'

export interface FinishedRequest {
  readonly request: SignRequest
  readonly events: readonly RequestEvent[]
  readonly original: Buffer
  readonly sealed: Buffer
  readonly attachment: { readonly bytes: Buffer; readonly sha256: string }
}

interface Person {
  readonly role: string
  readonly name: string
  readonly email: string
  readonly phone: string | null
  readonly capture: 'drawn' | 'typed'
}

const people: Readonly<Record<Locale, readonly Person[]>> = {
  ar: [
    { role: 'employee', name: 'سارة بنت عبد الله الحربي', email: 'sara@example.com', phone: '+966501234567', capture: 'drawn' },
    { role: 'manager', name: 'محمد العتيبي', email: 'm.otaibi@example.com', phone: null, capture: 'typed' },
  ],
  en: [
    { role: 'employee', name: 'Jane Example', email: 'jane@example.com', phone: '+15550100200', capture: 'drawn' },
    { role: 'manager', name: 'John Manager', email: 'john@example.com', phone: null, capture: 'typed' },
  ],
  bg: [
    { role: 'employee', name: 'Мария Петрова', email: 'maria@example.com', phone: '+359881234567', capture: 'drawn' },
    { role: 'manager', name: 'Иван Георгиев', email: 'ivan@example.com', phone: null, capture: 'typed' },
  ],
}

const names: Readonly<Record<Locale, string>> = {
  ar: 'عقد عمل – سارة الحربي',
  en: 'Employment contract – Jane Example',
  bg: 'Трудов договор – Мария Петрова',
}

let count = 0

/** A request that two people signed and the company sealed, as it stands in the database; the signatures are real ones. */
export async function finishedRequest(
  house: EvidenceHouse,
  options: { readonly locale?: Locale; readonly source?: string } = {},
): Promise<FinishedRequest> {
  const { context, host: running } = house
  const { host } = running
  const { companyId } = context
  const locale = options.locale ?? 'en'
  count += 1
  const number = `SIGN/2026/${String(count).padStart(5, '0')}`
  const id = randomUUID()
  const signers = people[locale].map((person, position) => ({
    ...person,
    id: randomUUID(),
    capture: person.capture,
    captureId: randomUUID(),
    position,
  }))
  const approver = { id: randomUUID(), role: 'legal', name: 'Legal department', email: 'legal@example.com' }
  const original = typstPdf(options.source ?? '= Contract\n\nThe parties agree.\n#v(8cm)')
  const frozen = addSignatureFields(
    original,
    signers.map((signer, index) => ({ name: `${signer.role}.signature`, page: 1, rect: [60 + index * 220, 120, 180, 60] as const })),
  )
  const origin = {
    ip: '203.0.113.7',
    userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Mobile',
    timeZone: 'Asia/Riyadh',
  }
  const now = host.now()
  const attachmentBytes = Buffer.from('%PDF-1.7 scan of an identity card, practice data\n')
  const stored = await host.db.company(companyId, async (transaction) => {
    const { knex } = transaction
    const [originalFile, frozenFile, picture, attachment] = await host.files.putMany(transaction, [
      { bytes: original, mediaType: 'application/pdf' },
      { bytes: frozen, mediaType: 'application/pdf' },
      { bytes: Buffer.from(drawing), mediaType: 'image/svg+xml' },
      { bytes: attachmentBytes, mediaType: 'application/pdf' },
    ])
    if (originalFile === undefined || frozenFile === undefined || picture === undefined || attachment === undefined)
      throw new Error('files')
    const [templateId, versionId] = [randomUUID(), randomUUID()]
    await knex('signatures_template').insert({
      company_id: companyId,
      id: templateId,
      name: names[locale],
      locale,
      created_at: now,
      updated_at: now,
    })
    await knex('signatures_template_version').insert({
      company_id: companyId,
      id: versionId,
      template_id: templateId,
      number: 1,
      content: '{"kind":"file"}',
      created_by_name: 'Example',
      created_at: now,
    })
    const field = (role: string, fieldId: string, type: string): object => ({
      id: fieldId,
      type,
      role,
      areas: [{ page: 1, x: 0.1, y: 0.8, width: 0.3, height: 0.07 }],
      conditions: [],
      label: '',
      required: true,
    })
    await knex('signatures_request').insert({
      company_id: companyId,
      id,
      number,
      name: names[locale],
      state: 'sent',
      template_id: templateId,
      template_version_id: versionId,
      roles: JSON.stringify([
        {
          id: 'employee',
          name: { ar: 'الموظفة', en: 'Employee', bg: 'Служител' }[locale],
          action: 'sign',
          group: 1,
          level: 'simple',
          authentication: ['email-code'],
        },
        {
          id: 'manager',
          name: { ar: 'المدير', en: 'Manager', bg: 'Управител' }[locale],
          action: 'sign',
          group: 2,
          level: 'advanced',
          authentication: ['email-code', 'pin'],
        },
        {
          id: 'legal',
          name: { ar: 'الإدارة القانونية', en: 'Legal', bg: 'Правен отдел' }[locale],
          action: 'approve',
          group: 1,
          level: 'simple',
          authentication: ['email-code'],
        },
      ]),
      fields: JSON.stringify([
        field('employee', 'sig-1', 'signature'),
        field('manager', 'sig-2', 'signature'),
        field('employee', 'id-copy', 'attachment'),
      ]),
      pages: JSON.stringify([{ width: 595, height: 842 }]),
      locale,
      original_sha256: originalFile.sha256,
      frozen_sha256: frozenFile.sha256,
      head_sha256: frozenFile.sha256,
      created_by_name: { ar: 'ليلى الموارد البشرية', en: 'Laila HR', bg: 'Лейла ЧР' }[locale],
      created_at: now,
      updated_at: now,
      sent_at: now,
    })
    for (const signer of signers) {
      await knex('signatures_signer').insert({
        company_id: companyId,
        id: signer.id,
        request_id: id,
        role: signer.role,
        action: 'sign',
        signing_group: signer.position + 1,
        position: signer.position,
        name: signer.name,
        email: signer.email,
        phone: signer.phone,
        locale,
        level: signer.position === 0 ? 'simple' : 'advanced',
        authentication: JSON.stringify(signer.position === 0 ? ['email-code'] : ['email-code', 'pin']),
        state: 'signed',
        values: JSON.stringify({
          [`sig-${signer.position + 1}`]: { capture: signer.captureId },
          ...(signer.position === 0 ? { 'id-copy': { attachment: signer.id } } : {}),
        }),
        sent_at: now,
        viewed_at: now,
        verified_at: now,
        submitted_at: now,
        completed_at: now,
      })
      await knex('signatures_capture').insert({
        company_id: companyId,
        id: signer.captureId,
        signer_id: signer.id,
        purpose: 'signature',
        kind: signer.capture,
        text: signer.capture === 'typed' ? signer.name : null,
        font: signer.capture === 'typed' ? 'naskh' : null,
        picture_sha256: signer.capture === 'drawn' ? picture.sha256 : null,
        picture_type: signer.capture === 'drawn' ? 'image/svg+xml' : null,
        width: signer.capture === 'drawn' ? 300 : null,
        height: signer.capture === 'drawn' ? 100 : null,
        strokes: signer.capture === 'drawn' ? Buffer.from('encrypted points') : null,
        facts: '{"strokes":1,"points":87}',
        created_at: now,
      })
    }
    const [first] = signers
    await knex('signatures_attachment').insert({
      company_id: companyId,
      id: first?.id,
      signer_id: first?.id,
      field_id: 'id-copy',
      sha256: attachment.sha256,
      name: 'بطاقة الهوية.pdf',
      media_type: 'application/pdf',
      size: attachmentBytes.length,
      created_at: now,
    })
    await knex('signatures_signer').insert({
      company_id: companyId,
      id: approver.id,
      request_id: id,
      role: approver.role,
      action: 'approve',
      signing_group: 1,
      position: 2,
      name: approver.name,
      email: approver.email,
      locale,
      level: 'simple',
      authentication: '["email-code"]',
      state: 'approved',
      sent_at: now,
      completed_at: now,
    })
    return { attachment }
  })
  const happened = (type: RequestEventType, signerId?: string, facts: Readonly<Record<string, unknown>> = {}): Promise<unknown> =>
    host.db.company(companyId, (transaction) => {
      const who = [...signers, approver].find((one) => one.id === signerId)
      return recordEvent(host, transaction, context, {
        requestId: id,
        type,
        facts,
        ...(signerId === undefined ? {} : { signerId, origin }),
        ...(who === undefined ? {} : { actor: { kind: 'signer', id: null, name: who.name } }),
      })
    })
  await happened('created')
  await happened('sent', undefined, { sha256: 'frozen' })
  await happened('identity_proven', approver.id, { method: 'email-code' })
  await happened('approved', approver.id)
  let head = frozen
  for (const [index, signer] of signers.entries()) {
    await happened('link_opened', signer.id)
    await happened('code_sent', signer.id, { method: 'email-code', to: 's•••@example.com' })
    await happened('identity_proven', signer.id, { method: 'email-code' })
    if (index === 1) await happened('identity_proven', signer.id, { method: 'pin' })
    await happened('consent_given', signer.id, {
      law: 'sa-etl',
      version: '2026-11-01',
      locale,
      sha256: 'ab'.repeat(32),
      text: 'أوافق على التوقيع إلكترونيًا. / I agree to sign electronically.',
    })
    await happened('document_viewed', signer.id)
    await happened('submitted', signer.id)
    const row = (await host.db.company(companyId, (transaction) => readRequest(transaction, id))).signers[index]
    if (row === undefined) throw new Error('signer')
    const use = { purpose: 'sign-contract' as const, subject: { type: 'signatures.request', id, label: number } }
    const stamped = host.config.signing.timeStampUrl !== null
    const oneUse = await oneUseSigner(host, context, row, use, { timeStamped: stamped })
    const signed = await signPdf(head, {
      signer: oneUse.signer,
      signedAt: host.now(),
      fieldName: `${signer.role}.signature`,
      ...(stamped ? { timeStamp: configuredTimeStamp({ config: host.config, now: () => host.now() }) } : {}),
    })
    head = signed.pdf
    await happened('signed', signer.id, { level: signed.level })
  }
  await happened('all_signed')
  const sealed = (await applySeal(host, context, { pdf: head, subject: { type: 'signatures.request', id, label: number } })).pdf
  await happened('sealed')
  await host.db.company(companyId, async (transaction) => {
    const file = await host.files.put(transaction, sealed, 'application/pdf')
    await transaction
      .knex('signatures_request')
      .where({ company_id: companyId, id })
      .update({ state: 'sealed', sealed_sha256: file.sha256, head_sha256: file.sha256, completed_at: host.now() })
  })
  return host.db.company(companyId, async (transaction) => ({
    request: await readRequest(transaction, id),
    events: await readEvents(transaction, id),
    original,
    sealed,
    attachment: { bytes: attachmentBytes, sha256: stored.attachment.sha256 },
  }))
}
