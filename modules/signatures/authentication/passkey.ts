import type { AuthenticationResponseJSON, AuthenticatorTransport, RegistrationResponseJSON } from '@simplewebauthn/server'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { checkWithLimit, type CheckOutcome } from './attempts.js'
import { authenticatorsOf, countUse, enrol, identityOf, mayEnrol, type Authenticator } from './authenticators.js'
import { endChallenge, openChallenge, storeChallenge } from './challenges.js'
import type { AuthenticationMethod } from './method.js'

const name = 'passkey'

/** Read when a passkey is used: no start of the host should wait for it. */
const webAuthn = (): Promise<typeof import('@simplewebauthn/server')> => import('@simplewebauthn/server')

interface RelyingParty {
  readonly id: string
  readonly origins: readonly string[]
}

/**
 * Passkeys are bound to the name under which people reach this host. A sandbox company without a public address practises on
 * `localhost`, whatever the port.
 */
async function relyingParty(host: Host, companyId: string, answeredOrigin?: string): Promise<RelyingParty | undefined> {
  const { publicUrl } = host.config
  if (publicUrl !== null) {
    const url = new URL(publicUrl)
    return { id: url.hostname, origins: [url.origin] }
  }
  if (!(await host.access.company(companyId)).sandbox) return undefined
  const local = answeredOrigin !== undefined && URL.canParse(answeredOrigin) && new URL(answeredOrigin).hostname === 'localhost'
  return { id: 'localhost', origins: local ? [answeredOrigin] : [] }
}

/** The origin that the browser wrote into what it signed. */
function originOf(clientDataJSON: string): string | undefined {
  try {
    const data: unknown = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString())
    return typeof data === 'object' && data !== null && 'origin' in data && typeof data.origin === 'string' ? data.origin : undefined
  } catch {
    return undefined
  }
}

/** A key on the signer's device or in his keychain (WebAuthn), enrolled after another proof. */
export function passkeyMethod(host: Host): AuthenticationMethod {
  return {
    name,
    title: { ar: 'مفتاح المرور', en: 'Passkey', bg: 'Ключ за достъп' },
    channel: 'device',
    unavailable: async (_transaction, signing) => {
      if (identityOf(signing) === undefined) return { code: 'SIGNATURES-METHOD-NO-EMAIL', params: { name: signing.signer.name } }
      const party = await relyingParty(host, signing.context.companyId)
      return party === undefined ? { code: 'SIGNATURES-METHOD-NO-ADDRESS' } : undefined
    },
    begin: async (signing) => {
      const { context, signer } = signing
      const party = await relyingParty(host, context.companyId)
      if (party === undefined) throw new Fault('SIGNATURES-METHOD-NO-ADDRESS', { status: 503 })
      const enrolled = await host.db.company(context.companyId, (transaction) => authenticatorsOf(transaction, signing, name))
      if (enrolled.length === 0 && !mayEnrol(signing)) throw new Fault('SIGNATURES-METHOD-ENROL-FIRST', { status: 403 })
      const passkeys = await webAuthn()
      const options =
        enrolled.length > 0
          ? await passkeys.generateAuthenticationOptions({
              rpID: party.id,
              allowCredentials: enrolled.map((one) => ({ id: one.credential, transports: transportsOf(one) })),
              userVerification: 'required',
            })
          : await passkeys.generateRegistrationOptions({
              rpID: party.id,
              rpName: (await host.access.company(context.companyId)).name,
              userName: signer.email ?? signer.name,
              userDisplayName: signer.name,
              attestationType: 'none',
              authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
            })
      await host.db.company(context.companyId, (transaction) =>
        storeChallenge(host, transaction, signing, name, { data: { challenge: options.challenge }, minutes: 5 }),
      )
      return { kind: 'passkey', params: { enrol: enrolled.length === 0 ? 1 : 0 }, data: options }
    },
    check: (signing, answer) =>
      checkWithLimit(host, signing, name, async (transaction) => {
        const challenge = (await openChallenge(host, transaction, signing, name))?.data['challenge']
        if (typeof challenge !== 'string') return { refused: 'expired' }
        // One answer for one challenge, right or wrong.
        await endChallenge(transaction, signing, name)
        const credential = credentialOf(answer['credential'])
        if (credential === undefined) return { refused: 'wrong' }
        const party = await relyingParty(host, signing.context.companyId, originOf(credential.response.clientDataJSON))
        if (party === undefined) return { refused: 'wrong' }
        const enrolled = await authenticatorsOf(transaction, signing, name, { lock: true })
        const expected = { expectedChallenge: challenge, expectedOrigin: [...party.origins], expectedRPID: party.id }
        if (enrolled.length === 0) {
          if (!mayEnrol(signing)) return { refused: 'expired' }
          // The browser answers a registration with this shape; the library checks every part of it.
          const { verifyRegistrationResponse } = await webAuthn()
          const verified = await quietly(() =>
            verifyRegistrationResponse({ ...expected, response: credential as RegistrationResponseJSON, requireUserVerification: true }),
          )
          if (verified?.verified !== true) return { refused: 'wrong' }
          const { id, publicKey, counter, transports } = verified.registrationInfo.credential
          await enrol(host, transaction, signing, name, {
            credential: id,
            publicKey: Buffer.from(publicKey),
            counter,
            ...(transports === undefined ? {} : { transports }),
          })
          return { passed: { enrolled: true, credential: id } }
        }
        return authenticate(enrolled, credential, expected, (id, counter) => countUse(host, transaction, id, counter))
      }),
  }
}

async function authenticate(
  enrolled: readonly Authenticator[],
  credential: Credential,
  expected: { expectedChallenge: string; expectedOrigin: string[]; expectedRPID: string },
  count: (id: string, counter: number) => Promise<void>,
): Promise<CheckOutcome> {
  const known = enrolled.find((one) => one.credential === credential.id)
  if (known?.publicKey === undefined || known.publicKey === null) return { refused: 'wrong' }
  const { publicKey, counter } = known
  const { verifyAuthenticationResponse } = await webAuthn()
  const verified = await quietly(() =>
    verifyAuthenticationResponse({
      ...expected,
      // As above: its parts are checked by the library.
      response: credential as AuthenticationResponseJSON,
      credential: { id: known.credential, publicKey: Uint8Array.from(publicKey), counter, transports: transportsOf(known) },
      requireUserVerification: true,
    }),
  )
  if (verified?.verified !== true) return { refused: 'wrong' }
  await count(known.id, verified.authenticationInfo.newCounter)
  return { passed: { credential: known.credential } }
}

interface Credential {
  readonly id: string
  readonly response: { readonly clientDataJSON: string }
}

function credentialOf(answer: unknown): Credential | undefined {
  let found: unknown
  try {
    found = typeof answer === 'string' && answer.length < 20_000 ? JSON.parse(answer) : undefined
  } catch {
    return undefined
  }
  if (typeof found !== 'object' || found === null || !('id' in found) || typeof found.id !== 'string') return undefined
  if (!('response' in found) || typeof found.response !== 'object' || found.response === null) return undefined
  const { response } = found
  if (!('clientDataJSON' in response) || typeof response.clientDataJSON !== 'string') return undefined
  return { ...found, id: found.id, response: { ...response, clientDataJSON: response.clientDataJSON } }
}

/** The library throws at answers it cannot read; to the signer all of them are a wrong answer. */
async function quietly<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work()
  } catch {
    return undefined
  }
}

// Stored as the browser named them; one that the library does not know is ignored by browsers.
const transportsOf = ({ transports }: Authenticator): AuthenticatorTransport[] => transports as AuthenticatorTransport[]
