import { createInterface } from 'node:readline'
import { Fault, type FaultDetail } from '../i18n/fault.js'
import type { Locale } from '../i18n/locale.js'
import { commandTexts } from './terminal.js'
import type { FileVerification, VerifyRequest } from './verify-inputs.js'
import { withMessages } from './verify-report.js'

/** The long-lived form of `khatm verify`: one answer per request line, in order; a bad request is answered and does not end the service. */
export async function serveVerification(verification: FileVerification, locale: Locale): Promise<void> {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    if (line.trim() === '') continue
    process.stdout.write(`${JSON.stringify(await answer(verification, line, locale))}\n`)
  }
}

async function answer(verification: FileVerification, line: string, locale: Locale): Promise<object> {
  let id: unknown = null
  try {
    const value = parseRequest(line)
    // A request that is wrong in anything else is still answered under its own name.
    if (typeof value === 'object' && value !== null && 'id' in value) id = value.id
    return { id, ...withMessages(await verification.verify(readRequest(value)), locale) }
  } catch (error) {
    const fault: FaultDetail =
      error instanceof Fault ? { code: error.code, params: error.params } : { code: 'VERIFY-UNREADABLE', params: { verifier: '' } }
    return { id, fault: { ...fault, message: commandTexts().fault(locale, fault) } }
  }
}

function parseRequest(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new Fault('VERIFY-REQUEST-UNREADABLE', { cause: error })
  }
}

function readRequest(value: unknown): VerifyRequest {
  if (typeof value !== 'object' || value === null) throw new Fault('VERIFY-REQUEST-UNREADABLE')
  const fields = new Map<string, unknown>(Object.entries(value))
  const file = textOf(fields.get('file'))
  const revocation = textOf(fields.get('revocation')) ?? 'known'
  const online = fields.get('online') ?? false
  if (file === undefined || (revocation !== 'known' && revocation !== 'required') || typeof online !== 'boolean') {
    throw new Fault('VERIFY-REQUEST-UNREADABLE')
  }
  return {
    file,
    trust: listOf(fields.get('trust')),
    at: textOf(fields.get('at')),
    content: textOf(fields.get('content')),
    online,
    revocation,
    crl: listOf(fields.get('crl')),
    ocsp: listOf(fields.get('ocsp')),
  }
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw new Fault('VERIFY-REQUEST-UNREADABLE')
  return value
}

function listOf(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]
  return list.map((one) => {
    if (typeof one !== 'string') throw new Fault('VERIFY-REQUEST-UNREADABLE')
    return one
  })
}
