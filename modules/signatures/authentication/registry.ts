import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { accountMethod } from './account.js'
import { emailCodeMethod } from './email-code.js'
import type { AuthenticationMethod } from './method.js'
import { passkeyMethod } from './passkey.js'
import { pinMethod } from './pin.js'
import { smsCodeMethod } from './sms-code.js'
import { totpMethod } from './totp.js'

/** Every way to prove who opens a link: those of this module first, then what other modules of the company bring. */
export async function authenticationMethods(host: Host, context: CompanyContext): Promise<AuthenticationMethod[]> {
  const own = [emailCodeMethod(host), smsCodeMethod(host), totpMethod(host), passkeyMethod(host), pinMethod(host), accountMethod(host)]
  const names = new Set(own.map(({ name }) => name))
  const brought = await host.hooks.collect('signer.authentication', {}, { context })
  // A name that is taken stays with who had it: nobody replaces a proof by a weaker one.
  return [...own, ...brought.filter(({ name }) => !names.has(name))]
}

/** @throws Fault SIGNATURES-METHOD-UNKNOWN: the module that brings it is not there; the step is never skipped */
export async function authenticationMethod(host: Host, context: CompanyContext, name: string): Promise<AuthenticationMethod> {
  const found = (await authenticationMethods(host, context)).find((method) => method.name === name)
  if (found === undefined) throw new Fault('SIGNATURES-METHOD-UNKNOWN', { status: 503, params: { method: name } })
  return found
}
