import { z } from 'zod'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { FileAnswer } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'

import { cancelInvoice } from '../services/cancel.js'
import { deleteDrafts, draftInput, saveDraft } from '../services/drafts.js'
import { legalFileOf } from '../services/legal-file.js'
import { makeNote } from '../services/make-note.js'
import { registerPayment, settlementsOf, undoPayment } from '../services/payments.js'
import { postInvoices } from '../services/post.js'
import { finalPdf, previewPdf, printStateOf } from '../services/print.js'
import { listSummaries, summaryOf, documentsOf } from '../services/read-invoices.js'
import { composeMail, fileName, sendInvoice } from '../services/send.js'

const decimal = z.string()
const fault = z.object({ code: z.string(), path: z.string().optional(), level: z.string().optional() }).loose()
const summary = z.object({
  id: z.uuid(),
  type: z.enum(['invoice', 'credit_note', 'debit_note']),
  state: z.enum(['draft', 'posted', 'cancelled']),
  number: z.string().nullable(),
  simplified: z.boolean(),
  currency: z.string(),
  issueDate: z.string(),
  dueDate: z.string().nullable(),
  contactId: z.string().nullable(),
  customerName: z.string().nullable(),
  untaxed: decimal,
  tax: decimal,
  total: decimal,
  payable: decimal,
  settled: decimal,
  open: decimal,
  paymentState: z.enum(['not_paid', 'partial', 'paid', 'overdue']).nullable(),
  refersToNumber: z.string().nullable(),
})
const settlement = z.object({
  id: z.uuid(),
  kind: z.enum(['payment', 'credit_note']),
  number: z.string(),
  date: z.string(),
  amount: decimal,
  method: z.string().nullable(),
  memo: z.string().nullable(),
})
const print = z.object({ state: z.string(), sha256: z.string().nullable(), level: z.string().nullable(), fault: fault.nullable() })
const whole = summary.extend({ document: z.looseObject({}).nullable(), settlements: z.array(settlement), print })
const paymentInput = z
  .object({
    amount: z
      .string()
      .regex(/^\d{1,15}(\.\d{1,4})?$/)
      .optional(),
    date: z.iso.date().optional(),
    method: z.enum(['cash', 'transfer', 'card', 'credit']).default('transfer'),
    memo: z.string().max(500).optional(),
  })
  .strict()

/** REST interface of invoices. Faults carry paths of the body they answer. */
export function invoicesApi(setup: ModuleSetup): void {
  const { host, routes } = setup
  const tag = 'Invoices'
  const read = ['invoicing.reader']
  const write = ['invoicing.user']

  routes.api({
    method: 'post',
    path: '/invoices',
    summary: 'Posts an invoice, credit note or debit note; with draft=true keeps it as a draft',
    tag,
    groups: write,
    body: draftInput,
    query: z.object({ draft: z.enum(['true', 'false']).default('false') }),
    response: z.object({
      id: z.uuid(),
      state: z.enum(['draft', 'posted']),
      number: z.string().nullable(),
      faults: z.array(fault),
      document: z.looseObject({}).nullable(),
      eDocument: z.looseObject({}).nullable(),
    }),
    idempotent: true,
    status: 201,
    handle: async ({ context, body, query, idempotencyKey }) => {
      if (query.draft === 'true') {
        const draft = await host.db.company(context.companyId, (transaction) => saveDraft(host, context, transaction, undefined, body))
        return { id: draft.id, state: 'draft', number: null, faults: draft.faults, document: null, eDocument: null }
      }
      const [outcome] = await postInvoices(host, context, [
        { input: body, ...(idempotencyKey === undefined ? {} : { idempotencyKey: `api:${idempotencyKey}` }) },
      ])
      if (outcome?.status !== 'posted') {
        Fault.throwIfAny(outcome?.faults ?? [])
        throw new Error('a refused invoice has a fault')
      }
      const { finish } = outcome
      return {
        id: outcome.invoiceId,
        state: 'posted',
        number: outcome.number,
        faults: outcome.faults,
        document: outcome.document,
        eDocument: finish,
      }
    },
  })

  routes.api({
    method: 'get',
    path: '/invoices',
    summary: 'Invoices, newest first',
    tag,
    groups: read,
    query: z.object({
      search: z.string().max(200).optional(),
      state: z.enum(['draft', 'posted', 'cancelled']).optional(),
      type: z.enum(['invoice', 'credit_note', 'debit_note']).optional(),
      contactId: z.uuid().optional(),
      from: z.iso.date().optional(),
      to: z.iso.date().optional(),
      offset: z.coerce.number().int().min(0).default(0),
      limit: z.coerce.number().int().min(1).max(500).default(80),
    }),
    response: z.object({ total: z.number(), invoices: z.array(summary) }),
    handle: ({ context, query }) => host.db.company(context.companyId, (transaction) => listSummaries(transaction, query)),
  })

  routes.api({
    method: 'get',
    path: '/invoices/:id',
    summary: 'One invoice with its frozen document, payments and the state of its PDF',
    tag,
    groups: read,
    response: whole,
    handle: ({ context, params }) =>
      host.db.company(context.companyId, async (transaction) => {
        const id = idOf(params)
        const found = await summaryOf(transaction, id)
        return {
          ...found,
          document: (await documentsOf(transaction, [id])).get(id) ?? null,
          settlements: await settlementsOf(transaction, id),
          print: await printStateOf(transaction, id),
        }
      }),
  })

  routes.api({
    method: 'put',
    path: '/invoices/:id',
    summary: 'Changes a draft',
    tag,
    groups: write,
    body: draftInput,
    response: z.object({ id: z.uuid(), faults: z.array(fault) }),
    handle: ({ context, params, body }) =>
      host.db.company(context.companyId, (transaction) => saveDraft(host, context, transaction, idOf(params), body)),
  })

  routes.api({
    method: 'delete',
    path: '/invoices/:id',
    summary: 'Deletes a draft',
    tag,
    groups: write,
    response: z.object({ deleted: z.boolean() }),
    handle: ({ context, params }) =>
      host.db.company(context.companyId, async (transaction) => {
        await deleteDrafts(host, context, transaction, [idOf(params)])
        return { deleted: true }
      }),
  })

  routes.api({
    method: 'post',
    path: '/invoices/:id/post',
    summary: 'Posts a draft',
    tag,
    groups: write,
    response: z.object({ id: z.uuid(), number: z.string(), faults: z.array(fault) }),
    handle: async ({ context, params }) => {
      const [outcome] = await postInvoices(host, context, [{ draftId: idOf(params) }])
      if (outcome?.status !== 'posted') Fault.throwIfAny(outcome?.faults ?? [])
      return outcome?.status === 'posted' ? { id: outcome.invoiceId, number: outcome.number, faults: outcome.faults } : {}
    },
  })

  routes.api({
    method: 'get',
    path: '/invoices/:id/pdf',
    summary: 'The final PDF of a posted invoice; of a draft, a preview that says so',
    tag,
    groups: read,
    response: { mediaType: 'application/pdf' },
    handle: async ({ context, params }) => pdfAnswer(host, context, idOf(params), 'attachment'),
  })

  routes.api({
    method: 'get',
    path: '/invoices/:id/legal',
    summary: 'The file the law knows the invoice by',
    tag,
    groups: read,
    response: { mediaType: 'application/octet-stream' },
    handle: async ({ context, params }) => legalAnswer(host, context, idOf(params)),
  })

  routes.api({
    method: 'post',
    path: '/invoices/:id/payments',
    summary: 'Registers a payment, of the open amount unless told',
    tag,
    groups: write,
    body: paymentInput,
    response: z.object({ id: z.uuid(), number: z.string(), amount: decimal, allocated: decimal, unallocated: decimal }).loose(),
    idempotent: true,
    status: 201,
    handle: ({ context, params, body }) =>
      host.db.company(context.companyId, (transaction) =>
        registerPayment(host, context, transaction, idOf(params), {
          method: body.method,
          ...(body.amount === undefined ? {} : { amount: body.amount }),
          ...(body.date === undefined ? {} : { date: body.date }),
          ...(body.memo === undefined ? {} : { memo: body.memo }),
        }),
      ),
  })

  routes.api({
    method: 'delete',
    path: '/payments/:id',
    summary: 'Undoes a payment: what it settled is open again',
    tag,
    groups: write,
    response: z.object({ undone: z.boolean() }),
    handle: ({ context, params }) =>
      host.db.company(context.companyId, async (transaction) => {
        await undoPayment(host, context, transaction, idOf(params))
        return { undone: true }
      }),
  })

  routes.api({
    method: 'post',
    path: '/invoices/:id/cancel',
    summary: 'Cancels a posted invoice that nothing was paid on',
    tag,
    groups: ['invoicing.manager'],
    body: z.object({ reason: z.string().max(1000) }).strict(),
    response: z.object({ cancelled: z.boolean() }),
    handle: async ({ context, params, body }) => {
      await cancelInvoice(host, context, idOf(params), body.reason)
      return { cancelled: true }
    },
  })

  routes.api({
    method: 'post',
    path: '/invoices/:id/notes',
    summary: 'Makes a draft credit or debit note on a posted invoice',
    tag,
    groups: write,
    body: z
      .object({ type: z.enum(['credit_note', 'debit_note']).default('credit_note'), reason: z.string().max(1000).optional() })
      .strict(),
    response: z.object({ id: z.uuid() }).loose(),
    status: 201,
    handle: ({ context, params, body }) =>
      host.db.company(context.companyId, (transaction) =>
        makeNote(host, context, transaction, idOf(params), {
          type: body.type,
          ...(body.reason === undefined ? {} : { reason: body.reason }),
        }),
      ),
  })

  routes.api({
    method: 'post',
    path: '/invoices/:id/send',
    summary: 'Sends the PDF and the legal file by mail',
    tag,
    groups: write,
    body: z
      .object({ to: z.string().optional(), subject: z.string().max(200).optional(), body: z.string().max(10_000).optional() })
      .strict(),
    response: z.object({ mailId: z.string() }),
    status: 202,
    handle: ({ context, params, body }) =>
      host.db.company(context.companyId, async (transaction) => {
        const id = idOf(params)
        const proposed = await composeMail(host, context, transaction, id)
        const mail = { to: body.to ?? proposed.to, subject: body.subject ?? proposed.subject, body: body.body ?? proposed.body }
        return { mailId: await sendInvoice(host, context, transaction, id, mail) }
      }),
  })
}

/** The final PDF, else the preview of a draft. */
export async function pdfAnswer(
  host: Host,
  context: Parameters<typeof previewPdf>[1],
  id: string,
  disposition: 'inline' | 'attachment',
): Promise<FileAnswer> {
  const { state, number } = await host.db.company(context.companyId, (transaction) => summaryOf(transaction, id))
  if (state === 'draft') return new FileAnswer(await previewPdf(host, context, id), 'application/pdf', 'draft.pdf', disposition)
  const bytes = await host.db.company(context.companyId, (transaction) => finalPdf(transaction, host, id))
  return new FileAnswer(bytes, 'application/pdf', `${fileName(number ?? '')}.pdf`, disposition)
}

/** @throws Fault INVOICE-LEGAL-MISSING (404) */
export async function legalAnswer(host: Host, context: Parameters<typeof previewPdf>[1], id: string): Promise<FileAnswer> {
  const file = await host.db.company(context.companyId, (transaction) => legalFileOf(host, context, transaction, id))
  if (file === null) throw new Fault('INVOICE-LEGAL-MISSING', { status: 404 })
  return new FileAnswer(file.bytes, file.mediaType, file.name, 'attachment')
}

/** An id that is none finds nothing, instead of failing in the database. */
export function idOf(params: Readonly<Record<string, string>>): string {
  const id = params['id'] ?? ''
  if (!z.uuid().safeParse(id).success) throw new Fault('INVOICE-UNKNOWN', { status: 404, params: { id: id.slice(0, 60) } })
  return id
}
