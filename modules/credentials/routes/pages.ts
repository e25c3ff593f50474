import { FileAnswer, type RouteRegistration } from '../../../core/http/routes.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { keyAlgorithms, type KeyAlgorithm } from '../../../core/signing/key.js'
import { keyFacts } from '../key-facts.js'
import { attempt, certificatesOf, labelled, mayManage, messages, purposeChoices, purposesOf, text, to, type Page } from './answers.js'
import { keyPage } from './key-page.js'
import { policyOf } from './policy-form.js'

/** Keys of the company: the list, a page to make or take in one, one page per key. */
export function addKeyPages(routes: RouteRegistration, host: Host): void {
  const viewers = ['credentials.user']
  const managers = ['credentials.manager']

  routes.page('get', '/keys', viewers, (call) => list(host, call, []))
  routes.page('get', '/new', managers, (call) => fresh(host, call, []))
  routes.page('post', '/keys/generate', managers, (call) =>
    attempt(call, fresh, host, async () => {
      const { context, body } = call
      const algorithm = keyAlgorithms.find((one) => one === text(body['algorithm'])) ?? ('ec-p256' satisfies KeyAlgorithm)
      const wanted = { name: text(body['name']), algorithm, purposes: purposesOf(body['purposes']) }
      const key = await host.db.company(context.companyId, (transaction) => host.signing.generateKey(transaction, context, wanted))
      return to(`keys/${key.id}`, 'credentials.notice.generated')
    }),
  )
  routes.page('post', '/keys/import', managers, (call) =>
    attempt(call, fresh, host, async () => {
      const { context, body, files } = call
      const bytes = files.find((file) => file.field === 'file')?.bytes
      if (bytes === undefined || bytes.length === 0) throw new Fault('SIGN-IMPORT-UNREADABLE', { path: 'file' })
      const password = text(body['password'])
      const wanted = { name: text(body['name']), purposes: purposesOf(body['purposes']), bytes, ...(password === '' ? {} : { password }) }
      const key = await host.db.company(context.companyId, (transaction) => host.signing.importKey(transaction, context, wanted))
      return to(`keys/${key.id}`, 'credentials.notice.imported')
    }),
  )
  routes.page('get', '/keys/:id', viewers, (call) => keyPage(host, call, []))
  routes.page('post', '/keys/:id/request', managers, (call) =>
    attempt(call, keyPage, host, async () => {
      const { context, params, body } = call
      const name = (['C', 'O', 'OU', 'CN'] as const).map((type) => ({ type, value: text(body[type]) })).filter(({ value }) => value !== '')
      const id = params['id'] ?? ''
      const subject = { name, extensions: [] }
      const pem = await host.db.company(context.companyId, (transaction) =>
        host.signing.certificateRequest(transaction, context, id, subject),
      )
      return new FileAnswer(Buffer.from(pem), 'application/pkcs10', `${id}.csr`)
    }),
  )
  routes.page('post', '/keys/:id/install', managers, (call) =>
    attempt(call, keyPage, host, async () => {
      const { context, params, files } = call
      const id = params['id'] ?? ''
      const certificates = files.filter((file) => file.bytes.length > 0).flatMap((file) => certificatesOf(file.bytes))
      await host.db.company(context.companyId, (transaction) => host.signing.installCertificates(transaction, context, id, certificates))
      return to(`keys/${id}`, 'credentials.notice.installed')
    }),
  )
  routes.page('post', '/keys/:id/policy', managers, (call) =>
    attempt(call, keyPage, host, async () => {
      const { context, params } = call
      const id = params['id'] ?? ''
      const policy = await policyOf(host, call)
      await host.db.company(context.companyId, (transaction) => host.signing.setPolicy(transaction, context, id, policy))
      return to(`keys/${id}`, 'credentials.notice.policy')
    }),
  )
  routes.page('post', '/keys/:id/stop', managers, (call) =>
    attempt(call, keyPage, host, async () => {
      const { context, params, body } = call
      const id = params['id'] ?? ''
      const reason = text(body['reason']) || '—'
      await host.db.company(context.companyId, (transaction) => host.signing.stopKey(transaction, context, id, reason))
      return to(`keys/${id}`, 'credentials.notice.stopped')
    }),
  )
}

const list: Page = async (host, call, faults) => {
  const { keys, pending } = await host.db.company(call.context.companyId, async (transaction) => ({
    keys: await host.signing.keys(transaction),
    pending: (await host.signing.approvals(transaction, { states: ['pending'] })).length,
  }))
  return {
    kind: 'page',
    template: 'credentials/keys',
    title: host.i18n.text(call.context.locale, 'credentials.title'),
    data: {
      keys: keys.map((key) => labelled(keyFacts(key, host.now()))),
      pending,
      faults: messages(host, call, faults),
      manager: mayManage(call),
    },
  }
}

const fresh: Page = (host, call, faults) =>
  Promise.resolve({
    kind: 'page',
    template: 'credentials/new',
    title: host.i18n.text(call.context.locale, 'credentials.new'),
    breadcrumb: [
      { label: host.i18n.text(call.context.locale, 'credentials.title'), href: '/app/credentials/keys' },
      { label: host.i18n.text(call.context.locale, 'credentials.new') },
    ],
    data: {
      algorithms: keyAlgorithms.map((value) => ({ value, chosen: value === (text(call.body['algorithm']) || 'ec-p256') })),
      purposes: purposeChoices(purposesOf(call.body['purposes'])),
      faults: messages(host, call, faults),
      name: text(call.body['name']),
    },
  })
