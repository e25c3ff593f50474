import { Fault } from '../../../core/i18n/fault.js'
import { contactInput, type ContactInput } from './contact.js'

/** @throws Fault with paths of the input */
export function parseContact(given: unknown): ContactInput {
  const parsed = contactInput.safeParse(given)
  if (parsed.success) return parsed.data
  const details = parsed.error.issues.map((issue) => {
    const path = issue.path
      .map((part) => (typeof part === 'number' ? `[${String(part)}]` : `.${String(part)}`))
      .join('')
      .replace(/^\./, '')
    return path === 'name' ? { code: 'CONTACT-NAME', path } : { code: 'CONTACT-FIELD', path, params: { reason: issue.message } }
  })
  const [head] = details
  throw new Fault(head?.code ?? 'CONTACT-FIELD', { path: head?.path, details })
}
