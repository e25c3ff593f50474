import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { ZipFile } from '../../../core/files/zip-writer.js'
import { configuredEvidence } from '../../../core/signing/configured-authorities.js'
import type { Certificate } from '../../../core/validation/certificate/certificate.js'
import { readRevocationList } from '../../../core/validation/revocation/crl.js'
import { readOcspResponse } from '../../../core/validation/revocation/ocsp.js'
import type { DossierReport } from './dossier-report.js'
import type { KeptStatus } from './kept-revocation.js'

export interface DossierRevocation {
  readonly files: readonly ZipFile[]
  readonly told: DossierReport['revocation']
  readonly missing: FaultDetail | null
}

/** Lists and OCSP answers of a path: those kept since the signature, else asked of the authorities now. What is missing is named. */
export async function dossierRevocation(
  host: Host,
  path: readonly Certificate[],
  at: Date,
  kept: KeptStatus | undefined,
): Promise<DossierRevocation> {
  if (kept !== undefined) return described(path, kept, kept.checkedAt, true)
  if (path.length === 0) return { files: [], told: [], missing: { code: 'EG-DOSSIER-NO-SIGNATURE' } }
  try {
    return described(path, await configuredEvidence(host)([path.map(({ der }) => der)], at), host.now(), false)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { files: [], told: [], missing: { code: error.code, params: error.params } }
  }
}

function described(
  [signer]: readonly Certificate[],
  { crls, ocspResponses }: Pick<KeptStatus, 'crls' | 'ocspResponses'>,
  got: Date,
  kept: boolean,
): DossierRevocation {
  const lists = crls.map((bytes, index) => {
    const { thisUpdate, nextUpdate } = readRevocationList(bytes)
    return {
      bytes,
      file: `revocation/${String(index + 1)}.crl`,
      kind: 'crl' as const,
      ofSigner: false,
      madeAt: thisUpdate,
      until: nextUpdate,
    }
  })
  const answers = ocspResponses.map((bytes, index) => {
    const { producedAt, answers: told } = readOcspResponse(bytes)
    return {
      bytes,
      file: `revocation/${String(index + 1)}.ocsp`,
      kind: 'ocsp' as const,
      ofSigner: told.some(({ serialHex }) => serialHex === signer?.serialHex),
      madeAt: producedAt,
      until: told[0]?.nextUpdate,
    }
  })
  const all = [...lists, ...answers]
  const gotAt = got.toISOString()
  return {
    files: all.map(({ file, bytes }) => ({ name: file, bytes })),
    told: all.map(({ file, kind, ofSigner, madeAt, until }) => {
      return { file, kind, ofSigner, madeAt: madeAt.toISOString(), until: until?.toISOString() ?? null, gotAt, kept }
    }),
    missing: null,
  }
}
