import type { Host } from '../../../core/host/module.js'
import type { HookCall } from '../../../core/hooks/hook-map.js'
import type { RequestSigner, SignaturePolicy, SignRequest } from '../../signatures/index.js'
import { contractTypeOf } from '../data/documents.js'
import { isDocumentKind } from '../models/contract-type.js'
import { employmentCountries } from '../models/employee.js'
import { employeeSubject, settingsOf } from './employees.js'

const order = ['simple', 'advanced', 'qualified'] as const

/**
 * Asks for the level that the table of document types demands or, where the company chose so, advises; never for less than what stood
 * there. The reason is told to the sender either way.
 */
export async function demandLevel(
  host: Host,
  policy: SignaturePolicy,
  { request, signer }: { readonly request: SignRequest; readonly signer: RequestSigner },
  call: HookCall,
): Promise<SignaturePolicy> {
  const facts = request.metadata['employment']
  if (request.source?.type !== employeeSubject || typeof facts !== 'object' || facts === null) return policy
  const kind = 'kind' in facts ? facts.kind : undefined
  const country = 'country' in facts ? employmentCountries.find((one) => one === facts.country) : undefined
  if (!isDocumentKind(kind) || country === undefined || (signer.role !== 'employer' && signer.role !== 'employee')) return policy
  const { signing } = contractTypeOf(country, kind)
  const transaction = call.transaction
  const { signatureLevel } =
    transaction === undefined
      ? await host.db.company(call.context.companyId, (own) => settingsOf(host, own))
      : await settingsOf(host, transaction)
  const wanted = [
    policy.level,
    signing.required[signer.role] ?? 'simple',
    signatureLevel === 'advised' ? signing.advised[signer.role] : 'simple',
  ] as const
  const level = order[Math.max(...wanted.map((one) => order.indexOf(one)))] ?? policy.level
  return { ...policy, level, reasons: [...policy.reasons, signing.reason] }
}
