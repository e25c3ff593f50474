import type { RouteRegistration } from '../../../core/http/routes.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { keyAlgorithms } from '../../../core/signing/key.js'
import { CscKeyProvider } from '../../../core/signing/keys/csc/csc-provider.js'
import { Pkcs11KeyProvider } from '../../../core/signing/keys/pkcs11/pkcs11-provider.js'
import { attempt, isShown, messages, purposeChoices, purposesOf, text, to, type Page } from './answers.js'

/** Keys that lie elsewhere: tokens and HSMs of this machine, remote signing services. Found live, chosen, registered. */
export function addTokenPages(routes: RouteRegistration, host: Host): void {
  const managers = ['credentials.manager']
  routes.page('get', '/sources', managers, (call) => sources(host, call, []))
  routes.page('post', '/sources/adopt', managers, (call) =>
    attempt(call, sources, host, async () => {
      const { context, body } = call
      const wanted = {
        name: text(body['name']),
        purposes: purposesOf(body['purposes']),
        module: text(body['module']),
        tokenSerial: text(body['serial']),
        ...(text(body['keyId']) === '' ? { keyLabel: text(body['label']) } : { keyId: text(body['keyId']) }),
      }
      const key = await host.db.company(context.companyId, (transaction) => host.signing.adoptTokenKey(transaction, context, wanted))
      return to(`keys/${key.id}`, 'credentials.notice.adopted')
    }),
  )
  routes.page('post', '/sources/generate', managers, (call) =>
    attempt(call, sources, host, async () => {
      const { context, body } = call
      const algorithm = keyAlgorithms.find((one) => one === text(body['algorithm'])) ?? 'ec-p256'
      const name = text(body['name'])
      const purposes = purposesOf(body['purposes'])
      // Before the token makes a key that nobody could register.
      if (name === '') throw new Fault('SIGN-KEY-NAME-MISSING', { path: 'name' })
      if (purposes.length === 0) throw new Fault('SIGN-PURPOSE-MISSING', { path: 'purposes' })
      const made = await tokensOf(host).generateKey({
        module: text(body['module']),
        tokenSerial: text(body['serial']),
        algorithm,
        label: name,
      })
      const key = await host.db.company(context.companyId, (transaction) =>
        host.signing.adoptKey(transaction, context, { ...made, name, purposes, provider: 'pkcs11' }),
      )
      return to(`keys/${key.id}`, 'credentials.notice.generated')
    }),
  )
  routes.page('post', '/sources/remote', managers, (call) =>
    attempt(call, sources, host, async () => {
      const { context, body } = call
      const found = await remoteOf(host).findKey({ service: text(body['service']), credentialId: text(body['credential']) })
      const key = await host.db.company(context.companyId, (transaction) =>
        host.signing.adoptKey(transaction, context, { ...found, name: text(body['name']), purposes: purposesOf(body['purposes']) }),
      )
      return to(`keys/${key.id}`, 'credentials.notice.adopted')
    }),
  )
}

function tokensOf(host: Host): Pkcs11KeyProvider {
  const provider = host.signing.provider('pkcs11')
  if (provider instanceof Pkcs11KeyProvider) return provider
  throw new Fault('SIGN-PROVIDER-UNKNOWN', { params: { provider: 'pkcs11' }, status: 503 })
}

function remoteOf(host: Host): CscKeyProvider {
  const provider = host.signing.provider('csc')
  if (provider instanceof CscKeyProvider) return provider
  throw new Fault('SIGN-PROVIDER-UNKNOWN', { params: { provider: 'csc' }, status: 503 })
}

const sources: Page = async (host, call, faults) => {
  const { context, query, body } = call
  const locale = context.locale
  const said = async <Answer>(work: () => Promise<Answer>): Promise<{ answer?: Answer; fault?: { code: string; message: string } }> => {
    try {
      return { answer: await work() }
    } catch (error) {
      if (!isShown(error)) throw error
      const [first] = messages(host, call, error.details)
      return first === undefined ? {} : { fault: first }
    }
  }
  const known = new Set(
    (await host.db.company(context.companyId, (transaction) => host.signing.keys(transaction))).map((key) =>
      key.publicKey.toString('base64'),
    ),
  )
  const opened = { module: query['module'] ?? text(body['module']), serial: query['serial'] ?? text(body['serial']) }
  const modules = await Promise.all(
    host.config.signing.pkcs11.map(async ({ name, library }) => {
      const { answer, fault } = await said(() => tokensOf(host).tokens(name))
      const tokens = await Promise.all(
        (answer ?? []).map(async (token) => {
          // Looking at keys logs in: only for the token that was asked for.
          const open = opened.module === name && opened.serial === token.serial
          const keys = open ? await said(() => tokensOf(host).keysOf({ module: name, tokenSerial: token.serial })) : {}
          return {
            ...token,
            module: name,
            open,
            ...pinState(token),
            fault: keys.fault,
            keys: keys.answer?.map((key) => ({
              ...key,
              keyId: key.stored['keyId'] ?? '',
              taken: known.has(key.publicKey.toString('base64')),
            })),
          }
        }),
      )
      return { name, library, fault, tokens }
    }),
  )
  const services = await Promise.all(
    host.config.signing.csc.map(async ({ name, url }) => {
      const { answer, fault } = await said(() => remoteOf(host).credentials(name))
      return { name, url, fault, credentials: answer }
    }),
  )
  const title = host.i18n.text(locale, 'credentials.sources')
  return {
    kind: 'page',
    template: 'credentials/sources',
    title,
    breadcrumb: [{ label: host.i18n.text(locale, 'credentials.title'), href: '/app/credentials/keys' }, { label: title }],
    data: {
      modules,
      services,
      none: modules.length === 0 && services.length === 0,
      algorithms: keyAlgorithms.map((value) => ({ value, chosen: value === 'ec-p256' })),
      purposes: purposeChoices(purposesOf(body['purposes'])),
      faults: messages(host, call, faults),
    },
  }
}

function pinState(token: {
  pinLocked: boolean
  pinFinalTry: boolean
  pinCountLow: boolean
  pinInitialized: boolean
  protectedPath: boolean
}) {
  const state = token.pinLocked
    ? 'locked'
    : !token.pinInitialized
      ? 'unset'
      : token.pinFinalTry
        ? 'last'
        : token.pinCountLow
          ? 'low'
          : token.protectedPath
            ? 'reader'
            : 'fine'
  const colour = { locked: 'red', unset: 'grey', last: 'red', low: 'orange', reader: 'blue', fine: 'green' }[state]
  return { pinLabel: `credentials.pin.${state}`, pinColour: colour }
}
