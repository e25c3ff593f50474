import type { CertificateAuthorities } from '../ca/authority.js'
import { checkCodes, checkNationalId, checkSums } from './document-shape.js'
import type { EtaRegister, ValidationStep } from './register.js'
import { checkSignatures } from './signature-check.js'
import { itemsOf, memberOf, plainAt, type Written } from './written-json.js'

/** The asynchronous validators, in the authority's order; structure and core fields were looked at when it was taken. */
export function judgeDocument(
  register: EtaRegister,
  authorities: CertificateAuthorities,
  document: Written,
  hashKey: string,
  now: Date,
): ValidationStep[] {
  const steps: ValidationStep[] = []
  const issuer = plainAt(document, 'issuer', 'id') ?? ''
  if (isFiled(register, issuer, plainAt(document, 'internalID') ?? '', hashKey, now))
    steps.push({
      name: 'Step-02.Core Fields Validator',
      code: 'CF312',
      message: 'A valid document with this internal number exists',
      path: 'internalID',
    })
  if (plainAt(document, 'documentTypeVersion') === '1.0') {
    const refusal = checkSignatures(document, authorities, now)
    if (refusal !== null)
      steps.push({ name: 'Step-03.ITIDA Signature Validator', code: refusal.code, message: refusal.message, path: 'signatures' })
  }
  for (const { path, message } of checkNationalId(document))
    steps.push({ name: 'Step-04.National ID Validator', code: 'NI101', message, path })
  if (register.taxpayer(issuer) === undefined)
    steps.push({ name: 'Step-05.Taxpayer Validator', code: 'TP101', message: 'The issuer is not registered', path: 'issuer.id' })
  steps.push(...judgeReferences(register, document, issuer, now))
  for (const { path, message } of checkCodes(document, issuer)) steps.push({ name: 'Step-07.Code Validator', code: 'CV101', message, path })
  for (const { path, message } of checkSums(document)) steps.push({ name: 'Step-08.Simple Fields Validator', code: 'SF341', message, path })
  return steps
}

function isFiled(register: EtaRegister, issuer: string, internalId: string, hashKey: string, now: Date): boolean {
  return register
    .documentsNumbered(issuer, internalId)
    .some(
      (one) =>
        one.hashKey !== hashKey && register.findingsOf(one).length === 0 && !['Cancelled', 'Invalid'].includes(register.statusOf(one, now)),
    )
}

function judgeReferences(register: EtaRegister, document: Written, issuer: string, now: Date): ValidationStep[] {
  return itemsOf(memberOf(document, 'references')).flatMap((reference, index) => {
    const uuid = reference.kind === 'text' ? reference.source : ''
    const found = register.document(uuid)
    if (found?.issuer === issuer && register.statusOf(found, now) === 'Valid') return []
    const message = 'The referenced document is unknown or not valid'
    return [{ name: 'Step-06.Referenced Documents Validator', code: 'RD201', message, path: `references[${index}]` }]
  })
}
