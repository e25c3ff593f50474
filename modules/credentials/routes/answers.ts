import type { PageAnswer, PageCall } from '../../../core/http/routes.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { KeyPurpose } from '../../../core/signing/key.js'
import { readCertificateFile } from '../../../core/validation/certificate/certificate.js'
import type { KeyFacts } from '../key-facts.js'

/** Purposes a company's own people give keys; the others belong to authorities. */
export const offeredPurposes: readonly KeyPurpose[] = ['seal-document', 'sign-contract', 'stamp-e-invoice', 'authenticate']

export type Page = (host: Host, call: PageCall, faults: readonly FaultDetail[]) => Promise<PageAnswer>

/**
 * A fault a person can mend is shown on the page it came from; nothing else of the input is lost there. A token or service
 * that does not answer (503) is one of them.
 */
export async function attempt(call: PageCall, page: Page, host: Host, work: () => Promise<PageAnswer>): Promise<PageAnswer> {
  try {
    return await work()
  } catch (error) {
    if (!isShown(error)) throw error
    return page(host, call, error.details)
  }
}

export function isShown(error: unknown): error is Fault {
  return error instanceof Fault && error.status !== 404 && (error.status < 500 || error.code.startsWith('SIGN-'))
}

export function messages(host: Host, call: PageCall, faults: readonly FaultDetail[]): { code: string; message: string }[] {
  return faults.map((fault) => ({ code: fault.code, message: host.i18n.faultOnPage(call.context.locale, fault) }))
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : ''
}

export function texts(value: unknown): string[] {
  return (Array.isArray(value) ? (value as unknown[]) : [value]).map(text).filter((one) => one !== '')
}

export function purposesOf(value: unknown): KeyPurpose[] {
  const given = texts(value)
  return offeredPurposes.filter((purpose) => given.includes(purpose))
}

export function to(path: string, key: string): PageAnswer {
  return { kind: 'redirect', to: `/app/credentials/${path}`, notice: { key, level: 'success' } }
}

/** @throws Fault SIGN-CERT-UNREADABLE */
export function certificatesOf(bytes: Buffer): Buffer[] {
  try {
    return readCertificateFile(bytes).map((certificate) => certificate.der)
  } catch (error) {
    throw new Fault('SIGN-CERT-UNREADABLE', { path: 'file', cause: error })
  }
}

export function mayManage({ context }: PageCall): boolean {
  return context.groups.has('credentials.manager') || context.groups.has('*')
}

export function purposeChoices(chosen: readonly string[] = []) {
  return offeredPurposes.map((purpose) => ({ value: purpose, label: `credentials.purpose.${purpose}`, chosen: chosen.includes(purpose) }))
}

/** Facts with the keys of their texts. */
export function labelled(facts: KeyFacts) {
  const { daysLeft } = facts
  const left =
    daysLeft === undefined || facts.state === 'stopped' ? undefined : daysLeft < 0 ? 'credentials.days.over' : 'credentials.days.left'
  return {
    ...facts,
    stateLabel: `credentials.state.${facts.state}`,
    providerLabel: `credentials.provider.${facts.provider}`,
    purposeLabels: facts.purposes.map((purpose) => `credentials.purpose.${purpose}`),
    leftLabel: left,
    days: daysLeft === undefined ? 0 : Math.abs(daysLeft),
    certificate: facts.certificates[0],
    issuers: facts.certificates.slice(1),
  }
}
