import { DerElement } from '../der-reader.js'
import type { Certificate } from '../certificate/certificate.js'
import { policiesOf } from './criteria.js'

/** What a qualified certificate is for (ETSI EN 319 412-5, clause 4.2.3: QcType). */
export type CertificateUse = 'esign' | 'eseal' | 'web'

/** What a certificate says of itself (ETSI EN 319 412-5; policies of EN 319 411-2 clause 5.3). */
export interface QualifiedStatements {
  /** QcCompliance: issued as a qualified certificate. */
  readonly compliance: boolean
  /** QcSSCD: the key lies in a qualified signature creation device. */
  readonly device: boolean
  /** QcType; empty where it is not stated. */
  readonly uses: readonly CertificateUse[]
  /** QcCClegislation: countries whose law it is issued under; empty means the Union's. */
  readonly legislation: readonly string[]
  /** QcLimitValue: highest value of a transaction. */
  readonly limit: { readonly currency: string; readonly amount: string } | null
  readonly policies: readonly string[]
}

const oid = {
  qcStatements: '1.3.6.1.5.5.7.1.3',
  compliance: '0.4.0.1862.1.1',
  limit: '0.4.0.1862.1.2',
  device: '0.4.0.1862.1.4',
  type: '0.4.0.1862.1.6',
  legislation: '0.4.0.1862.1.7',
} as const

const useByOid: Readonly<Record<string, CertificateUse>> = {
  '0.4.0.1862.1.6.1': 'esign',
  '0.4.0.1862.1.6.2': 'eseal',
  '0.4.0.1862.1.6.3': 'web',
}

/** Reads them; a malformed statement is as if it were absent: nothing is concluded in the holder's favour. */
export function readQualifiedStatements(certificate: Certificate): QualifiedStatements {
  const none = { compliance: false, device: false, uses: [], legislation: [], limit: null }
  const extension = certificate.extensions.get(oid.qcStatements)
  try {
    const policies = policiesOf(certificate)
    if (extension === undefined) return { ...none, policies }
    const statements = new Map<string, DerElement | undefined>()
    for (const statement of DerElement.read(extension.value, 0, { whole: true }).expect(0x30).children)
      statements.set(statement.child(0).oid(), statement.children[1])
    const types = statements.get(oid.type)?.expect(0x30).children ?? []
    const limit = statements.get(oid.limit)
    return {
      compliance: statements.has(oid.compliance),
      device: statements.has(oid.device),
      uses: types.flatMap((type) => useByOid[type.oid()] ?? []),
      legislation: (statements.get(oid.legislation)?.expect(0x30).children ?? []).map((country) => country.text()),
      limit: limit === undefined ? null : readLimit(limit),
      policies,
    }
  } catch {
    return { ...none, policies: [] }
  }
}

/** MonetaryValue: currency by letters or number, amount times ten to the exponent. */
function readLimit(value: DerElement): QualifiedStatements['limit'] {
  const [currency, amount, exponent] = value.expect(0x30).children
  if (currency === undefined || amount === undefined || exponent === undefined) return null
  const name = currency.is(0x13) ? currency.text() : currency.integer().toString().padStart(3, '0')
  const power = exponent.smallInteger()
  const digits = amount.integer().toString()
  if (power < -20 || power > 20) return null
  if (power >= 0) return { currency: name, amount: digits + '0'.repeat(power) }
  const padded = digits.padStart(1 - power, '0')
  return { currency: name, amount: `${padded.slice(0, power)}.${padded.slice(power)}` }
}
