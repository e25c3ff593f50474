import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import type { SignaturePolicy } from '../../hooks.js'
import type { RequestSigner, SignRequest } from '../../models/request.js'
import { signatureLevels, type SignatureLevel } from '../../models/role.js'

/** 0 for the lowest. */
export function rankOf(level: SignatureLevel): number {
  return signatureLevels.indexOf(level)
}

/**
 * What signing asks of one person: what the sender chose, and what modules (a country, a policy of the house) ask beside it. A module
 * can only raise: a lower level or a method left out in its answer changes nothing.
 */
export async function demandedOf(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  request: SignRequest,
  signer: RequestSigner,
): Promise<SignaturePolicy> {
  const chosen: SignaturePolicy = { level: signer.level, authentication: signer.authentication, reasons: [] }
  if (signer.action === 'copy') return chosen
  const answer = await host.hooks.waterfall('signature.policy', chosen, { request, signer }, { context, transaction })
  return raised(chosen, answer)
}

/** The higher of both levels, the methods of both. */
export function raised(chosen: SignaturePolicy, answer: SignaturePolicy): SignaturePolicy {
  return {
    level: rankOf(answer.level) > rankOf(chosen.level) ? answer.level : chosen.level,
    authentication: [...new Set([...chosen.authentication, ...answer.authentication])],
    reasons: answer.reasons,
  }
}
