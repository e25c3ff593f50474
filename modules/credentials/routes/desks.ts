import { knownTokenLibraries } from '../../../core/agent/token-libraries.js'
import type { PageAnswer, PageCall, RouteRegistration } from '../../../core/http/routes.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { Key, KeyPurpose } from '../../../core/signing/key.js'
import { AgentKeyProvider } from '../../../core/signing/keys/agent/agent-provider.js'
import { deskProgress } from '../../../core/signing/keys/agent/document-standings.js'
import { fingerprint } from '../../../core/signing/keys/agent/protocol.js'
import { readCertificate, type Certificate } from '../../../core/validation/certificate/certificate.js'

const offered: readonly KeyPurpose[] = ['seal-document', 'sign-contract', 'stamp-e-invoice', 'authenticate']
const requestColours = { pending: 'orange', answered: 'green', refused: 'red', superseded: 'grey', expired: 'grey' } as const

/** Desks: PCs with tokens. Pairing by a code, what each shows, what waits for a person, keys taken into use, unpairing. */
export function addDeskPages(routes: RouteRegistration, host: Host): void {
  const managers = ['credentials.manager']
  routes.page('get', '/desks', ['credentials.user'], (call) => page(host, call))
  routes.page('post', '/desks/code', managers, async (call) => {
    const { context } = call
    const made = await host.db.company(context.companyId, (transaction) => agents(host).desks.newCode(transaction, context))
    // Shown once, on this answer alone: only its hash is kept.
    return page(host, call, { code: made.code, codeUntil: made.expiresAt })
  })
  routes.page('post', '/desks/:id/unpair', managers, async ({ context, params }) => {
    await host.db.company(context.companyId, (transaction) => agents(host).desks.unpair(transaction, context, params['id'] ?? ''))
    return { kind: 'redirect', to: '/app/credentials/desks', notice: { key: 'credentials.notice.unpaired', level: 'success' } }
  })
  routes.page('post', '/desks/:id/adopt', managers, async (call) => {
    const { context, body } = call
    await requireDesk(host, call)
    try {
      const found = await foundKey(host, call)
      const given: unknown[] = [body['purposes']].flat()
      const purposes = offered.filter((purpose) => given.includes(purpose))
      const key = await host.db.company(context.companyId, (transaction) =>
        host.signing.adoptKey(transaction, context, { ...found, name: text(body['name']), purposes }),
      )
      return { kind: 'redirect', to: `/app/credentials/keys/${key.id}`, notice: { key: 'credentials.notice.adopted', level: 'success' } }
    } catch (error) {
      if (!(error instanceof Fault) || error.status >= 500) throw error
      return page(host, call, { faults: error.details })
    }
  })
  // The same key with a certificate of another time: everything that names the key stays as it is.
  routes.page('post', '/desks/:id/renew', managers, async (call) => {
    const { context } = call
    await requireDesk(host, call)
    try {
      const { publicKey, certificates } = await foundKey(host, call)
      const renewed = await host.db.company(context.companyId, async (transaction) => {
        const keys = await host.signing.keys(transaction)
        const own = keys.find((key) => key.provider === 'agent' && key.state === 'active' && key.publicKey.equals(publicKey))
        if (own === undefined) throw new Fault('SIGN-AGENT-KEY-MISSING', { status: 409 })
        return host.signing.installCertificates(transaction, context, own.id, certificates)
      })
      return {
        kind: 'redirect',
        to: `/app/credentials/keys/${renewed.id}`,
        notice: { key: 'credentials.notice.installed', level: 'success' },
      }
    } catch (error) {
      if (!(error instanceof Fault) || error.status >= 500) throw error
      return page(host, call, { faults: error.details })
    }
  })
}

/** A desk of nobody here is not found; a key that is gone from a desk is a fault of the form. @throws Fault SIGN-AGENT-UNKNOWN (404) */
async function requireDesk(host: Host, { context, params }: PageCall): Promise<void> {
  await host.db.company(context.companyId, (transaction) => agents(host).desks.desk(transaction, params['id'] ?? ''))
}

/** The key the form names, as its desk shows it now. */
function foundKey(host: Host, { context, params, body }: PageCall): ReturnType<AgentKeyProvider['foundKey']> {
  const agentId = params['id'] ?? ''
  const wanted = { agentId, tokenSerial: text(body['tokenSerial']), keyId: text(body['keyId']), publicKey: text(body['publicKey']) }
  return agents(host).foundKey(context.companyId, wanted)
}

const systems = [
  { platform: 'win32', name: 'Windows' },
  { platform: 'linux', name: 'Linux' },
  { platform: 'darwin', name: 'macOS' },
] as const

interface Extra {
  readonly code?: string
  readonly codeUntil?: Date
  readonly faults?: readonly FaultDetail[]
}

async function page(host: Host, { context, query }: PageCall, extra: Extra = {}): Promise<PageAnswer> {
  const provider = agents(host)
  const { desks, requests, keys, lots } = await host.db.company(context.companyId, async (transaction) => ({
    desks: await provider.desks.list(transaction),
    requests: await provider.requests.list(transaction),
    keys: await host.signing.keys(transaction),
    lots: await deskProgress(transaction),
  }))
  const used = new Map(keys.filter(({ provider: kind }) => kind === 'agent').map((key) => [key.publicKey.toString('base64'), key]))
  const named = new Map(desks.map(({ id, name }) => [id, name]))
  const shownStopped = query['stopped'] === '1'
  return {
    kind: 'page',
    template: 'credentials/desks',
    title: host.i18n.text(context.locale, 'credentials.desks'),
    breadcrumb: [
      { label: host.i18n.text(context.locale, 'credentials.title'), href: '/app/credentials/keys' },
      { label: host.i18n.text(context.locale, 'credentials.desks') },
    ],
    data: {
      manager: context.groups.has('credentials.manager') || context.groups.has('*'),
      faults: (extra.faults ?? []).map((fault) => ({ code: fault.code, message: host.i18n.faultOnPage(context.locale, fault) })),
      code: extra.code,
      codeUntil: extra.codeUntil,
      command: `khatm agent pair ${host.config.publicUrl ?? provider.address() ?? 'https://…'} ${extra.code ?? 'XXXXX-XXXXX'}`,
      hostKey: fingerprint(provider.hostKey.publicKey),
      purposes: offered.map((purpose) => ({ value: purpose, label: `credentials.purpose.${purpose}` })),
      shownStopped,
      libraries: systems.map(({ platform, name }) => ({
        name,
        rows: knownTokenLibraries({ platform, environment: {} })
          .filter(({ files }) => files.length > 0)
          .map((library) => ({ ...library, unconfirmed: library.egypt === 'unconfirmed' })),
      })),
      lots: lots.map((lot) => ({
        ...lot,
        key: keys.find(({ id }) => id === lot.keyId)?.name ?? '',
        desk: lot.desks.map(({ name }) => name).join(' · '),
        connected: lot.desks.some(({ connected }) => connected),
      })),
      stopped: desks.filter(({ state }) => state === 'stopped').length,
      desks: desks
        .filter(({ state }) => state === 'paired' || shownStopped)
        .map((desk) => ({
          id: desk.id,
          name: desk.name,
          paired: desk.state === 'paired',
          stateLabel: `credentials.desk.${desk.state === 'stopped' ? 'stopped' : desk.connected ? 'connected' : 'away'}`,
          colour: desk.state === 'stopped' ? 'red' : desk.connected ? 'green' : 'grey',
          seenAt: desk.seenAt,
          pairedAt: desk.pairedAt,
          pairedBy: desk.pairedBy,
          software: desk.software,
          fingerprint: fingerprint(desk.publicKey),
          tokens: desk.tokens.map((token) => ({
            ...token,
            keys: token.keys.map((key) => {
              const [own] = key.certificates
              const certificate = own === undefined ? undefined : readCertificate(Buffer.from(own, 'base64'))
              const adopted = used.get(key.publicKey)
              return {
                ...key,
                tokenSerial: token.serial,
                desk: desk.id,
                holder: certificate?.holder ?? key.label,
                notAfter: certificate?.notAfter,
                adopted: adopted === undefined ? undefined : { id: adopted.id, name: adopted.name },
                renewed: certificate !== undefined && adopted !== undefined && isRenewal(adopted, certificate),
              }
            }),
          })),
        })),
      requests: requests.slice(0, 50).map((request) => ({
        documents: request.uses.map(({ subject, amount }) => ({
          label: subject.label,
          amount: amount === undefined ? '' : `${amount.value} ${amount.currency}`,
        })),
        stateLabel: `credentials.request.${request.state}`,
        colour: requestColours[request.state],
        createdAt: request.createdAt,
        askedBy: request.askedBy,
        desk: request.agentId === null ? undefined : named.get(request.agentId),
        reason: request.reason,
      })),
    },
  }
}

/** Whether the token has a certificate that outlasts the one this key is used with. */
function isRenewal(key: Key, certificate: Certificate): boolean {
  const [own] = key.certificates
  return key.state === 'active' && (own === undefined || certificate.notAfter > readCertificate(own).notAfter)
}

function agents(host: Host): AgentKeyProvider {
  const provider = host.signing.provider('agent')
  if (!(provider instanceof AgentKeyProvider)) throw new Fault('SIGN-PROVIDER-UNKNOWN', { params: { provider: 'agent' }, status: 503 })
  return provider
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : ''
}
