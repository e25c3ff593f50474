import { Secret, TOTP } from 'otpauth'
import { qrSvg } from '../../../core/documents/qr.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { checkWithLimit } from './attempts.js'
import { authenticatorsOf, countUse, enrol, identityOf, mayEnrol } from './authenticators.js'
import { endChallenge, openChallenge, storeChallenge } from './challenges.js'
import { typedDigits } from './mask.js'
import type { AuthenticationCase, AuthenticationMethod } from './method.js'

const name = 'totp'
const purpose = 'signer-totp'
const periodSeconds = 30
/** A phone's clock may be half a minute off. */
const steps = 1

/** RFC 6238 with SHA-1 and six digits: what every authenticator app speaks. */
function generator(secret: Secret, issuer: string, label: string): TOTP {
  return new TOTP({ issuer, label, algorithm: 'SHA1', digits: 6, period: periodSeconds, secret })
}

/** The time step of a code that fits; undefined for one that does not. */
export function stepOf(secret: Secret, code: string, now: Date): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined
  const delta = generator(secret, '', '').validate({ token: code, window: steps, timestamp: now.getTime() })
  return delta === null ? undefined : Math.floor(now.getTime() / 1000 / periodSeconds) + delta
}

/**
 * Code of an authenticator app. At the first signing the app is enrolled, after another proof; its secret is stored under the
 * host's master key. A code is used once.
 */
export function totpMethod(host: Host): AuthenticationMethod {
  return {
    name,
    title: { ar: 'رمز من تطبيق المصادقة', en: 'Code of an authenticator app', bg: 'Код от приложение за удостоверяване' },
    channel: 'device',
    unavailable: (_transaction, signing) =>
      Promise.resolve(
        identityOf(signing) === undefined ? { code: 'SIGNATURES-METHOD-NO-EMAIL', params: { name: signing.signer.name } } : undefined,
      ),
    begin: async (signing) => {
      const { context, signer } = signing
      const enrolled = await host.db.company(context.companyId, (transaction) => authenticatorsOf(transaction, signing, name))
      if (enrolled.length > 0) return { kind: 'code' }
      if (!mayEnrol(signing)) throw new Fault('SIGNATURES-METHOD-ENROL-FIRST', { status: 403 })
      const company = await host.access.company(context.companyId)
      const secret = new Secret({ size: 20 })
      const kept = await host.signing.protect(context, secret.bytes, purpose)
      await host.db.company(context.companyId, (transaction) =>
        storeChallenge(host, transaction, signing, name, { data: { secret: kept.toString('base64') }, minutes: 30 }),
      )
      const uri = generator(secret, company.name, signer.email ?? signer.name).toString()
      return { kind: 'code', params: { enrol: 1 }, data: { secret: secret.base32, qr: qrSvg(uri) } }
    },
    check: async (signing, answer) => {
      const code = typedDigits(answer['code'])
      const { context } = signing
      // Secrets are opened before the tries are locked: opening them takes a transaction of its own.
      const found = await host.db.company(context.companyId, async (transaction) => ({
        enrolled: await authenticatorsOf(transaction, signing, name),
        pending: (await openChallenge(host, transaction, signing, name))?.data['secret'],
      }))
      const pending = typeof found.pending === 'string' ? Buffer.from(found.pending, 'base64') : undefined
      const secrets = new Map<string, Secret>()
      for (const { id, secret } of found.enrolled) if (secret !== null) secrets.set(id, await open(host, context, secret))
      const fresh = pending === undefined ? undefined : await open(host, context, pending)
      return checkWithLimit(host, signing, name, async (transaction) => {
        const enrolled = await authenticatorsOf(transaction, signing, name, { lock: true })
        for (const { id, counter } of enrolled) {
          const secret = secrets.get(id)
          const step = secret === undefined ? undefined : stepOf(secret, code, host.now())
          // A step that was used, and all before it, are void: who looked over a shoulder is too late.
          if (step === undefined || step <= counter) continue
          await countUse(host, transaction, id, step)
          return { passed: {} }
        }
        if (enrolled.length > 0) return { refused: 'wrong' }
        if (fresh === undefined || pending === undefined || !mayEnrol(signing)) return { refused: 'expired' }
        const step = stepOf(fresh, code, host.now())
        if (step === undefined) return { refused: 'wrong' }
        await enrol(host, transaction, signing, name, { credential: 'app', secret: pending, counter: step })
        await endChallenge(transaction, signing, name)
        return { passed: { enrolled: true } }
      })
    },
  }
}

async function open(host: Host, context: AuthenticationCase['context'], kept: Buffer): Promise<Secret> {
  const bytes = await host.signing.reveal(context, kept, purpose)
  return new Secret({ buffer: Uint8Array.from(bytes).buffer })
}
