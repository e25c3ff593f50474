import { createPublicKey } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { AsnConvert } from '@peculiar/asn1-schema'
import { CertificationRequest } from '@peculiar/asn1-csr'
import express from 'express'
import { Fault } from '../../core/i18n/fault.js'
import { CertificateAuthorities, serialOf, type AuthorityName, type CertificateProfile, type RevocationReason } from './ca/authority.js'
import { derOf } from './ca/certificate.js'
import { buildName, type NameInput } from './ca/names.js'
import { OcspResponder } from './ca/ocsp.js'
import { trustRoutes } from './ca/routes.js'
import { RemoteSigner, sandboxPin } from './csc/remote-signer.js'
import { cscRoutes } from './csc/routes.js'
import { FatooraAuthority } from './fatoora/authority-service.js'
import { etaRoutes } from './eta/routes.js'
import { startEta, type SeenEtaDocument } from './eta/start-eta.js'
import { ClearanceStamp } from './fatoora/clearance.js'
import { fatooraRoutes } from './fatoora/routes.js'
import { Units, type SeenDocument, type UnitSummary } from './fatoora/units.js'
import { Mailbox, type Mail } from './mailbox/mailbox.js'
import { Phone, type TextMessage } from './phone/phone.js'
import { phoneRoutes } from './phone/routes.js'
import { controlRoutes } from './pages/control.js'
import { pageRoutes } from './pages/routes.js'
import { Faults, type FaultPlan } from './state/faults.js'
import { readPlace, writePlace, type Place } from './state/place.js'
import { TimeStampAuthority } from './tsa/time-stamp-authority.js'

export interface SandboxOptions {
  /** Folder of keys, certificates, CSIDs, documents and mails. Made when missing; two sandboxes cannot share one. */
  readonly dataDir: string
  /** Wanted port; without it the remembered one, else a free one. */
  readonly port?: number
  readonly smtpPort?: number
  /** Faults to begin with. */
  readonly faults?: readonly FaultPlan[]
  /** Clock of the authorities (tests). */
  readonly now?: () => Date
}

export interface CertificateOrder {
  /** DER SubjectPublicKeyInfo; or a PKCS#10 request, whose signature is checked. */
  readonly spki?: Uint8Array
  readonly csrPem?: string
  /** Default: the subject of the request. */
  readonly subject?: NameInput
  readonly profile: CertificateProfile
  /** Default 365. */
  readonly days?: number
  /** Default now minus a minute; for expired and not-yet-valid certificates. */
  readonly notBefore?: Date
  /** `stranger` issues below a root outside the trust anchors. Default by profile. */
  readonly authority?: Extract<AuthorityName, 'issuing' | 'saudi' | 'egypt' | 'stranger'>
}

/** The authorities of this machine, running. */
export interface Sandbox {
  /** Dashboard; every other address lies below it. */
  readonly url: string
  readonly smtp: { readonly host: string; readonly port: number }
  readonly timeStampUrl: string
  /** Base of the authority's calls: `…/fatoora/e-invoicing/developer-portal`. */
  readonly fatooraUrl: string
  readonly ocspUrl: string
  /** Base of the Egyptian authority: `…/eta` (identity below `/id`, calls below `/api`, portal below `/portal`). */
  readonly etaUrl: string
  /** Remote signing service: `…/csc` (append `/v1` or `/v2`), its one client, and the PIN of `person-pin`. */
  readonly csc: { readonly url: string; readonly clientId: string; readonly clientSecret: string; readonly pin: string }
  /** Ends every access token of the remote signing service, as its operator may. */
  revokeCscTokens(): void
  /** DER of the root. */
  readonly caCertificate: Buffer
  /** The root alone, PEM. */
  readonly trustAnchorsPem: string
  /** DER certificate whose key stamps cleared documents. */
  readonly clearanceCertificate: Buffer
  /** @returns leaf, issuing CA, root, DER @throws Fault SANDBOX-CSR-INVALID */
  issueCertificate(order: CertificateOrder): Promise<Buffer[]>
  /** By certificate (DER) or serial number (hex). @returns false when it was not issued here */
  revoke(certificate: Uint8Array | string, reason?: RevocationReason): boolean
  /** Oldest first. */
  mailbox(): Promise<Mail[]>
  /** Oldest first. */
  textMessages(): readonly TextMessage[]
  readonly faults: { inject(plan: FaultPlan): void; clear(): void }
  /** Switches clearance off (303) and on again. */
  setClearance(on: boolean): void
  /** Chains as the authority knows them. */
  units(): UnitSummary[]
  /** Newest first, at most 100. */
  documents(): readonly SeenDocument[]
  /** Documents the Egyptian authority took, newest first. */
  etaDocuments(): SeenEtaDocument[]
  /** Forgets mails, CSIDs, documents and faults; authorities and ports stay. */
  reset(): void
  close(): Promise<void>
}

/**
 * Starts CA, OCSP, CRL, TSA, mail server and Fatoora server on loopback.
 * @throws Fault SANDBOX-RUNNING when another process serves the same folder, SANDBOX-PORT-TAKEN when the wanted port is not free
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const place = readPlace(options.dataDir)
  const server = createServer()
  const port = await takePort(server, options.port, place)
  const mails = new Mailbox(options.dataDir)
  try {
    const smtpPort = await takeMailPort(mails, options.smtpPort, place.smtpPort)
    writePlace(options.dataDir, { id: place.id, port, smtpPort })
    return run(options, { ...place, port, smtpPort }, server, mails)
  } catch (error) {
    // A half-started sandbox must not keep the ports of the folder.
    server.close()
    await mails.close()
    throw error
  }
}

/** Everything behind the two ports, once they are taken. */
function run(options: SandboxOptions, place: Place, server: Server, mails: Mailbox): Sandbox {
  const { smtpPort } = place
  const url = `http://127.0.0.1:${place.port}`

  const now = options.now ?? (() => new Date())
  const authorities = new CertificateAuthorities(options.dataDir, url)
  const units = new Units(options.dataDir)
  const phone = new Phone(options.dataDir)
  const faults = new Faults()
  for (const plan of options.faults ?? []) faults.inject(plan)
  const timeStamps = new TimeStampAuthority(authorities)
  timeStamps.prepare()
  const remoteSigner = new RemoteSigner(options.dataDir, authorities, now, `${url}/csc`, timeStamps)
  const clearanceStamp = new ClearanceStamp(authorities)
  const fatoora = new FatooraAuthority(authorities, units, clearanceStamp, now)

  const eta = startEta({ folder: options.dataDir, url: `${url}/eta`, authorities, now })

  const sandbox: Sandbox = {
    url,
    smtp: { host: '127.0.0.1', port: smtpPort },
    timeStampUrl: `${url}/tsa`,
    fatooraUrl: `${url}/fatoora/e-invoicing/developer-portal`,
    ocspUrl: `${url}/ocsp`,
    etaUrl: `${url}/eta`,
    csc: { url: `${url}/csc`, clientId: remoteSigner.client.id, clientSecret: remoteSigner.client.secret, pin: sandboxPin },
    revokeCscTokens: () => {
      remoteSigner.revokeTokens()
    },
    caCertificate: authorities.certificate('root'),
    trustAnchorsPem: authorities.trustAnchorsPem(),
    clearanceCertificate: clearanceStamp.certificate,
    issueCertificate: (order) => Promise.resolve().then(() => issue(authorities, order)),
    revoke: (certificate, reason) => authorities.revoke(typeof certificate === 'string' ? certificate : serialOf(certificate), reason),
    mailbox: () => mails.all(),
    textMessages: () => phone.all(),
    faults: {
      inject: (plan) => {
        faults.inject(plan)
      },
      clear: () => {
        faults.clear()
      },
    },
    setClearance: (on) => {
      fatoora.clearanceOff = !on
    },
    units: () => units.summaries(),
    documents: () => units.last(),
    etaDocuments: () => eta.seen(),
    reset: () => {
      mails.reset()
      phone.reset()
      units.reset()
      eta.reset()
      faults.clear()
      remoteSigner.reset()
      fatoora.clearanceOff = false
    },
    close: async () => {
      server.closeAllConnections()
      await Promise.all([new Promise((resolve) => void server.close(resolve)), mails.close()])
      await remoteSigner.close()
      authorities.close()
      units.close()
      eta.close()
      phone.close()
    },
  }

  const app = express()
  app.disable('x-powered-by')
  app.use('/fatoora/e-invoicing', fatooraRoutes({ authority: fatoora, authorities, units, faults }))
  app.use('/eta', etaRoutes(eta, faults))
  app.use(trustRoutes({ authorities, ocsp: new OcspResponder(authorities), timeStamps, faults, now }))
  app.use('/csc', cscRoutes({ signer: remoteSigner, faults, now }))
  app.use('/control', controlRoutes({ sandbox, id: place.id, faults, units, authorities, eta }))
  app.use('/phone', phoneRoutes(phone))
  app.use(pageRoutes({ sandbox, mails, phone, units, authorities, faults, eta }))
  server.on('request', app)
  return sandbox
}

/** Invoices are signed under the issuers their countries license. */
const issuerOf: Partial<Record<CertificateProfile, 'saudi' | 'egypt'>> = { 'e-invoice': 'saudi', 'egypt-invoice': 'egypt' }

function issue(authorities: CertificateAuthorities, order: CertificateOrder): Buffer[] {
  const request = order.csrPem === undefined ? undefined : readRequest(order.csrPem)
  const spki = order.spki ?? request?.spki
  const subject = order.subject === undefined ? request?.subject : buildName(order.subject)
  if (spki === undefined || subject === undefined)
    throw new Fault('SANDBOX-CSR-INVALID', { params: { reason: 'spki and subject, or csrPem' } })
  return authorities.issue({
    authority: order.authority ?? issuerOf[order.profile] ?? 'issuing',
    profile: order.profile,
    subject,
    spki,
    days: order.days ?? 365,
    notBefore: order.notBefore,
  })
}

function readRequest(pem: string): { spki: Buffer; subject: ReturnType<typeof buildName> } {
  try {
    const request = AsnConvert.parse(derOf(pem), CertificationRequest)
    const spki = Buffer.from(AsnConvert.serialize(request.certificationRequestInfo.subjectPKInfo))
    createPublicKey({ key: spki, format: 'der', type: 'spki' })
    return { spki, subject: request.certificationRequestInfo.subject }
  } catch (cause) {
    throw new Fault('SANDBOX-CSR-INVALID', { params: { reason: cause instanceof Error ? cause.message : 'unreadable' }, cause })
  }
}

async function takePort(server: Server, wanted: number | undefined, place: Place): Promise<number> {
  const first = wanted ?? place.port
  if (place.port !== 0 && (await answers(place)))
    throw new Fault('SANDBOX-RUNNING', { status: 409, params: { url: `http://127.0.0.1:${place.port}` } })
  const bound = await listen(server, first)
  if (bound !== null) return bound
  if (wanted !== undefined && wanted !== 0) throw new Fault('SANDBOX-PORT-TAKEN', { status: 409, params: { port: wanted } })
  const free = await listen(server, 0)
  if (free === null) throw new Fault('SANDBOX-PORT-TAKEN', { status: 409, params: { port: 0 } })
  return free
}

async function takeMailPort(mails: Mailbox, wanted: number | undefined, remembered: number): Promise<number> {
  try {
    return await mails.listen(wanted ?? remembered)
  } catch (cause) {
    if (wanted !== undefined && wanted !== 0) throw new Fault('SANDBOX-PORT-TAKEN', { status: 409, params: { port: wanted }, cause })
    return mails.listen(0)
  }
}

/** Whether a living sandbox serves this very folder. */
async function answers(place: Place): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${place.port}/control/state`, { signal: AbortSignal.timeout(1000) })
    const state: unknown = await response.json()
    return typeof state === 'object' && state !== null && 'id' in state && state.id === place.id
  } catch {
    return false
  }
}

function listen(server: Server, port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const refused = (): void => {
      resolve(null)
    }
    server.once('error', refused)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', refused)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : null)
    })
  })
}
