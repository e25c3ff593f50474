import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { PageAnswer } from '../../../core/http/routes.js'
import { addCodes, codeInput, codesOf } from '../authority/codes.js'
import { codeLabels, importCodes, rowOf } from '../authority/import-codes.js'
import { sendCodes } from '../authority/request-codes.js'
import { codesPage, codeViews } from '../views/code-views.js'

const managers = ['invoicing.manager'] as const
const mostFaults = 50

/** Codes of goods at the authority: draft, asked for, decided; one by one, from a file, or by programs. */
export function codePages(setup: ModuleSetup): void {
  const { host, routes } = setup
  codeViews(setup)
  routes.page('get', '/codes-import', managers, ({ context }) => Promise.resolve(importPage(host, context, [])))
  routes.page('post', '/codes-import', managers, async ({ context, files }) => {
    const file = files.find((one) => one.field === 'file')
    if (file === undefined || file.bytes.length === 0) return importPage(host, context, [new Fault('EG-CODE-FILE', { path: 'file' })])
    const { added, faults } = await importCodes(host, context, file.bytes).catch((error: unknown) => {
      if (error instanceof Fault) return { added: 0, faults: error.details.length === 0 ? [error] : error.details }
      throw error
    })
    if (faults.length > 0) return importPage(host, context, faults)
    return {
      kind: 'redirect',
      to: codesPage,
      notice: { key: 'compliance-egypt.notice.codes-imported', params: { count: added }, level: 'success' },
    }
  })

  const shown = z.object({
    itemCode: z.string(),
    codeType: z.enum(['EGS', 'GS1']),
    usage: z.boolean(),
    parentCode: z.string(),
    name: z.string(),
    nameAr: z.string(),
    activeFrom: z.string(),
    activeTo: z.string().nullable(),
    state: z.enum(['draft', 'sending', 'submitted', 'approved', 'rejected', 'refused']),
    reason: z.string().nullable(),
  })
  routes.api({
    method: 'get',
    path: '/egypt/codes',
    summary: 'Codes of goods at the Egyptian authority, with their states',
    tag: 'compliance-egypt',
    groups: managers,
    response: z.array(shown),
    handle: async ({ context }) =>
      (await host.db.company(context.companyId, (transaction) => codesOf(transaction))).map(
        ({ id: _id, requestId: _request, ...one }) => one,
      ),
  })
  routes.api({
    method: 'post',
    path: '/egypt/codes',
    summary: 'Adds codes of goods and sends them to the Egyptian authority for approval',
    tag: 'compliance-egypt',
    groups: managers,
    body: z.object({ codes: z.array(codeInput).min(1).max(500), send: z.boolean().default(true) }),
    response: z.object({ added: z.number(), taken: z.number() }),
    status: 201,
    handle: async ({ context, body }) => {
      await addCodes(host, context, body.codes)
      return { added: body.codes.length, taken: body.send ? await sendCodes(host, context) : 0 }
    },
  })
}

/** Faults are listed with row and column; the file is chosen again when it is mended. */
function importPage(host: Host, context: CompanyContext, faults: readonly FaultDetail[]): PageAnswer {
  return {
    kind: 'page',
    template: 'compliance-egypt/code-import',
    title: host.i18n.text(context.locale, 'compliance-egypt.codes.import'),
    data: {
      heads: Object.values(codeLabels).map(([key]) => host.i18n.text(context.locale, key ?? '')),
      count: faults.length,
      faults: faults.slice(0, mostFaults).map((fault) => lineOf(host, context, fault)),
    },
    status: faults.length === 0 ? 200 : 422,
    here: codesPage,
  }
}

/** A fault as the list tells it: the row as a spreadsheet counts it, columns by the words of the form. */
function lineOf({ i18n }: Host, { locale }: CompanyContext, fault: FaultDetail): string {
  const row = rowOf(fault)
  if (fault.code === 'EG-CODE-ROW') {
    const labels = String(fault.params?.['field'] ?? '')
      .split(', ')
      .map((name) => labelOf(name))
    return i18n.faultOnPage(locale, { ...fault, params: { ...fault.params, field: labels.join(locale === 'ar' ? '، ' : ', ') } })
  }
  const because = i18n.faultOnPage(locale, fault)
  return row < 0 ? because : i18n.text(locale, 'compliance-egypt.codes.row', { row: row + 2, because })

  function labelOf(name: string): string {
    const key = Object.entries(codeLabels).find(([field]) => field === name)?.[1][0]
    return key === undefined ? name : i18n.text(locale, key)
  }
}
