import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import { fetchGuarded, type GuardedAnswer } from '../../../http/outgoing.js'
import { Fault } from '../../../i18n/fault.js'
import { verifyDigestSignature } from '../../../validation/ecdsa.js'
import { CscKeyProvider } from '../../keys/csc/csc-provider.js'
import type { CscService } from '../../keys/csc/connection.js'
import type { SignerHouse } from './signer-house.js'

export const sha256 = '2.16.840.1.101.3.4.2.1'
export const ecdsaSha256 = '1.2.840.10045.4.3.2'

/** For `assert.rejects`: the fault of this code. */
export const fault = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error))
  assert.equal(error.code, code, error.message)
  return true
}

/** Has the key of a credential sign something, and checks the signature with the key the credential told. */
export async function sign(
  provider: CscKeyProvider,
  credentialId = 'seal',
  purpose: 'seal-document' | 'sign-contract' = 'seal-document',
  digest: Buffer = randomBytes(32),
): Promise<void> {
  const found = await provider.findKey({ service: 'signer', credentialId })
  const request = { scheme: 'ecdsa', digestAlgorithm: 'sha256', digest } as const
  const uses = [{ purpose, subject: { type: 'invoice', id: '1', label: 'INV/1' } }]
  const reference = { keyId: 'k', companyId: 'c', algorithm: 'ec-p256', stored: found.stored } as const
  const signature = await provider.signDigest(reference, { ...request, uses })
  assert.equal(verifyDigestSignature({ publicKeySpki: found.publicKey, ...request, signature }), true)
}

/** Status and error of an answer. */
export function said(answer: GuardedAnswer): [number, string] {
  const value = JSON.parse(answer.body.toString()) as { error: string; error_description: string } // the signer's own form
  return [answer.status, `${value.error}: ${value.error_description}`]
}

/** Those who call a signer: hosts by the product's own provider, and anybody by what the wire has. */
export class SignerClients {
  private readonly open: CscKeyProvider[] = []
  private readonly agents: https.Agent[] = []

  constructor(
    private readonly house: SignerHouse,
    private readonly url: string,
  ) {}

  /** A host that holds the certificate of a client. */
  hostOf(client: string, pinFile: string | null = null): CscKeyProvider {
    return this.hostWith(this.house.service(this.url, client, '2', pinFile), { patienceMs: 0 })
  }

  /** A host that is configured in a way of its own. */
  hostWith(service: CscService, options?: ConstructorParameters<typeof CscKeyProvider>[1]): CscKeyProvider {
    const provider = new CscKeyProvider([service], options)
    this.open.push(provider)
    return provider
  }

  agentOf(client: string, more: https.AgentOptions = {}): https.Agent {
    const agent = new https.Agent({
      ca: readFileSync(join(this.house.folder, 'authority.pem')),
      cert: readFileSync(join(this.house.folder, `${client}.pem`)),
      key: readFileSync(join(this.house.folder, `${client}.key`)),
      ...more,
    })
    this.agents.push(agent)
    return agent
  }

  post(agent: https.Agent, path: string, body: string, headers: Record<string, string> = {}): Promise<GuardedAnswer> {
    const url = `${this.url.replace(/\/csc$/, '')}${path}`
    const all = { 'content-type': 'application/json', ...headers }
    return fetchGuarded(url, { method: 'POST', headers: all, body, allowPrivate: [new URL(url).origin], agent })
  }

  /** A request as the wire has it, without the client's own care. */
  raw(client: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<GuardedAnswer> {
    return this.post(this.agentOf(client, { keepAlive: true }), path, typeof body === 'string' ? body : JSON.stringify(body), headers)
  }

  /** @returns the signature activation data of an authorisation for these hashes */
  async grant(client: string, credentialID: string, hashes: readonly Buffer[]): Promise<string> {
    const body = {
      credentialID,
      numSignatures: hashes.length,
      hashes: hashes.map((one) => one.toString('base64')),
      hashAlgorithmOID: sha256,
    }
    const answer = await this.raw(client, '/csc/v2/credentials/authorize', body)
    assert.equal(answer.status, 200, answer.body.toString())
    return (JSON.parse(answer.body.toString()) as { SAD: string }).SAD
  }

  signHash(client: string, credentialID: string, SAD: string, hashes: readonly Buffer[]): Promise<GuardedAnswer> {
    return this.raw(client, '/csc/v2/signatures/signHash', {
      credentialID,
      SAD,
      hashes: hashes.map((one) => one.toString('base64')),
      hashAlgorithmOID: sha256,
      signAlgo: ecdsaSha256,
      operationMode: 'S',
    })
  }

  async close(): Promise<void> {
    for (const one of this.open.splice(0)) await one.close()
    for (const one of this.agents.splice(0)) one.destroy()
  }
}
