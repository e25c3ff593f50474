import { FileAnswer, type RouteRegistration } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { recordEvent } from '../services/events.js'
import { readVersion } from '../services/template-rows.js'
import { accessFile } from '../signing-page/consent-page.js'
import { finishedState } from '../signing-page/finished-page.js'
import { requireIdentity } from '../signing-page/identity.js'
import { markDocumentSeen } from '../signing-page/marks.js'
import { openLink } from '../signing-page/open-link.js'
import { readCapture } from '../signing-page/read-captures.js'
import { plainTexts } from '../templates/written/plain-text.js'
import { lookLimit, provenLink, stepLimit, type SignerParts } from './signer-link.js'

/** Files of a link: the document to read, pictures of one's own signature, and what is finished. Each after proof of identity. */
export function addSignerFiles(routes: RouteRegistration, { host }: SignerParts): void {
  const stored = async (companyId: string, sha256: string): Promise<Buffer> =>
    (await host.db.company(companyId, (transaction) => host.files.get(transaction, sha256))).bytes

  // What is signed next: the newest revision, with the signatures of those before.
  routes.visitor('get', '/sign/:token/document.pdf', lookLimit, async (call) => {
    const link = await provenLink(host, call)
    const { headSha256, name } = link.request
    if (headSha256 === null) throw new Fault('SIGNATURES-LINK-ENDED', { status: 409 })
    const bytes = await stored(link.context.companyId, headSha256)
    await markDocumentSeen(host, link)
    const download = call.query['download'] === '1'
    return new FileAnswer(bytes, 'application/pdf', fileName(name, 'pdf'), download ? 'attachment' : 'inline')
  })

  // The same words for who listens; of an uploaded file the browser reads what it can.
  routes.visitor('get', '/sign/:token/text', lookLimit, async (call) => {
    const link = await provenLink(host, call)
    const { templateVersionId, variables, sentAt } = link.request
    const version = await host.db.company(link.context.companyId, (transaction) => readVersion(transaction, templateVersionId))
    const { content, roles } = version
    const texts = content.kind === 'text' ? plainTexts({ content, roles }, link.company, variables, sentAt ?? host.now()) : []
    return { kind: 'json', body: { texts } }
  })

  routes.visitor('get', '/sign/:token/access.pdf', stepLimit, async (call) => {
    const link = await openLink(host, call)
    if (link === undefined) throw new Fault('SIGNATURES-LINK-UNKNOWN', { status: 404 })
    await requireIdentity(host, link)
    return new FileAnswer(await accessFile(host, link), 'application/pdf', 'access.pdf', 'inline')
  })

  routes.visitor('get', '/sign/:token/capture/:capture', lookLimit, async (call) => {
    const link = await provenLink(host, call)
    const capture = await host.db.company(link.context.companyId, (transaction) =>
      readCapture(host, transaction, call.params['capture'] ?? ''),
    )
    if (capture.signerId !== link.signer.id || capture.picture === null) throw new Fault('SIGNATURES-CAPTURE-UNKNOWN', { status: 404 })
    return new FileAnswer(capture.picture.bytes, capture.picture.mediaType, 'signature', 'inline')
  })

  routes.visitor('get', '/sign/:token/status', lookLimit, async (call) => {
    const link = await provenLink(host, call, { finished: true })
    return { kind: 'json', body: finishedState(host, link) }
  })

  for (const [kind, column] of [
    ['document', 'sealedSha256'],
    ['certificate', 'certificateSha256'],
  ] as const) {
    routes.visitor('get', `/sign/:token/file/${kind}`, stepLimit, async (call) => {
      const link = await provenLink(host, call, { finished: true })
      const sha256 = link.request[column]
      if (sha256 === null || link.standing === 'asked') throw new Fault('SIGNATURES-FILE-NOT-READY', { status: 409 })
      const bytes = await stored(link.context.companyId, sha256)
      await host.db.company(link.context.companyId, (transaction) =>
        recordEvent(host, transaction, link.context, {
          requestId: link.request.id,
          type: 'downloaded',
          signerId: link.signer.id,
          origin: link.origin,
          facts: { file: kind, sha256 },
        }),
      )
      return new FileAnswer(
        bytes,
        'application/pdf',
        fileName(kind === 'document' ? link.request.name : `${link.request.name} – certificate`, 'pdf'),
      )
    })
  }
}

export function fileName(name: string, extension: string): string {
  return `${
    name
      .replace(/[\p{Cc}\p{Cf}/\\:*?"<>|]/gu, ' ')
      .trim()
      .slice(0, 120) || 'document'
  }.${extension}`
}
