import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeyAlgorithm } from '../../core/signing/key.js'
import { evidenceFrom, type EvidenceFor } from '../../core/signing/revocation/collect-evidence.js'
import { createOnlineSource } from '../../core/signing/revocation/online-source.js'
import type { Signer } from '../../core/signing/signing-service.js'
import { signerOf } from '../../core/signing/test/test-authority.js'
import type { TimeStampClient } from '../../core/signing/tsp/time-stamp.js'
import { createTimeStampClient } from '../../core/signing/tsp/time-stamp-client.js'
import { startSandbox, type Sandbox } from '../../modules/sandbox/index.js'

export interface PadesHouse {
  readonly sandbox: Sandbox
  readonly folder: string
  readonly root: Buffer
  readonly timeStamp: TimeStampClient
  /** Asks the servers of the sandbox anew for every call, so that a certificate withdrawn meanwhile shows. */
  readonly evidence: EvidenceFor
  signer(name: string, algorithm?: KeyAlgorithm, authority?: 'issuing' | 'stranger'): Promise<Signer>
  close(): Promise<void>
}

/** Certificate authority, OCSP, CRL and time stamps of the sandbox, with software keys to sign. */
export async function openPadesHouse(now?: () => Date): Promise<PadesHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'pades-house-'))
  const sandbox = await startSandbox({ dataDir: join(folder, 'sandbox'), ...(now === undefined ? {} : { now }) })
  const allowPrivate = [new URL(sandbox.url).origin]
  const clock = now === undefined ? {} : { now }
  return {
    sandbox,
    folder,
    root: sandbox.caCertificate,
    timeStamp: createTimeStampClient(sandbox.timeStampUrl, { allowPrivate, trust: [sandbox.caCertificate], ...clock }),
    evidence: (paths, at) => evidenceFrom(createOnlineSource({ allowPrivate, ...clock }), [sandbox.caCertificate])(paths, at),
    async signer(name, algorithm = 'ec-p256', authority = 'issuing') {
      const pair =
        algorithm === 'ec-p256'
          ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
          : algorithm === 'ec-p384'
            ? generateKeyPairSync('ec', { namedCurve: 'P-384' })
            : generateKeyPairSync('rsa', { modulusLength: Number(algorithm.slice(4)) })
      const chain = await sandbox.issueCertificate({
        spki: pair.publicKey.export({ format: 'der', type: 'spki' }),
        subject: { C: 'SA', O: 'Khatm tests', CN: name },
        profile: 'seal',
        authority,
      })
      const [own, ...issuers] = chain.map((der) => ({ der, pem: '', algorithm, name: [], ...pair }))
      if (own === undefined) throw new RangeError('no certificate')
      return signerOf(own, issuers)
    },
    async close() {
      await sandbox.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export interface Opinions {
  /** Signatures that pdfsig (NSS) calls valid; it does not judge document time stamps. */
  readonly pdfsigValid: number
  /** Signatures whose digest mutool (MuPDF, OpenSSL) finds unchanged. */
  readonly mutoolIntact: number
  readonly qpdf: number | null
  readonly words: string
}

/** What three programs that are not ours say of a file. */
export function otherOpinions(folder: string, pdf: Buffer): Opinions {
  const file = join(folder, 'opinion.pdf')
  writeFileSync(file, pdf)
  const run = (command: string, ...args: string[]): { words: string; status: number | null } => {
    const { stdout, stderr, status } = spawnSync(command, [...args, file], { encoding: 'utf8' })
    return { words: stdout + stderr, status }
  }
  const pdfsig = run('pdfsig', '-nocert')
  const mutool = run('mutool', 'sign', '-v')
  const qpdf = run('qpdf', '--check')
  return {
    pdfsigValid: [...pdfsig.words.matchAll(/Signature is Valid/g)].length,
    mutoolIntact: [...mutool.words.matchAll(/document is unchanged|edits since signing|changes since signing/gi)].length,
    qpdf: qpdf.status,
    words: [pdfsig.words, mutool.words, qpdf.words].join('\n'),
  }
}
