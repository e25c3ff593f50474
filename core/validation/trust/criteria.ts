import { DerElement } from '../der-reader.js'
import type { Certificate } from '../certificate/certificate.js'
import { extendedKeyUsagesOf, keyUsageOf } from '../certificate/path.js'
import type { Criteria } from './trust-list.js'

/** Whether a certificate meets criteria (ETSI TS 119 612 clause 5.5.9.2.2). An unknown criterion is never met. */
export function meets(certificate: Certificate, criteria: Criteria): boolean {
  switch (criteria.kind) {
    case 'list': {
      const outcomes = criteria.members.map((member) => meets(certificate, member))
      // Nothing can be said by a list that says nothing, and `none` must not turn ignorance into a match.
      if (outcomes.length === 0 || criteria.members.some((member) => member.kind === 'unknown')) return false
      if (criteria.assert === 'all') return outcomes.every((met) => met)
      if (criteria.assert === 'none') return outcomes.every((met) => !met)
      return outcomes.some((met) => met)
    }
    case 'key-usage': {
      const usage = keyUsageOf(certificate)
      return usage !== undefined && criteria.bits.length > 0 && criteria.bits.every(({ bit, value }) => usage(bit) === value)
    }
    case 'policies':
      return allIn(criteria.oids, policiesOf(certificate))
    case 'extended-key-usage':
      return allIn(criteria.oids, extendedKeyUsagesOf(certificate)?.usages ?? [])
    case 'subject-attributes':
      return allIn(
        criteria.oids,
        certificate.subjectAttributes.map((attribute) => attribute.oid),
      )
    case 'unknown':
      return false
  }
}

function allIn(wanted: readonly string[], present: readonly string[]): boolean {
  return wanted.length > 0 && wanted.every((oid) => present.includes(oid))
}

/** Policy identifiers of certificatePolicies (RFC 5280 4.2.1.4); empty when absent. */
export function policiesOf(certificate: Certificate): string[] {
  const extension = certificate.extensions.get('2.5.29.32')
  if (extension === undefined) return []
  return DerElement.read(extension.value, 0, { whole: true })
    .expect(0x30)
    .children.map((policy) => policy.child(0).oid())
}
