import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { AuthenticationMethod } from './method.js'

const name = 'account'

/** The signer is logged in here: his login is the address that was asked, or he is the holder of the key that signs. */
export function accountMethod(host: Host): AuthenticationMethod {
  return {
    name,
    title: { ar: 'تسجيل الدخول بحسابك', en: 'Log in with your account', bg: 'Вход с вашия профил' },
    channel: 'identity',
    unavailable: async (_transaction, { context, signer }) => {
      if (signer.keyId !== null || signer.email === null) return undefined
      const wanted = signer.email.toLowerCase()
      const members = await host.access.members(context.companyId)
      const logins = await Promise.all(members.map(({ id }) => host.access.loginOf(id)))
      return logins.some((login) => login?.toLowerCase() === wanted)
        ? undefined
        : { code: 'SIGNATURES-METHOD-NO-ACCOUNT', params: { name: signer.name } }
    },
    begin: ({ user }) => Promise.resolve(user === undefined ? { kind: 'redirect' } : { kind: 'done' }),
    check: async ({ context, signer, user }) => {
      if (user?.actor.kind !== 'user' || user.actor.id === null || user.companyId !== context.companyId)
        throw new Fault('SIGNATURES-ACCOUNT-NEEDED', { status: 401 })
      const userId = user.actor.id
      if (signer.keyId !== null) {
        const { keyId } = signer
        const key = await host.db.company(context.companyId, (transaction) => host.signing.key(transaction, keyId))
        const holder = key.access?.holder
        if (holder !== undefined) {
          if (holder.id !== userId) throw new Fault('SIGNATURES-ACCOUNT-OTHER', { status: 403, params: { name: signer.name } })
          return { userId, keyId }
        }
      }
      const login = await host.access.loginOf(userId)
      if (signer.email === null || login?.toLowerCase() !== signer.email.toLowerCase())
        throw new Fault('SIGNATURES-ACCOUNT-OTHER', { status: 403, params: { name: signer.name } })
      return { userId }
    },
  }
}
