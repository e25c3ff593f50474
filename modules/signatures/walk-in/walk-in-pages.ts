import { qrSvg } from '../../../core/documents/qr.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { formText } from '../../../core/http/form-text.js'
import type { PageAnswer, PageCall, VisitorCall } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { companyRole } from '../models/field.js'
import { publicAddress, signerPath } from '../services/requests/links.js'
import { readInput } from '../services/requests/read-input.js'
import { readTemplate } from '../services/template-rows.js'
import {
  closedReason,
  createWalkIn,
  findWalkIn,
  listWalkIns,
  startWalkIn,
  stopWalkIn,
  walkInInput,
  walkInPath,
  type WalkIn,
} from './walk-in.js'

const user = ['signatures.user']
const look = { calls: 60, seconds: 60 } as const
/** Each start sends a mail to an address that somebody typed. */
const start = { calls: 5, seconds: 600 } as const

/** Public links: their page beside the template, and the page of who opens one. */
export function addWalkIns({ host, routes }: ModuleSetup): void {
  routes.page('get', '/template/:id/links', user, (call) => linksPage(host, call))

  routes.page('post', '/template/:id/links', user, async (call) => {
    const templateId = call.params['id'] ?? ''
    const here = `/app/signatures/template/${templateId}/links`
    if (formText(call.body, 'action') === 'stop') {
      await inCompany(host, call, (transaction) => stopWalkIn(host, transaction, call.context, formText(call.body, 'link')))
      return { kind: 'redirect', to: here, notice: { key: 'signatures.walk-in.stopped', level: 'success' } }
    }
    await inCompany(host, call, async (transaction) => {
      const template = await readTemplate(transaction, templateId)
      const role = formText(call.body, 'role')
      const others = template.current.roles.filter(({ id }) => id !== role && id !== companyRole)
      const most = Number(formText(call.body, 'most') || '0')
      const until = formText(call.body, 'until')
      const input = readInput(walkInInput, {
        name: formText(call.body, 'name') || template.name,
        role,
        signers: others.map(({ id }) => ({ role: id, name: formText(call.body, `name.${id}`), email: formText(call.body, `email.${id}`) })),
        most: Number.isInteger(most) ? most : -1,
        ...(until === '' ? {} : { expiresAt: `${until}T23:59:59Z` }),
      })
      await createWalkIn(host, transaction, call.context, templateId, input)
    })
    return { kind: 'redirect', to: here, notice: { key: 'signatures.walk-in.made', level: 'success' } }
  })

  routes.visitor('get', '/start/:token', look, (call) => startPage(host, call, { name: '', email: '' }))

  routes.visitor('post', '/start/:token', start, async (call) => {
    const typed = { name: formText(call.body, 'name'), email: formText(call.body, 'email') }
    const found = await findWalkIn(host, call.params['token'] ?? '')
    if (found === undefined) return startPage(host, call, typed)
    try {
      const token = await startWalkIn(host, found.companyId, found.walkIn.id, { ...typed, locale: call.locale })
      return { kind: 'redirect', to: signerPath(token) }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return startPage(host, call, typed, error)
    }
  })
}

async function linksPage(host: Host, call: PageCall): Promise<PageAnswer> {
  const id = call.params['id'] ?? ''
  const address = publicAddress(host, await host.access.company(call.context.companyId))
  const { template, links } = await inCompany(host, call, async (transaction) => ({
    template: await readTemplate(transaction, id),
    links: await listWalkIns(transaction, id),
  }))
  const text = (key: string): string => host.i18n.text(call.context.locale, key)
  const signing = template.current.roles.filter(({ action, id: role }) => action === 'sign' && role !== companyRole)
  const data = {
    id,
    name: template.name,
    roles: signing.map((role, index) => ({ ...role, first: index === signing.length - 1 })),
    others: template.current.roles.filter(({ id: role }) => role !== companyRole),
    several: template.current.roles.length > 1,
    links: links.map((link) => linkView(host, link, `${address}${walkInPath(link.token)}`, template.current.roles)),
  }
  return {
    kind: 'page',
    template: 'signatures/walk-in-links',
    title: text('signatures.walk-in.title'),
    breadcrumb: [{ label: template.name, href: `/app/signatures/template/${id}` }, { label: text('signatures.walk-in.title') }],
    data,
  }
}

function linkView(host: Host, link: WalkIn, url: string, roles: readonly { id: string; name: string }[]): object {
  const closed = closedReason(link, host.now())
  return {
    ...link,
    url,
    role: roles.find(({ id }) => id === link.role)?.name ?? link.role,
    open: closed === undefined,
    stateLabel: `signatures.walk-in.state.${closed ?? 'open'}`,
    qr: `data:image/svg+xml;base64,${Buffer.from(qrSvg(url)).toString('base64')}`,
  }
}

/** What a stranger sees: who asks for what, and two fields; or why the link makes nothing. */
async function startPage(host: Host, call: VisitorCall, typed: { name: string; email: string }, fault?: Fault): Promise<PageAnswer> {
  const token = call.params['token'] ?? ''
  const found = await findWalkIn(host, token)
  const title = host.i18n.text(call.locale, 'signatures.walk-in.page')
  if (found === undefined)
    return {
      kind: 'page',
      template: 'signatures/walk-in-closed',
      title,
      status: 404,
      data: { reason: 'signatures.walk-in.closed.unknown' },
    }
  const company = await host.access.company(found.companyId)
  const name = call.locale === 'ar' ? (company.nameAr ?? company.name) : company.name
  const closed = closedReason(found.walkIn, host.now())
  if (closed !== undefined)
    return {
      kind: 'page',
      template: 'signatures/walk-in-closed',
      title,
      status: 410,
      data: { reason: `signatures.walk-in.closed.${closed}`, company: name },
    }
  return {
    kind: 'page',
    template: 'signatures/walk-in-start',
    title,
    here: `/start/${token}`,
    ...(fault === undefined ? {} : { status: fault.status }),
    data: {
      token,
      company: name,
      template: found.template,
      ...typed,
      error: fault === undefined ? null : host.i18n.faultOnPage(call.locale, fault.details[0] ?? { code: fault.code }),
    },
  }
}

function inCompany<Result>(host: Host, call: PageCall, work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result> {
  return host.db.company(call.context.companyId, work)
}
