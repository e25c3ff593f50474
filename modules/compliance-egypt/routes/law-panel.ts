import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import type { FormView } from '../../../core/views/view.js'
import { examinationOf } from '../law/examinations.js'
import { timesOf } from '../law/time-stamps.js'
import { signatureRows } from '../signing/signature-rows.js'
import { isManager } from './authority-panel.js'
import { cairoDay } from '../data/cairo-day.js'

/** The signature by law, on the invoice: its ground, the time somebody else proves, ITIDA's examination, and the dossier. */
export function addLawPanel({ host, views }: ModuleSetup): void {
  views.extend<FormView>('invoicing.invoice.form', (view) => ({
    ...view,
    panels: [
      ...(view.panels ?? []),
      {
        name: 'compliance-egypt-law',
        label: 'compliance-egypt.law.panel',
        template: 'compliance-egypt/law-panel',
        load: (record, transaction, context) =>
          typeof record.id === 'string' ? loadPanel(host, transaction, context, record.id) : Promise.resolve(null),
      },
    ],
  }))
}

async function loadPanel(host: Host, transaction: CompanyTransaction, context: CompanyContext, invoiceId: string): Promise<object | null> {
  const signature = (await signatureRows(transaction, [invoiceId])).get(invoiceId)
  if (signature?.state !== 'signed') return null
  const examination = await examinationOf(transaction, invoiceId)
  const { proven, awaited } = await timesOf(transaction, invoiceId)
  const text = (key: string, params?: Record<string, string>): string => host.i18n.text(context.locale, `compliance-egypt.${key}`, params)
  const { basis, evidence } = signature
  // An examination counts for the same signature, with a key that is secure.
  const secure = evidence !== null && evidence.soleControl !== 'outside'
  const ground = basis?.basis === '9a' ? '9a' : secure && examination !== undefined ? '9b' : 'none'
  return {
    base: `/app/compliance-egypt/documents/${invoiceId}`,
    manager: isManager(context),
    basis: text(`dossier.basis.${ground}`),
    colour: ground === 'none' ? 'orange' : 'green',
    reasons: (basis?.reasons ?? [])
      .filter((code) => ground === 'none' && !(examination !== undefined && code === 'EG-BASIS-NOT-EXAMINED'))
      .map((code) => host.i18n.faultOnPage(context.locale, { code })),
    unattended: evidence?.unattended === true,
    mandate: evidence?.mandate ?? null,
    times: proven.map(({ authority, at, dependence, trusted }) => ({
      authority,
      at: at.toISOString(),
      counts: dependence === null && trusted,
      why: dependence !== null ? text(`law.dependence.${dependence}`) : trusted ? '' : text('law.time.untrusted'),
    })),
    awaited: awaited.map(({ url, problem, nextTryAt }) => ({
      url,
      problem: host.i18n.faultOnPage(context.locale, problem),
      next: nextTryAt.toISOString(),
    })),
    noTime: proven.length === 0 && awaited.length === 0,
    examination: examination ?? null,
    today: cairoDay(host.now()),
  }
}
