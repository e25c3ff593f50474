import type { Host } from '../../../../core/host/module.js'
import { drawSignature } from '../../../../core/signing/formats/pades/draw-signature.js'
import type { Capture } from '../../models/capture.js'
import type { Submitted } from './fills.js'

export interface InkSize {
  readonly width: number
  readonly height: number
}

/** The picture of a signature or of initials as large as its place. */
export async function inkPicture(
  host: Host,
  { request, signer, digits }: Submitted,
  capture: Capture | undefined,
  size: InkSize,
  signedAt: Date,
): Promise<Buffer> {
  void capture
  return drawSignature(host.documents, { ...size, name: signer.name, signedAt, timeZone: 'UTC', locale: request.locale, digits })
}
