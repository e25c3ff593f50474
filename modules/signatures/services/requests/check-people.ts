import { X509Certificate } from 'node:crypto'
import type { FaultDetail } from '../../../../core/i18n/fault.js'
import type { Key } from '../../../../core/signing/key.js'
import { isMailAddress, normalisePhone } from '../../../contacts/index.js'
import type { AuthenticationMethod } from '../../authentication/method.js'
import type { SignaturePolicy } from '../../hooks.js'
import type { RequestSigner, SignRequest } from '../../models/request.js'
import { rankOf } from './policy.js'

/** Everything about the people of a request that keeps it from being sent. Paths are those of `RequestInput`. */
export function checkPeople(request: SignRequest): FaultDetail[] {
  const faults: FaultDetail[] = []
  if (request.signers.length === 0) faults.push({ code: 'SIGNATURES-NO-PEOPLE', path: 'signers' })
  for (const role of request.roles) {
    if (!request.signers.some((signer) => signer.role === role.id))
      faults.push({ code: 'SIGNATURES-ROLE-EMPTY', path: 'signers', params: { role: role.name } })
  }
  for (const [index, signer] of request.signers.entries()) {
    const at = pathOf(index)
    const params = { name: signer.name }
    const role = request.roles.find((one) => one.id === signer.role)
    if (role === undefined) faults.push({ code: 'SIGNATURES-ROLE-UNKNOWN', path: `${at}.role`, params: { role: signer.role } })
    else if (request.signers.findIndex((one) => one.role === signer.role) < index)
      faults.push({ code: 'SIGNATURES-ROLE-TWICE', path: `${at}.role`, params: { role: role.name } })
    if (signer.name === '') faults.push({ code: 'SIGNATURES-NAME-MISSING', path: `${at}.name`, params: { role: role?.name ?? '' } })
    faults.push(...checkAddresses(request, signer, at, params))
    const twin = request.signers.slice(0, index).find((one) => isSamePerson(one, signer))
    if (twin !== undefined)
      faults.push({
        code: 'SIGNATURES-PERSON-TWICE',
        path: `${at}.${signer.email === null ? 'name' : 'email'}`,
        params: { ...params, other: twin.name },
      })
  }
  return faults
}

const pathOf = (index: number): string => `signers[${String(index)}]`

function checkAddresses(request: SignRequest, signer: RequestSigner, at: string, params: Record<string, string>): FaultDetail[] {
  const faults: FaultDetail[] = []
  if (signer.email === null) {
    // A copy is nothing but its mail; all others may be asked in person, or by a caller who hands the links on.
    if (request.sendEmail && (signer.action === 'copy' || !signer.inPerson))
      faults.push({ code: 'SIGNATURES-EMAIL-MISSING', path: `${at}.email`, params })
  } else if (!isMailAddress(signer.email))
    faults.push({ code: 'SIGNATURES-EMAIL-WRONG', path: `${at}.email`, params: { ...params, value: signer.email } })
  if (signer.phone !== null && normalisePhone(signer.phone, null) === undefined)
    faults.push({ code: 'SIGNATURES-PHONE-WRONG', path: `${at}.phone`, params: { ...params, value: signer.phone } })
  return faults
}

/**
 * One person twice with the same part: the same address, else the same contact. Who approves and later receives a copy, or approves and
 * signs, is meant so.
 */
function isSamePerson(one: RequestSigner, other: RequestSigner): boolean {
  if (one.action !== other.action) return false
  if (one.email !== null && other.email !== null) return one.email.toLowerCase() === other.email.toLowerCase()
  return one.contactId !== null && one.contactId === other.contactId
}

/**
 * Rules of the levels, on what is demanded of each person.
 * @param ownProgram whether signers may sign with a program of their own and bring the file back
 */
export function checkLevels(
  request: SignRequest,
  demanded: ReadonlyMap<string, SignaturePolicy>,
  methods: ReadonlyMap<string, AuthenticationMethod>,
  keys: readonly Key[],
  now: Date,
  ownProgram: boolean,
): FaultDetail[] {
  return request.signers.flatMap((signer, index) => {
    if (signer.action === 'copy') return []
    const at = pathOf(index)
    const params = { name: signer.name }
    const policy = demanded.get(signer.id) ?? { level: signer.level, authentication: signer.authentication, reasons: [] }
    const faults: FaultDetail[] = []
    const role = request.roles.find((one) => one.id === signer.role)
    if (role !== undefined && rankOf(signer.level) < rankOf(role.level))
      faults.push({ code: 'SIGNATURES-LEVEL-BELOW-TEMPLATE', path: `${at}.level`, params: { ...params, role: role.name } })
    if (policy.authentication.length === 0) faults.push({ code: 'SIGNATURES-PROOF-MISSING', path: `${at}.authentication`, params })
    for (const name of policy.authentication) {
      if (!methods.has(name))
        faults.push({ code: 'SIGNATURES-METHOD-UNKNOWN', path: `${at}.authentication`, params: { ...params, method: name } })
    }
    if (signer.action !== 'sign') return faults
    const key = signer.keyId === null ? undefined : keys.find((one) => one.id === signer.keyId)
    if (signer.keyId !== null) faults.push(...checkKey(key, policy, `${at}.keyId`, params, now))
    const channels = new Set(policy.authentication.map((name) => methods.get(name)?.channel).filter((channel) => channel !== undefined))
    if (policy.level === 'advanced' && signer.keyId === null && channels.size < 2)
      faults.push({ code: 'SIGNATURES-LEVEL-ADVANCED', path: `${at}.authentication`, params })
    // Without a key that is known here he can only sign with a program of his own, at his own device.
    if (policy.level === 'qualified' && signer.keyId === null && (!ownProgram || signer.inPerson))
      faults.push({ code: 'SIGNATURES-LEVEL-QUALIFIED', path: `${at}.keyId`, params })
    return faults
  })
}

function checkKey(key: Key | undefined, policy: SignaturePolicy, path: string, params: Record<string, string>, now: Date): FaultDetail[] {
  if (key === undefined || key.state === 'stopped') return [{ code: 'SIGNATURES-KEY-UNKNOWN', path, params }]
  const named = { ...params, key: key.name }
  if (!key.purposes.includes('sign-contract')) return [{ code: 'SIGNATURES-KEY-PURPOSE', path, params: named }]
  const [certificate] = key.certificates
  if (certificate === undefined) return [{ code: 'SIGNATURES-KEY-NO-CERTIFICATE', path, params: named }]
  if (policy.level === 'qualified' && key.provider === 'software') return [{ code: 'SIGNATURES-KEY-SOFTWARE', path, params: named }]
  const read = new X509Certificate(certificate)
  if (new Date(read.validTo) < now)
    return [
      { code: 'SIGN-CERT-EXPIRED', path, params: { ...named, name: key.name, until: new Date(read.validTo).toISOString().slice(0, 10) } },
    ]
  // Whoever wrote his own certificate is vouched for by nobody.
  if (policy.level === 'qualified' && read.subject === read.issuer) return [{ code: 'SIGNATURES-KEY-NOT-OUTSIDE', path, params: named }]
  return []
}
