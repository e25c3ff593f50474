import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Key, KeyAlgorithm } from '../../../core/signing/key.js'
import { certify } from '../../../core/signing/test/test-authority.js'
import type { Sandbox } from '../../sandbox/index.js'
import type { TestHost } from '../../../test/helpers/test-host.js'
import { writeJson } from '../canonical/write-literal.js'
import type { signEtaDocuments } from '../signing/sign-documents.js'

type EtaDocument = Parameters<typeof signEtaDocuments>[2][number]

export const egyptRin = '113317713'

const renewable = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** A document as far as signing looks at it: issuer, number and amounts; what the authority asks beyond is another test's matter. */
export function etaDocument(number: string, total = '114.00', rin = egyptRin): EtaDocument {
  const id = randomUUID()
  const payload = Buffer.from(
    writeJson({
      issuer: { type: 'B', id: rin, name: 'شركة المثال التجارية' },
      receiver: { type: 'B', id: '313717919', name: 'Receiver "1" \\ Co' },
      documentType: 'I',
      documentTypeVersion: '1.0',
      internalID: number,
      invoiceLines: [{ description: 'ورق تصوير', quantity: { decimal: '2.50000' }, salesTotal: { decimal: '100.00' } }],
      references: ['A1', 'B2'],
      totalAmount: { decimal: total },
    }),
  )
  return {
    invoiceId: id,
    kind: 'I',
    uuid: id,
    chain: null,
    payload,
    payloadMediaType: 'application/json',
    hash: '',
    // Signing looks at id, number, currency and total; a whole invoice would say nothing more here.
    invoice: { id, number, currency: 'EGP', totals: { taxInclusive: total } } as EtaDocument['invoice'],
  }
}

export interface KeyShape {
  readonly name: string
  readonly algorithm?: KeyAlgorithm
  readonly rin?: string | null
  readonly profile?: Parameters<Sandbox['issueCertificate']>[0]['profile']
  readonly purposes?: Key['purposes']
  readonly days?: number
  readonly notBefore?: Date
}

/** A software key with a certificate of the sandbox, of a company that has Egypt enabled. */
export async function keyWith(running: TestHost, sandbox: Sandbox, context: CompanyContext, shape: KeyShape): Promise<Key> {
  const { name, algorithm = 'rsa-2048', rin = egyptRin, profile = 'egypt-invoice', purposes = ['stamp-e-invoice'] } = shape
  const { signing, db } = running.host
  const key = await db.company(context.companyId, (transaction) => signing.generateKey(transaction, context, { name, algorithm, purposes }))
  const chain = await sandbox.issueCertificate({
    spki: key.publicKey,
    subject: [
      { type: 'C', value: 'EG' },
      { type: 'O', value: 'شركة المثال التجارية' },
      ...(rin === null ? [] : [{ type: 'ORGANIZATIONIDENTIFIER', value: `VATEG-${rin}` }]),
      { type: 'CN', value: name },
    ],
    profile,
    ...(shape.days === undefined ? {} : { days: shape.days }),
    ...(shape.notBefore === undefined ? {} : { notBefore: shape.notBefore }),
  })
  return db.company(context.companyId, (transaction) => signing.installCertificates(transaction, context, key.id, chain))
}

/** A registration of one RSA key (always the same), as a renewal makes a second of it: for choosing alone, nothing is stored. */
export function registered(name: string, notBefore: Date, notAfter: Date, { ca = false } = {}): Key {
  const wishes = { commonName: name, notBefore, notAfter, ca, organizationIdentifier: `VATEG-${egyptRin}` }
  return {
    id: randomUUID(),
    companyId: randomUUID(),
    name,
    provider: 'agent',
    algorithm: 'rsa-2048',
    publicKey: renewable.publicKey.export({ format: 'der', type: 'spki' }),
    certificates: [certify(wishes, 'rsa-2048', renewable.publicKey, renewable.privateKey).der],
    purposes: ['stamp-e-invoice'],
    state: 'active',
    attributes: {},
    version: 1,
    createdAt: notBefore,
  }
}
