import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { SubmissionUncertain } from '../../compliance/index.js'
import { callEta } from './eta-client.js'
import { searchAnswer, type DocumentSummary } from './eta-shapes.js'

export interface EtaSearch {
  readonly direction: 'Sent' | 'Received'
  readonly from: Date
  /** At most 30 days after `from` (SDK, Search Documents). */
  readonly to: Date
  readonly internalId?: string
}

const endOfResults = 'endofresultset'
const maximumPages = 200

/** Search Documents, all pages: newest first. @throws SubmissionUncertain, Fault */
export async function searchEta(host: Host, context: CompanyContext, company: Company, search: EtaSearch): Promise<DocumentSummary[]> {
  const found: DocumentSummary[] = []
  let continuationToken: string | undefined
  for (let page = 0; page < maximumPages; page++) {
    const reply = await callEta(host, context, company, {
      method: 'GET',
      path: 'api/v1.0/documents/search',
      query: {
        submissionDateFrom: search.from.toISOString(),
        submissionDateTo: search.to.toISOString(),
        direction: search.direction,
        internalID: search.internalId,
        pageSize: '100',
        continuationToken,
      },
    })
    const read = searchAnswer.safeParse(reply.json)
    if (reply.status !== 200 || !read.success) throw new SubmissionUncertain(`search: HTTP ${reply.status}`)
    found.push(...read.data.result)
    const next = read.data.metadata?.continuationToken ?? ''
    // The same token twice leads nowhere.
    if (next === '' || next.toLowerCase() === endOfResults || next === continuationToken) return found
    continuationToken = next
  }
  throw new SubmissionUncertain('search: too many pages')
}
