import { Fault } from '../../../core/i18n/fault.js'
import { memberOf, parseLiteral } from './literal-value.js'

export interface EtaSignature {
  /** `I` of the issuer, `S` of the service provider that submits for him. */
  readonly type: 'I' | 'S'
  /** DER of the CMS. */
  readonly value: Buffer
}

/**
 * The document with its signatures as last member of the root; every other byte stays as it was.
 * @param root what was read from exactly these bytes, where the caller has it
 * @throws Fault EG-SIGNATURES-PRESENT, EG-SIGNATURES-NONE, EG-JSON-… as parseLiteral
 */
export function insertSignatures(json: Uint8Array, signatures: readonly EtaSignature[], root = parseLiteral(json)): Buffer {
  if (signatures.length === 0) throw new Fault('EG-SIGNATURES-NONE')
  if (root.kind !== 'object' || root.members.length === 0) throw new Fault('EG-JSON-SYNTAX', { params: { place: 0 } })
  if (memberOf(root, 'signatures') !== undefined) throw new Fault('EG-SIGNATURES-PRESENT')
  const source = Buffer.from(json.buffer, json.byteOffset, json.byteLength)
  const items = signatures.map(({ type, value }) => `{"signatureType":"${type}","value":"${value.toString('base64')}"}`)
  return Buffer.concat([
    source.subarray(0, root.end - 1),
    Buffer.from(`,"signatures":[${items.join(',')}]`, 'utf8'),
    source.subarray(root.end - 1),
  ])
}
