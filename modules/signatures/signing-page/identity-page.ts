import type { Host } from '../../../core/host/module.js'
import type { AnswerCookie, PageAnswer } from '../../../core/http/routes.js'
import type { Fault } from '../../../core/i18n/fault.js'
import { authenticatorsOf } from '../authentication/authenticators.js'
import { openChallenge } from '../authentication/challenges.js'
import { maskedEmail, maskedPhone } from '../authentication/mask.js'
import type { AuthenticationStep } from '../authentication/method.js'
import { authenticationMethods } from '../authentication/registry.js'
import { identityOf } from './identity.js'
import { caseOf, type OpenLink } from './open-link.js'
import { faultText, signerPage } from './page-frame.js'

export interface IdentityPageOptions {
  readonly step?: AuthenticationStep
  readonly fault?: Fault
  readonly cookies?: readonly AnswerCookie[]
}

/**
 * Proof of identity: what will be asked, then the box for it. Looking at the page sends nothing and counts as nothing; programs that
 * open links of mails see the first page only.
 */
export async function identityPage(host: Host, link: OpenLink, options: IdentityPageOptions = {}): Promise<PageAnswer> {
  const { locale } = link.context
  const { required, passed, next } = await identityOf(host, link)
  const methods = await authenticationMethods(host, link.context)
  const title = (name: string): string => {
    const method = methods.find((one) => one.name === name)
    return method === undefined ? name : host.i18n.pick(locale, method.title)
  }
  const step = options.step ?? (next === undefined ? undefined : await standingStep(host, link, next))
  const { fault } = options
  return signerPage(host, link, {
    template: 'signer-identity',
    title: 'identity.title',
    scripts: step?.kind === 'passkey' ? ['passkey'] : [],
    status: fault === undefined ? 200 : fault.status,
    ...(options.cookies === undefined ? {} : { cookies: options.cookies }),
    data: {
      steps: required.map((name, index) => ({ title: title(name), number: index + 1, done: passed.includes(name), now: name === next })),
      several: required.length > 1,
      method: next,
      methodTitle: next === undefined ? '' : title(next),
      first: passed.length === 0 && step === undefined,
      message: link.request.message.body ?? '',
      code: step?.kind === 'code',
      passkey: step?.kind === 'passkey',
      account: next === 'account',
      loginHref: `/login?next=${encodeURIComponent(`/sign/${link.token}`)}`,
      loggedIn: link.user?.actor.name ?? '',
      redirect: step?.kind === 'redirect' && next !== 'account' && typeof step.data === 'string' ? step.data : '',
      enrol: step?.params?.['enrol'] === 1,
      params: step?.params ?? {},
      app: next === 'totp' ? step?.data : undefined,
      options: step?.kind === 'passkey' ? step.data : undefined,
      pin: next === 'pin',
      sent: next === 'email-code' || next === 'sms-code',
      go: host.i18n.text(locale, `signatures.sign.identity.go.${knownGo(next)}`, { address: addressOf(link, next) }),
      fault: fault === undefined ? '' : faultText(host, locale, { code: fault.code, params: fault.params }),
      retry: fault !== undefined && fault.status >= 500,
    },
  })
}

function knownGo(next: string | undefined): string {
  return next !== undefined && ['email-code', 'sms-code', 'totp', 'passkey', 'pin', 'account'].includes(next) ? next : 'other'
}

function addressOf({ signer }: OpenLink, method: string | undefined): string {
  if (method === 'email-code') return maskedEmail(signer.email ?? '')
  return method === 'sms-code' ? maskedPhone(signer.phone ?? '') : ''
}

/** A step that was begun and can be gone on with: a code that was sent, a box that needs no sending. */
async function standingStep(host: Host, link: OpenLink, next: string): Promise<AuthenticationStep | undefined> {
  if (link.session === undefined) return undefined
  const signing = caseOf(link)
  return host.db.company(link.context.companyId, async (transaction): Promise<AuthenticationStep | undefined> => {
    if (next === 'pin') return { kind: 'code' }
    if (next === 'totp') return (await authenticatorsOf(transaction, signing, 'totp')).length > 0 ? { kind: 'code' } : undefined
    const challenge = await openChallenge(host, transaction, signing, next)
    if (challenge === undefined || challenge.answer_hash === null) return undefined
    return {
      kind: 'code',
      params: {
        address: addressOf(link, next),
        minutes: Math.max(1, Math.ceil((challenge.expires_at.getTime() - host.now().getTime()) / 60_000)),
      },
    }
  })
}
