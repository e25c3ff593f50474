import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { deskProgress, standingsOfDocuments } from '../../../core/signing/keys/agent/document-standings.js'
import type { BadgeColor } from '../../../core/views/view.js'
import { documentOf, summaryOf } from '../../invoicing/index.js'
import { isOursAlone, rowOfInvoice, type DocumentRow } from '../models/document-rows.js'
import { regimeOf } from './regime-of.js'

export interface TimelineStep {
  readonly name: 'posted' | 'signed' | 'sent' | 'answered' | 'withdrawn'
  readonly label: string
  /** ISO 8601; the page writes it as its reader does. */
  readonly at: string | null
  readonly state: 'done' | 'now' | 'open' | 'failed'
  readonly detail: string | null
}

/** What the panel of the invoice form shows. Texts are in the reader's language already. */
export interface Timeline {
  readonly title: string
  readonly state: string
  readonly color: BadgeColor
  readonly invoiceId: string
  readonly steps: readonly TimelineStep[]
  readonly chain: string | null
  readonly hash: string
  readonly uuid: string
  readonly faults: readonly { readonly text: string; readonly level: string }[]
  /** Changes with every step while the answer is out; null when the story is over. */
  readonly waiting: string | null
  readonly stuck: { readonly text: string; readonly nextTry: string | null } | null
  /** Whose signature it waits for, and how far he is with the lot it belongs to. */
  readonly desk: { readonly text: string; readonly label: string; readonly href: string } | null
  readonly retry: { readonly label: string; readonly href: string } | null
  /** Nobody signed it and it left nowhere: it can be withdrawn, by cancelling it in the form's own dialog. */
  readonly withdraw: { readonly label: string; readonly hint: string; readonly dialog: string } | null
  /** Withdrawn: the same invoice again, as a draft to be mended. */
  readonly anew: { readonly label: string; readonly hint: string; readonly href: string } | null
  readonly reply: { readonly label: string; readonly href: string } | null
  readonly legal: { readonly label: string; readonly href: string } | null
  readonly labels: Readonly<Record<'chain' | 'hash' | 'uuid' | 'nextTry', string>>
}

/** Colour of a state, on the invoice and in lists. */
export const documentColors: Readonly<Record<DocumentRow['state'], BadgeColor>> = {
  prepared: 'orange',
  signed: 'blue',
  submitted: 'blue',
  accepted: 'green',
  accepted_with_warnings: 'gold',
  rejected: 'red',
  withdrawn: 'grey',
}

/** Loads the compliance panel of an invoice; null when nothing was filed for it. */
export async function loadTimeline(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  invoiceId: string,
): Promise<Timeline | null> {
  const row = await rowOfInvoice(transaction, invoiceId)
  if (row === undefined) return null
  const company = await host.access.company(context.companyId)
  const regime = await regimeOf(host, context, company)
  const text = (key: string, params?: Record<string, string | number>): string =>
    host.i18n.text(context.locale, `compliance.${key}`, params)
  const later = (await regime?.laterState?.(transaction, context, invoiceId)) ?? null
  const desk = await deskOf(transaction, row, text)
  const final = row.answeredAt !== null || row.state === 'withdrawn'
  const open = !final
  return {
    title: regime === undefined ? text('panel') : host.i18n.pick(context.locale, regime.title),
    state: later?.text ?? text(`state.${row.state}`),
    color: later?.color ?? documentColors[row.state],
    invoiceId,
    steps: stepsOf(row, desk !== null, text),
    chain: row.counter === null ? null : String(row.counter),
    hash: row.hash,
    uuid: row.uuid,
    faults: row.faults.map((fault) => ({ text: host.i18n.faultOnPage(context.locale, fault), level: fault.level ?? 'error' })),
    waiting: open ? [row.state, String(row.attempts), row.lastError?.code ?? '', desk?.text ?? ''].join(' ') : null,
    desk: desk === null ? null : { text: desk.text, label: text('desk.open'), href: '/app/credentials/desks' },
    stuck:
      open && row.lastError !== null && desk === null
        ? { text: host.i18n.faultOnPage(context.locale, row.lastError), nextTry: isoOf(row.nextTryAt) }
        : null,
    retry:
      open && row.lastError !== null && desk === null
        ? { label: text('retry'), href: `/app/compliance/documents/${invoiceId}/retry` }
        : null,
    withdraw:
      open && row.lastError !== null && desk === null && isOursAlone(row) && mayCancel(context) && (await isPosted(transaction, row))
        ? { label: text('withdraw'), hint: text('withdraw.hint'), dialog: 'dialog-cancel' }
        : null,
    anew:
      row.state === 'withdrawn' && mayWrite(context) && (await isInvoice(transaction, row))
        ? { label: text('anew'), hint: text('anew.hint'), href: `/app/invoicing/invoice/${invoiceId}/action/duplicate` }
        : null,
    reply: row.answerBody === null ? null : { label: text('reply'), href: `/app/compliance/documents/${invoiceId}/reply` },
    legal: row.legalSha256 === null ? null : { label: text('legal'), href: `/app/compliance/documents/${invoiceId}/legal` },
    labels: { chain: text('field.counter'), hash: text('field.hash'), uuid: text('field.uuid'), nextTry: text('field.next_try') },
  }
}

/** For what is shown; what is done asks `host.access.require`. */
const mayCancel = ({ groups }: CompanyContext): boolean => groups.has('*') || groups.has('invoicing.manager')
const mayWrite = ({ groups }: CompanyContext): boolean => groups.has('*') || groups.has('invoicing.user')

async function isPosted(transaction: CompanyTransaction, { invoiceId }: DocumentRow): Promise<boolean> {
  return (await summaryOf(transaction, invoiceId)).state === 'posted'
}

/** Notes are made from their invoice, receipts at the till. */
async function isInvoice(transaction: CompanyTransaction, { invoiceId }: DocumentRow): Promise<boolean> {
  const { type, simplified } = await documentOf(transaction, invoiceId)
  return type === 'invoice' && !simplified
}

/** The desk an unsigned document lies on; null when it lies on none. */
async function deskOf(
  transaction: CompanyTransaction,
  row: DocumentRow,
  text: (key: string, params?: Record<string, string | number>) => string,
): Promise<{ readonly text: string } | null> {
  if (row.state !== 'prepared') return null
  const standing = (await standingsOfDocuments(transaction, 'stamp-e-invoice', 'invoicing.invoice', [row.invoiceId])).get(row.invoiceId)
  if (standing?.state !== 'pending') return null
  const lot = (await deskProgress(transaction)).find(({ keyId }) => keyId === standing.keyId)
  if (lot === undefined) return null
  const [desk] = lot.desks
  const params = { desk: desk?.name ?? '', signed: lot.signed, total: lot.total }
  return { text: text(desk === undefined ? 'desk.none' : desk.connected ? 'desk.waiting' : 'desk.away', params) }
}

function stepsOf(
  row: DocumentRow,
  atDesk: boolean,
  text: (key: string, params?: Record<string, string | number>) => string,
): TimelineStep[] {
  const signing = row.signedAt !== null ? 'done' : row.lastError === null || atDesk ? 'now' : 'failed'
  const sent = row.firstSentAt !== null
  const answered = row.answeredAt !== null
  const posted: TimelineStep = { name: 'posted', label: text('step.posted'), at: isoOf(row.createdAt), state: 'done', detail: row.number }
  // It waits for nothing any more.
  if (row.state === 'withdrawn')
    return [posted, { name: 'withdrawn', label: text('state.withdrawn'), at: null, state: 'done', detail: null }]
  return [
    posted,
    {
      name: 'signed',
      label: text(row.signedAt === null ? 'step.signing' : 'step.signed'),
      at: isoOf(row.signedAt),
      state: signing,
      detail: null,
    },
    {
      name: 'sent',
      label: text(sent ? 'step.sent' : 'step.sending'),
      at: isoOf(row.firstSentAt),
      state: sent
        ? answered || row.lastError === null || row.lastError.code === 'COMPLIANCE-PENDING'
          ? 'done'
          : 'failed'
        : row.signedAt === null
          ? 'open'
          : 'now',
      detail: row.attempts > 1 ? text('attempts', { count: row.attempts }) : null,
    },
    {
      name: 'answered',
      label: text(answered ? `step.${row.state}` : 'step.answer'),
      at: isoOf(row.answeredAt),
      state: answered ? (row.state === 'rejected' ? 'failed' : 'done') : sent ? 'now' : 'open',
      detail: null,
    },
  ]
}

function isoOf(at: Date | null): string | null {
  return at?.toISOString() ?? null
}
