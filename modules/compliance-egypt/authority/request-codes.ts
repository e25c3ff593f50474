import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import { storableText } from '../../../core/audit/canonical-json.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { SubmissionUncertain } from '../../compliance/index.js'
import { codesOf, setCodes } from './codes.js'
import { callEta } from './eta-client.js'
import { readError } from './eta-errors.js'
import { count } from './eta-shapes.js'

/** Longer than any reason an accountant reads. */
const longestReason = 1_000

/** Words and numbers of the authority as a row can hold them: one it cannot hold would keep every other decision from being read, for ever. */
const kept = (said: string | number | null | undefined): string | null =>
  said === null || said === undefined ? null : storableText(String(said).slice(0, longestReason))

const creation = z.looseObject({
  passedItems: z
    .array(z.looseObject({ itemCode: z.string(), codeUsageRequestId: z.union([z.string(), z.number()]).nullish().catch(null) }))
    .nullish()
    .catch([]),
  failedItems: z
    .array(z.looseObject({ itemCode: z.string(), errors: z.array(z.unknown()).nullish().catch([]) }))
    .nullish()
    .catch([]),
})

/** Sends all drafts, new codes and uses apart. What was sent and not answered is looked for before. */
export async function sendCodes(host: Host, context: CompanyContext): Promise<number> {
  host.access.require(context, 'invoicing.manager')
  const company = await host.access.company(context.companyId)
  await refreshCodes(host, context)
  let taken = 0
  for (const usage of [false, true]) {
    const rows = await host.db.company(context.companyId, async (transaction) => {
      const drafts = (await codesOf(transaction, ['draft'])).filter((one) => one.usage === usage)
      await setCodes(
        transaction,
        drafts.map((one) => one.id),
        { state: 'sending', sent_at: host.now() },
      )
      return drafts
    })
    if (rows.length === 0) continue
    const items = rows.map((one) =>
      usage
        ? { codetype: one.codeType, itemcode: one.itemCode, comment: one.name }
        : {
            codeType: one.codeType,
            parentCode: one.parentCode,
            itemCode: one.itemCode,
            codeName: one.name,
            codeNameAr: one.nameAr,
            activeFrom: `${one.activeFrom}T00:00:00Z`,
            activeTo: one.activeTo === null ? null : `${one.activeTo}T00:00:00Z`,
            description: one.name,
            descriptionAr: one.nameAr,
          },
    )
    const path = usage ? 'api/v1.0/codetypes/requests/codeusages' : 'api/v1.0/codetypes/requests/codes'
    const reply = await callEta(host, context, company, { method: usage ? 'PUT' : 'POST', path, body: JSON.stringify({ items }) })
    const read = creation.safeParse(reply.json)
    const said = read.success ? [...(read.data.passedItems ?? []), ...(read.data.failedItems ?? [])] : []
    if (said.length === 0) {
      const [fault] = readError(reply.json, reply.text).faults
      if (reply.status >= 400 && fault !== undefined) {
        // Refused as a whole: drafts again, and the reason is shown.
        await host.db.company(context.companyId, (transaction) =>
          setCodes(
            transaction,
            rows.map((one) => one.id),
            { state: 'draft' },
          ),
        )
        throw new Fault(fault.code, { status: 409, params: fault.params ?? {} })
      }
      throw new SubmissionUncertain(`codes: HTTP ${reply.status}`)
    }
    await host.db.company(context.companyId, async (transaction) => {
      for (const row of rows) {
        const passed = read.data?.passedItems?.find((one) => one.itemCode === row.itemCode)
        const failed = read.data?.failedItems?.find((one) => one.itemCode === row.itemCode)
        if (passed !== undefined) {
          taken++
          await setCodes(transaction, [row.id], {
            state: 'submitted',
            request_id: kept(passed.codeUsageRequestId),
          })
        } else if (failed !== undefined) {
          const reason = (failed.errors ?? []).map((error) => (typeof error === 'string' ? error : JSON.stringify(error))).join(' · ')
          await setCodes(transaction, [row.id], { state: 'refused', reason: kept(reason) })
        }
      }
      host.audit.record(transaction, context, {
        action: 'compliance-egypt.codes-sent',
        subject: { type: 'compliance-egypt.company', id: context.companyId, label: company.name },
        facts: { count: rows.length, taken },
      })
    })
  }
  return taken
}

const mine = z.looseObject({
  result: z.array(
    z.looseObject({
      // Without a code it speaks of none of ours.
      itemCode: z.union([z.string(), z.number().transform(String)]).catch(''),
      codeUsageRequestID: z.union([z.string(), z.number()]).nullish().catch(null),
      status: z.string().nullish().catch(null),
      active: z.boolean().nullish().catch(null),
      statusReason: z.string().nullish().catch(null),
    }),
  ),
  metadata: z.looseObject({ totalPages: count }).nullish().catch(null),
})

/** What the authority's staff decided about our requests. */
export async function refreshCodes(host: Host, context: CompanyContext): Promise<void> {
  const open = await host.db.company(context.companyId, (transaction) => codesOf(transaction, ['sending', 'submitted']))
  if (open.length === 0) return
  const company = await host.access.company(context.companyId)
  const said = new Map<string, { readonly status: string; readonly reason: string | null; readonly id: string | null }>()
  for (let page = 1; page <= 100; page++) {
    const reply = await callEta(host, context, company, {
      method: 'GET',
      path: 'api/v1.0/codetypes/requests/my',
      query: { Ps: '100', Pn: String(page) },
    })
    const read = mine.safeParse(reply.json)
    if (reply.status !== 200 || !read.success) throw new SubmissionUncertain(`codes: HTTP ${reply.status}`)
    for (const one of read.data.result) {
      const id = kept(one.codeUsageRequestID)
      // Newest first: the latest request of a code speaks for it.
      if (!said.has(one.itemCode)) said.set(one.itemCode, { status: (one.status ?? '').toLowerCase(), reason: kept(one.statusReason), id })
    }
    if (page >= (read.data.metadata?.totalPages ?? 1)) break
  }
  await host.db.company(context.companyId, async (transaction) => {
    for (const row of open) {
      const found = said.get(row.itemCode)
      if (found === undefined) {
        // It never arrived: a draft again, to be sent.
        if (row.state === 'sending') await setCodes(transaction, [row.id], { state: 'draft' })
      } else if (found.status === 'approved')
        await setCodes(transaction, [row.id], { state: 'approved', request_id: found.id, decided_at: host.now() })
      else if (found.status === 'rejected')
        await setCodes(transaction, [row.id], { state: 'rejected', request_id: found.id, reason: found.reason, decided_at: host.now() })
      else await setCodes(transaction, [row.id], { state: 'submitted', request_id: found.id })
    }
  })
}
