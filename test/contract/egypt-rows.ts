import { createHash, randomUUID } from 'node:crypto'
import type { CompanyContext } from '../../core/access/context.js'
import type { TestHost } from '../helpers/test-host.js'

/** Rows of every table of Egypt's module, by table; each text carries a mark that no other company may ever see. */
function rowsWith(mark: string, invoice: string, key: string): Readonly<Record<string, object>> {
  const at = new Date('2026-11-01T10:00:00Z')
  const sha256 = (text: string): string => createHash('sha256').update(`${mark} ${text}`).digest('hex')
  const name = (text: string): string => sha256(text).slice(0, 26).toUpperCase()
  const made = { created_at: at, created_by: `${mark} person` }
  return {
    compliance_egypt_company: { environment: 'preprod', client_id: `${mark}-client`, client_secret: Buffer.from('x'), updated_at: at },
    compliance_egypt_branch: {
      code: '77',
      name: `${mark} branch`,
      governate: 'Cairo',
      region_city: `${mark} city`,
      street: `${mark} street`,
      building_number: '1',
    },
    compliance_egypt_activity: { code: '4690' },
    compliance_egypt_person_limit: { kind: 'invoice', valid_from: '2026-01-01', amount: '12345.67' },
    compliance_egypt_submission: {
      invoice_id: invoice,
      internal_id: `${mark}-1`,
      signature_sha256: sha256('signature'),
      submission_uuid: name('submission'),
      document_uuid: name('document'),
      long_id: `${mark}long`,
      status: 'Valid',
      first_sent_at: at,
      sent_at: at,
      received_at: at,
    },
    compliance_egypt_received: {
      uuid: name('received'),
      internal_id: `${mark}-2`,
      type: 'i',
      issuer_id: '900100999',
      issuer_name: `${mark} issuer`,
      total: '114.00',
      status: 'Valid',
      issued_at: at,
      received_at: at,
      checked_at: at,
      document_sha256: null,
    },
    compliance_egypt_document_type: { type: 'i', parameters: JSON.stringify({ mark }), read_at: at },
    compliance_egypt_package: {
      request_id: `${mark}-request`,
      kind: 'summary',
      format: 'CSV',
      date_from: '2026-01-01',
      date_to: '2026-02-01',
      state: 'asked',
      created_at: at,
    },
    compliance_egypt_code: {
      item_code: `EG-900100200-${mark}`,
      code_type: 'EGS',
      parent_code: '10000001',
      name: `${mark} goods`,
      name_ar: `${mark} goods`,
      active_from: '2026-01-01',
      state: 'draft',
      created_at: at,
    },
    compliance_egypt_callback: { key_hash: sha256('callback'), created_at: at },
    compliance_egypt_delivery: {
      delivery_id: randomUUID(),
      kind: 'documents',
      type: mark,
      body: JSON.stringify({ mark }),
      received_at: at,
    },
    compliance_egypt_signature: {
      invoice_id: invoice,
      state: 'signed',
      key_id: key,
      certificate_sha256: sha256('certificate'),
      signed_at: at,
      text_sha256: sha256('text'),
      evidence: JSON.stringify({ mark }),
      updated_at: at,
    },
    compliance_egypt_time_stamp: {
      invoice_id: invoice,
      url: `https://${mark.toLowerCase()}.example.test/`,
      authority: `${mark} archive`,
      stamped_at: at,
      cms_sha256: sha256('cms'),
      token: Buffer.from('x'),
    },
    compliance_egypt_examination: { invoice_id: invoice, number: `${mark}-7`, issued_on: '2026-01-01', ...made },
    compliance_egypt_mandate: {
      key_id: key,
      signer_name: `${mark} signer`,
      principal: `${mark} principal`,
      capacity: 'manager',
      document: `${mark} paper`,
      valid_from: '2026-01-01',
      ...made,
    },
    compliance_egypt_foreign_authority: {
      certificate: Buffer.from('x'),
      certificate_sha256: sha256('foreign'),
      holder: `${mark} abroad`,
      ground: 'a',
      decision: `${mark}-9`,
      valid_from: '2026-01-01',
      ...made,
    },
    compliance_egypt_device: {
      name: `${mark} till`,
      serial: `${mark}-POS`,
      os_version: 'x',
      model: 'x',
      branch_code: '77',
      preshared_key: Buffer.from('x'),
      created_at: at,
    },
    compliance_egypt_receipt: {
      invoice_id: invoice,
      device_serial: `${mark}-POS`,
      uuid: sha256('receipt'),
      previous_uuid: '',
      issued_at: at,
      submission_uuid: name('receipts'),
    },
    compliance_egypt_time_authority: {
      url: `https://${mark.toLowerCase()}.example.test/`,
      name: `${mark} time`,
      concerned: false,
      ...made,
    },
    compliance_egypt_time_request: {
      invoice_id: invoice,
      url: `https://${mark.toLowerCase()}.example.test/`,
      attempts: 1,
      problem: JSON.stringify({ code: mark }),
      first_failed_at: at,
      next_try_at: at,
    },
    compliance_egypt_certificate: { sha256: sha256('kept'), der: Buffer.from('x') },
    compliance_egypt_revocation: { sha256: sha256('answer'), kind: 'crl', der: Buffer.from('x') },
    compliance_egypt_status_check: { certificate_sha256: sha256('kept'), checked_at: at, answers: JSON.stringify([sha256('answer')]) },
    compliance_egypt_revocation_stamp: {
      sha256: sha256('answer'),
      url: 'https://tsa.example',
      authority: `${mark} archive`,
      stamped_at: at,
      token: Buffer.from('x'),
      dependence: null,
      trusted: true,
    },
    compliance_egypt_log_stamp: {
      sequence: 1,
      hash: sha256('head'),
      url: 'https://tsa.example',
      authority: `${mark} archive`,
      stamped_at: at,
      token: Buffer.from('x'),
      dependence: null,
      trusted: true,
    },
    compliance_egypt_device_certificate: {
      key_id: key,
      model: `${mark} model`,
      standard: 'FIPS',
      number: `${mark}-11`,
      valid_from: '2026-01-01',
      ...made,
    },
  }
}

/** Every table of the module: one that is new must be filled here. */
export const egyptTables: readonly string[] = Object.keys(rowsWith('', '', ''))

/** Something in every table, as an Egyptian company with years of work would have it. */
export async function fillEgypt(running: TestHost, context: CompanyContext, mark: string): Promise<void> {
  await running.host.db.company(context.companyId, async ({ knex }) => {
    const invoice = await knex('invoicing_invoice').first<{ id: string } | undefined>('id')
    if (invoice === undefined) throw new Error('the company has no invoice')
    for (const [table, row] of Object.entries(rowsWith(mark, invoice.id, randomUUID())))
      await knex(table)
        .insert({ company_id: context.companyId, ...row })
        .onConflict()
        .ignore()
    await knex('compliance_egypt_company').update({ client_id: `${mark}-client` })
  })
}
