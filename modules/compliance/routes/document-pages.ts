import { Fault } from '../../../core/i18n/fault.js'
import type { ModuleSetup } from '../../../core/host/module.js'
import { FileAnswer } from '../../../core/http/routes.js'
import { rowOfInvoice, type DocumentRow } from '../models/document-rows.js'
import { retryNow } from '../services/process.js'
import { legalFileName } from '../services/legal-name.js'
import type { CompanyContext } from '../../../core/access/context.js'
import { z } from 'zod'

const readers = ['invoicing.reader'] as const

/** Pages behind the compliance panel: the legal file, the authority's raw reply, another try; and the state for programs. */
export function documentPages(setup: ModuleSetup): void {
  const { host, routes } = setup
  const rowOf = async (context: CompanyContext, invoiceId: string | undefined): Promise<DocumentRow> => {
    const id = z.uuid().safeParse(invoiceId)
    const row = id.success ? await host.db.company(context.companyId, (transaction) => rowOfInvoice(transaction, id.data)) : undefined
    if (row === undefined) throw new Fault('COMPLIANCE-DOCUMENT-UNKNOWN', { status: 404 })
    return row
  }

  routes.page('get', '/documents/:invoiceId/legal', readers, async ({ context, params }) => {
    const row = await rowOf(context, params.invoiceId)
    const sha256 = row.copySha256 ?? row.legalSha256
    if (sha256 === null) throw new Fault('COMPLIANCE-HOLD-SIGNATURE', { status: 409, params: { number: row.number } })
    const file = await host.db.company(context.companyId, (transaction) => host.files.get(transaction, sha256))
    return new FileAnswer(file.bytes, file.mediaType, legalFileName(row.number, row.legalExtension ?? 'xml'))
  })

  routes.page('get', '/documents/:invoiceId/reply', readers, async ({ context, params }) => {
    const row = await rowOf(context, params.invoiceId)
    if (row.answerBody === null) throw new Fault('COMPLIANCE-DOCUMENT-UNKNOWN', { status: 404 })
    // Plain text whatever the authority called it: nothing of it is ever run by a browser.
    return new FileAnswer(
      Buffer.from(row.answerBody, 'utf8'),
      'text/plain; charset=utf-8',
      `${legalFileName(row.number, 'reply')}.txt`,
      'inline',
    )
  })

  routes.page('post', '/documents/:invoiceId/retry', ['invoicing.user'], async ({ context, params }) => {
    const row = await rowOf(context, params.invoiceId)
    const tried = await retryNow(host, context, row.invoiceId)
    return {
      kind: 'redirect',
      to: `/app/invoicing/invoice/${row.invoiceId}`,
      notice: { key: tried ? 'compliance.notice.retried' : 'compliance.notice.done', level: 'success' },
    }
  })

  routes.api({
    method: 'get',
    path: '/invoices/:id/e-document',
    summary: 'State of the e-document of an invoice, and what the authority answered',
    tag: 'compliance',
    groups: readers,
    response: eDocument,
    handle: async ({ context, params }) => {
      const row = await rowOf(context, params.id)
      return {
        state: row.state,
        regime: row.regime,
        kind: row.kind,
        uuid: row.uuid,
        counter: row.counter,
        hash: row.hash,
        qr: row.qr,
        attempts: row.attempts,
        answeredAt: row.answeredAt?.toISOString() ?? null,
        faults: row.faults,
        lastError: row.lastError,
      }
    },
  })
}

const fault = z.object({ code: z.string(), path: z.string().optional(), level: z.string().optional() }).loose()
const eDocument = z.object({
  state: z.enum(['prepared', 'signed', 'submitted', 'accepted', 'accepted_with_warnings', 'rejected', 'withdrawn']),
  regime: z.string(),
  kind: z.string(),
  uuid: z.uuid(),
  counter: z.number().nullable(),
  hash: z.string(),
  qr: z.string().nullable(),
  attempts: z.number(),
  answeredAt: z.string().nullable(),
  faults: z.array(fault),
  lastError: fault.nullable(),
})
