import type { CompanyContext } from '../../../core/access/context.js'
import { writeZip } from '../../../core/files/zip-writer.js'
import type { Host } from '../../../core/host/module.js'
import { dossierFiles } from './dossier-files.js'
import { readSources } from './dossier-sources.js'
import { writeReport } from './write-report.js'

/** Of chains longer than this only the pieces around these events are computed again while somebody waits; `khatm audit verify` does all. */
const longestWholeChain = 200_000

/**
 * Everything an examiner of ITIDA needs for one signature (Executive Regulations 109/2005 Art. 7), in one ZIP: document, canonical text,
 * CMS, certificates, revocation answers, time stamps, evidence of the key, events with the proof of their chain, report as JSON and
 * PDF, and the openssl commands that check it without us. What could not be had is named in the report and never left out in silence.
 * @param presented bytes of a copy that somebody brings: it is examined in place of the filed document, and held against it
 * @param longestChain above it only the pieces of the event log in which these events lie are computed again
 * @throws Fault EG-DOSSIER-NOT-SIGNED
 */
export async function examinationDossier(
  host: Host,
  context: CompanyContext,
  invoiceId: string,
  presented?: Buffer,
  longestChain = longestWholeChain,
): Promise<Buffer> {
  const sources = await readSources(host, context, invoiceId, presented, longestChain)
  const report = writeReport(sources, host.now())
  return writeZip(await dossierFiles(host, context, sources, report))
}

export type { DossierReport } from './dossier-report.js'
