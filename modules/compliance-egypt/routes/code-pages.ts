import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { addCodes, codeInput, codesOf, importCodes, refreshCodes, sendCodes, type CodeState } from '../authority/codes.js'
import { registrationNumberOf } from '../company/readiness.js'

const managers = ['invoicing.manager'] as const
const page = '/app/compliance-egypt/codes'
const colours: Readonly<Record<CodeState, string>> = {
  draft: 'grey',
  sending: 'blue',
  submitted: 'blue',
  approved: 'green',
  rejected: 'red',
  refused: 'red',
}

/** Codes of goods at the authority: draft, asked for, decided; one by one, from a file, or by programs. */
export function codePages({ host, routes }: ModuleSetup): void {
  routes.page('get', '/codes', managers, async ({ context }) => ({
    kind: 'page',
    template: 'compliance-egypt/codes',
    title: host.i18n.text(context.locale, 'compliance-egypt.codes.title'),
    data: await codesData(host, context, []),
  }))
  routes.page('post', '/codes', managers, async ({ context, body }) => {
    const read = codeInput.safeParse({ ...body, usage: body.usage === 'on' })
    if (!read.success) throw new Fault('EG-CODE-FORM', { path: read.error.issues[0]?.path.join('.') ?? '' })
    await addCodes(host, context, [read.data])
    return { kind: 'redirect', to: page, notice: { key: 'compliance-egypt.notice.code-added', level: 'success' } }
  })
  routes.page('post', '/codes/import', managers, async ({ context, files }) => {
    const file = files.find((one) => one.field === 'file')
    if (file === undefined) throw new Fault('EG-CODE-FILE', { path: 'file' })
    const { added, faults } = await importCodes(host, context, file.bytes)
    if (faults.length === 0)
      return {
        kind: 'redirect',
        to: page,
        notice: { key: 'compliance-egypt.notice.codes-imported', params: { count: added }, level: 'success' },
      }
    return {
      kind: 'page',
      template: 'compliance-egypt/codes',
      title: host.i18n.text(context.locale, 'compliance-egypt.codes.title'),
      data: await codesData(
        host,
        context,
        faults.slice(0, 50).map((fault) => host.i18n.fault(context.locale, fault)),
      ),
      status: 422,
      here: page,
    }
  })
  routes.page('post', '/codes/send', managers, async ({ context }) => {
    const count = await sendCodes(host, context)
    return { kind: 'redirect', to: page, notice: { key: 'compliance-egypt.notice.codes-sent', params: { count }, level: 'success' } }
  })
  routes.page('post', '/codes/refresh', managers, async ({ context }) => {
    await refreshCodes(host, context)
    return { kind: 'redirect', to: page, notice: { key: 'compliance-egypt.notice.codes-refreshed', level: 'success' } }
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

async function codesData(host: Host, context: CompanyContext, faults: readonly string[]): Promise<object> {
  const rin = registrationNumberOf(await host.access.company(context.companyId)) ?? ''
  const rows = await host.db.company(context.companyId, (transaction) => codesOf(transaction))
  return {
    faults,
    prefix: `EG-${rin}-`,
    today: host.now().toISOString().slice(0, 10),
    drafts: rows.filter((one) => one.state === 'draft').length,
    codes: rows.map((one) => ({
      ...one,
      colour: colours[one.state],
      stateText: host.i18n.text(context.locale, `compliance-egypt.code-state.${one.state}`),
    })),
  }
}
