import { FileAnswer, type PageAnswer, type PageCall, type RouteRegistration } from '../../../core/http/routes.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { keyAlgorithms, type KeyAlgorithm, type KeyPurpose } from '../../../core/signing/key.js'
import { readCertificateFile } from '../../../core/validation/certificate/certificate.js'
import { keyFacts } from '../key-facts.js'

const offered: readonly KeyPurpose[] = ['seal-document', 'sign-contract', 'stamp-e-invoice', 'authenticate']

/** Keys of the company: list with forms to generate and import, one page per key. */
export function addKeyPages(routes: RouteRegistration, host: Host): void {
  const viewers = ['credentials.user']
  const managers = ['credentials.manager']

  routes.page('get', '/keys', viewers, (call) => list(host, call, []))
  routes.page('post', '/keys/generate', managers, (call) =>
    attempt(call, list, host, async () => {
      const { context, body } = call
      const algorithm = keyAlgorithms.find((one) => one === text(body['algorithm'])) ?? ('ec-p256' satisfies KeyAlgorithm)
      const wanted = { name: text(body['name']), algorithm, purposes: purposesOf(body['purposes']) }
      const key = await host.db.company(context.companyId, (transaction) => host.signing.generateKey(transaction, context, wanted))
      return to(key.id, 'credentials.notice.generated')
    }),
  )
  routes.page('post', '/keys/import', managers, (call) =>
    attempt(call, list, host, async () => {
      const { context, body, files } = call
      const bytes = files.find((file) => file.field === 'file')?.bytes
      if (bytes === undefined || bytes.length === 0) throw new Fault('SIGN-IMPORT-UNREADABLE', { path: 'file' })
      const password = text(body['password'])
      const wanted = { name: text(body['name']), purposes: purposesOf(body['purposes']), bytes, ...(password === '' ? {} : { password }) }
      const key = await host.db.company(context.companyId, (transaction) => host.signing.importKey(transaction, context, wanted))
      return to(key.id, 'credentials.notice.imported')
    }),
  )
  routes.page('get', '/keys/:id', viewers, (call) => one(host, call, []))
  routes.page('post', '/keys/:id/request', managers, (call) =>
    attempt(call, one, host, async () => {
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
    attempt(call, one, host, async () => {
      const { context, params, files } = call
      const id = params['id'] ?? ''
      const certificates = files.filter((file) => file.bytes.length > 0).flatMap((file) => certificatesOf(file.bytes))
      await host.db.company(context.companyId, (transaction) => host.signing.installCertificates(transaction, context, id, certificates))
      return to(id, 'credentials.notice.installed')
    }),
  )
  routes.page('post', '/keys/:id/stop', managers, (call) =>
    attempt(call, one, host, async () => {
      const { context, params, body } = call
      const id = params['id'] ?? ''
      const reason = text(body['reason']) || '—'
      await host.db.company(context.companyId, (transaction) => host.signing.stopKey(transaction, context, id, reason))
      return to(id, 'credentials.notice.stopped')
    }),
  )
}

function certificatesOf(bytes: Buffer): Buffer[] {
  try {
    return readCertificateFile(bytes).map((certificate) => certificate.der)
  } catch (error) {
    throw new Fault('SIGN-CERT-UNREADABLE', { path: 'file', cause: error })
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : ''
}

function purposesOf(value: unknown): KeyPurpose[] {
  const given: unknown[] = Array.isArray(value) ? value : [value]
  return offered.filter((purpose) => given.includes(purpose))
}

function to(id: string, key: string): PageAnswer {
  return { kind: 'redirect', to: `/app/credentials/keys/${id}`, notice: { key, level: 'success' } }
}

type Page = (host: Host, call: PageCall, faults: readonly FaultDetail[]) => Promise<PageAnswer>

/** A fault a person can mend is shown on the page it came from; nothing else of the input is lost there. */
async function attempt(call: PageCall, page: Page, host: Host, work: () => Promise<PageAnswer>): Promise<PageAnswer> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Fault) || error.status >= 500 || error.status === 404) throw error
    return page(host, call, error.details)
  }
}

function messages(host: Host, call: PageCall, faults: readonly FaultDetail[]): { code: string; message: string }[] {
  return faults.map((fault) => ({ code: fault.code, message: host.i18n.fault(call.context.locale, fault) }))
}

const list: Page = async (host, call, faults) => {
  const keys = await host.db.company(call.context.companyId, (transaction) => host.signing.keys(transaction))
  return {
    kind: 'page',
    template: 'credentials/keys',
    title: host.i18n.text(call.context.locale, 'credentials.title'),
    data: {
      keys: keys.map((key) => labelled(keyFacts(key, host.now()))),
      algorithms: keyAlgorithms,
      purposes: offered.map((purpose) => ({ value: purpose, label: `credentials.purpose.${purpose}` })),
      faults: messages(host, call, faults),
      name: text(call.body['name']),
      manager: mayManage(call),
    },
  }
}

const one: Page = async (host, call, faults) => {
  const { context, params } = call
  const key = await host.db.company(context.companyId, (transaction) => host.signing.key(transaction, params['id'] ?? ''))
  const company = await host.access.company(context.companyId)
  const facts = labelled(keyFacts(key, host.now()))
  return {
    kind: 'page',
    template: 'credentials/key',
    title: key.name,
    breadcrumb: [{ label: host.i18n.text(context.locale, 'credentials.title'), href: '/app/credentials/keys' }, { label: key.name }],
    data: {
      key: facts,
      subject: { C: company.country, O: company.name, OU: '', CN: key.name },
      usable: facts.state !== 'stopped',
      faults: messages(host, call, faults),
      manager: mayManage(call),
    },
  }
}

function mayManage({ context }: PageCall): boolean {
  return context.groups.has('credentials.manager') || context.groups.has('*')
}

function labelled(facts: ReturnType<typeof keyFacts>) {
  const purposeLabels = facts.purposes.map((purpose) => `credentials.purpose.${purpose}`)
  return { ...facts, stateLabel: `credentials.state.${facts.state}`, purposeLabels, certificate: facts.certificates[0] }
}
