import type { CompanyContext } from '../../../core/access/context.js'
import type { AuditExtract, AuditVerification } from '../../../core/audit/audit.js'
import type { Host } from '../../../core/host/module.js'
import type { DossierReport } from './dossier-report.js'
import { isOverHead, logStampsAfter, type LogStamp } from './log-stamps.js'

export interface DossierLog {
  readonly told: DossierReport['log']
  readonly stamps: readonly LogStamp[]
  readonly verified: AuditVerification | undefined
}

/**
 * The event log as far as it bears a document's events: the chain computed again, whole or, above a length, in the pieces around them;
 * and the first head after the signing that archives of time have stamped, with the piece of the chain that leads to it.
 */
export async function dossierLog(host: Host, context: CompanyContext, extract: AuditExtract, longestChain: number): Promise<DossierLog> {
  const whole = extract.head.sequence <= longestChain
  const sequences = extract.events.map(({ hashed }) => hashed.sequence)
  const verified = whole ? (await host.audit.verify(context.companyId))[0] : await host.audit.verifyPieces(context.companyId, sequences)
  // Events after the signing, this dossier among them, are not what a stamp must cover.
  const signing = extract.events.filter(({ hashed }) => hashed.action === 'compliance.signed' || hashed.action === 'key.used').at(-1)
  const from = signing?.hashed.sequence
  const stamps = from === undefined ? [] : await host.db.company(context.companyId, (transaction) => logStampsAfter(transaction, from))
  const told = []
  for (const [index, stamp] of stamps.entries()) {
    const { sequence, hash, authority, at, dependence, trusted } = stamp
    const led = await host.audit.verifyPieces(context.companyId, [from ?? sequence, sequence], { sequence, hash })
    const file = `log-stamps/${String(index + 1)}.tst`
    told.push({ sequence, authority, at: at.toISOString(), file, dependence, trusted, holds: led.intact && isOverHead(stamp) })
  }
  const broken = verified?.intact !== true || told.some(({ holds }) => !holds)
  return {
    told: {
      events: extract.events.length,
      head: extract.head,
      anchor: extract.anchor,
      state: broken ? 'broken' : whole ? 'whole' : 'pieces',
      stamps: told,
      computed: verified?.events ?? 0,
    },
    stamps,
    verified,
  }
}
