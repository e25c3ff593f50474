import { readFile } from 'node:fs/promises'
import type { Configuration } from '../../../config/schema.js'
import type { Company } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { fetchGuarded } from '../../../core/http/outgoing.js'
import { Fault } from '../../../core/i18n/fault.js'

/** Hands a text message to somebody who delivers it. */
export interface SmsProvider {
  /** @throws Fault when the message was not taken; nothing is sent twice by itself */
  send(message: { readonly to: string; readonly text: string }): Promise<void>
}

type SmsConfiguration = NonNullable<Configuration['sms']>

/**
 * The provider of a company: the configured one, or, for a company that practises, the telephone of the sandbox. Undefined when
 * there is none: a request that needs text messages cannot be sent then.
 */
export function smsProviderOf(host: Host, company: Pick<Company, 'sandbox'>): SmsProvider | undefined {
  const { sms, sandbox, allowedPrivateOrigins } = host.config
  if (company.sandbox && sandbox.url !== null) {
    return httpProvider(
      {
        url: `${sandbox.url}/phone/api`,
        method: 'POST',
        headers: {},
        contentType: 'application/json',
        body: '{"to":"{{to}}","text":"{{text}}"}',
        secretFile: null,
        timeoutSeconds: 5,
      },
      [...allowedPrivateOrigins, sandbox.url],
    )
  }
  return sms === undefined || sms === null || company.sandbox ? undefined : httpProvider(sms, allowedPrivateOrigins)
}

/** Any provider with an HTTP interface: address, headers and body are templates with `{{to}}`, `{{text}}` and `{{secret}}`. */
export function httpProvider(settings: SmsConfiguration, allowPrivate: readonly string[]): SmsProvider {
  return {
    send: async ({ to, text }) => {
      const secret = settings.secretFile === null ? '' : (await readFile(settings.secretFile, 'utf8')).trim()
      const values = { to, text, secret }
      const answer = await fetchGuarded(fill(settings.url, values, encodeURIComponent), {
        method: settings.method,
        headers: {
          'content-type': settings.contentType,
          ...Object.fromEntries(Object.entries(settings.headers).map(([name, value]) => [name, fill(value, values, headerValue)])),
        },
        ...(settings.method === 'GET' ? {} : { body: fill(settings.body, values, escapeFor(settings.contentType)) }),
        timeoutMs: settings.timeoutSeconds * 1000,
        allowPrivate,
      })
      if (answer.status < 200 || answer.status > 299)
        throw new Fault('SIGNATURES-SMS-REFUSED', { status: 502, params: { status: answer.status } })
    },
  }
}

function fill(template: string, values: Readonly<Record<string, string>>, escape: (text: string) => string): string {
  return template.replace(/\{\{(to|text|secret)\}\}/g, (_whole, name: string) => escape(values[name] ?? ''))
}

function escapeFor(contentType: string): (text: string) => string {
  if (contentType.includes('json')) return (text) => JSON.stringify(text).slice(1, -1)
  if (contentType.includes('form-urlencoded')) return encodeURIComponent
  if (contentType.includes('xml')) return (text) => text.replace(/[&<>"']/g, (letter) => `&#${String(letter.charCodeAt(0))};`)
  return (text) => text
}

/** A header holds one line of visible ASCII. */
const headerValue = (text: string): string => text.replace(/[^\x20-\x7e]/g, '')
