import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'

/** A document that carries a code, as the holder of the code may see it. */
export interface IssuedDocument {
  readonly code: string
  readonly subject: { readonly type: string; readonly id: string; readonly label: string }
  readonly facts: IssuedFacts
  /** Of the one final file; null until it is stored. */
  readonly sha256: string | null
}

/** What the paper says anyway: shown to whoever holds its code. */
export interface IssuedFacts {
  /** `invoice`, `credit_note`, `contract`: text key `verification.kind.<kind>`. */
  readonly kind: string
  /** ISO day. */
  readonly issuedOn: string
  readonly total?: { readonly value: string; readonly currency: string }
}

export interface DocumentCode {
  /** `7K2M-9QXA-3D4T-V6WZ`. */
  readonly code: string
  /** Address of the page that answers it; null while the house has no public address. */
  readonly url: string | null
}

/** Crockford's base 32: no letter that looks like a digit. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const codeBytes = 10

/**
 * The code of a document, made at the first call and the same ever after. 80 random bits: it says nothing and cannot be guessed.
 */
export async function documentCode(
  host: Host,
  transaction: CompanyTransaction,
  subject: IssuedDocument['subject'],
  facts: IssuedFacts,
): Promise<DocumentCode> {
  const known = await read(transaction, { subject_type: subject.type, subject_id: subject.id })
  const code = known?.code ?? (await insert(host, transaction, subject, facts))
  const { publicUrl } = host.config
  return { code, url: publicUrl === null ? null : `${publicUrl.replace(/\/$/, '')}/verify/${code}` }
}

/** The final file of a document: a stranger's copy is compared with it. */
export async function recordIssuedFile(
  transaction: CompanyTransaction,
  subject: { readonly type: string; readonly id: string },
  sha256: string,
): Promise<void> {
  await transaction
    .knex('verification_document')
    .where({ company_id: transaction.companyId, subject_type: subject.type, subject_id: subject.id })
    .update({ sha256 })
}

/**
 * The document of a code as somebody typed it: lower case, spaces and look-alike letters are forgiven.
 * @throws Fault VERIFICATION-CODE-UNKNOWN (404)
 */
export async function findByCode(host: Host, typed: string): Promise<{ companyId: string; document: IssuedDocument }> {
  const code = normalise(typed)
  const unknown = new Fault('VERIFICATION-CODE-UNKNOWN', { status: 404 })
  if (code === undefined) throw unknown
  const row = await host.db.host((knex) =>
    knex<{ code_hash: string; company_id: string }>('verification_code')
      .where({ code_hash: hashOf(code) })
      .first(),
  )
  if (row === undefined) throw unknown
  const document = await host.db.company(row.company_id, (transaction) => read(transaction, { code }))
  if (document === undefined) throw unknown
  return { companyId: row.company_id, document }
}

/** Groups of four, upper case; undefined when it cannot be a code. */
export function normalise(typed: string): string | undefined {
  const letters = typed
    .toUpperCase()
    .replace(/[\s\-–—]/g, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1')
  if (letters.length !== (codeBytes * 8) / 5 || !/^[0-9A-HJKMNP-TV-Z]+$/.test(letters)) return undefined
  return grouped(letters)
}

function grouped(letters: string): string {
  return letters.match(/.{4}/g)?.join('-') ?? letters
}

function newCode(): string {
  let value = BigInt(`0x${randomBytes(codeBytes).toString('hex')}`)
  let letters = ''
  for (let index = 0; index < (codeBytes * 8) / 5; index++) {
    letters = (alphabet[Number(value & 31n)] ?? '') + letters
    value >>= 5n
  }
  return grouped(letters)
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('hex')
}

interface DocumentRow {
  company_id: string
  id: string
  code: string
  subject_type: string
  subject_id: string
  label: string
  facts: IssuedFacts
  sha256: string | null
}

async function read(transaction: CompanyTransaction, where: Partial<DocumentRow>): Promise<IssuedDocument | undefined> {
  const row = await transaction
    .knex<DocumentRow>('verification_document')
    .where({ company_id: transaction.companyId, ...where })
    .first()
  if (row === undefined) return undefined
  const subject = { type: row.subject_type, id: row.subject_id, label: row.label }
  return { code: row.code, subject, facts: row.facts, sha256: row.sha256 }
}

async function insert(
  host: Host,
  transaction: CompanyTransaction,
  subject: IssuedDocument['subject'],
  facts: IssuedFacts,
): Promise<string> {
  const code = newCode()
  const { rows } = await transaction.knex.raw<{ rows: { code: string }[] }>(
    `insert into verification_document (company_id, id, code, subject_type, subject_id, label, facts, created_at) values (?, ?, ?, ?, ?, ?, cast(? as jsonb), ?)
     on conflict (company_id, subject_type, subject_id) do update set label = verification_document.label returning code`,
    [transaction.companyId, randomUUID(), code, subject.type, subject.id, subject.label, JSON.stringify(facts), host.now()],
  )
  const stands = rows[0]?.code ?? code
  // Two may have asked at once: the first one's code is the document's, and its hash is there already.
  if (stands === code) await transaction.knex('verification_code').insert({ code_hash: hashOf(code), company_id: transaction.companyId })
  return stands
}
