import { execFileSync } from 'node:child_process'
import { softHsmLibrary, type SoftToken } from '../../core/signing/test/soft-token.js'
import type { Sandbox } from '../../modules/sandbox/index.js'

/** The taxpayer's registration number. */
export const rin = '900100200'

/** The key in use, and what else lies on tokens of the field: the issuer's certificate, a certificate that is over, somebody else's. */
export async function fillToken(token: SoftToken, sandbox: Sandbox): Promise<readonly Buffer[]> {
  const keys = [
    { id: '01', label: 'expired', rin, days: 30, notBefore: new Date('2023-01-01T00:00:00Z') },
    { id: '02', label: 'another taxpayer', rin: '999888777', days: 900, notBefore: undefined },
    { id: '03', label: 'seal', rin, days: 900, notBefore: undefined },
  ]
  let own: readonly Buffer[] = []
  for (const { id, label, rin: named, days, notBefore } of keys) {
    token.generate('rsa:2048', id, label)
    const args = ['--module', softHsmLibrary, '--token-label', token.label, '--read-object', '--type', 'pubkey', '--id', id]
    own = await sandbox.issueCertificate({
      spki: execFileSync('pkcs11-tool', args, { stdio: ['ignore', 'pipe', 'ignore'] }),
      subject: [
        { type: 'C', value: 'EG' },
        { type: 'O', value: 'شركة نيل بيبر للتجارة ش.م.م' },
        { type: 'ORGANIZATIONIDENTIFIER', value: `VATEG-${named}` },
        { type: 'CN', value: 'شركة نيل بيبر للتجارة ش.م.م' },
      ],
      profile: 'egypt-invoice',
      days,
      ...(notBefore === undefined ? {} : { notBefore }),
    })
    token.installCertificate(own[0] ?? Buffer.alloc(0), id, label)
  }
  token.installCertificate(own[1] ?? Buffer.alloc(0), '0a', 'issuer')
  return own
}

/** An invoice as a caller of the API writes it; the index makes its price and so its bytes. */
export function invoiceOf(index: number): object {
  return {
    type: 'invoice',
    currency: 'EGP',
    customer: {
      name: 'Delta Contracting S.A.E.',
      nameAr: 'شركة الدلتا للمقاولات ش.م.م',
      identifiers: [{ scheme: 'VAT', value: '300400500' }],
      address: { street: 'شارع التسعين', building: '45', city: 'القاهرة الجديدة', region: 'القاهرة', postalCode: '11835', country: 'EG' },
    },
    lines: [
      {
        description: 'ورق تصوير A4',
        itemCode: 'EG-900100200-PAPER-A4',
        quantity: '2.5',
        unit: 'PCE',
        unitPrice: `${String(100 + index)}.50`,
        tax: 'V009',
      },
    ],
  }
}
