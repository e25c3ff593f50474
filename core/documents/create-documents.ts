import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Configuration } from '../../config/schema.js'
import { Fault } from '../i18n/fault.js'
import { DocumentPool, type PoolSettings } from './document-pool.js'
import type { DocumentRequest, Documents, DrawingRequest, RenderedDocument } from './documents.js'
import type { RenderJob } from './worker-messages.js'

const templateName = /^[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*$/
const fileName = /^[a-z0-9][\w. -]{0,120}$/i

/** What a host may set; the rest follows from the machine. */
export type DocumentsSettings = Partial<Pick<PoolSettings, 'templatesDir' | 'timeoutMs' | 'workerModule'>>

/** Starts nothing yet: threads come with the first document. */
export function createDocuments(config: Pick<Configuration, 'documents'>, settings: DocumentsSettings = {}): Documents {
  const templatesDir = settings.templatesDir ?? fileURLToPath(new URL('../../templates', import.meta.url))
  // The worker is this folder's document-worker, TypeScript or compiled, as this file itself is.
  const extension = path.extname(fileURLToPath(import.meta.url))
  const pool = new DocumentPool({
    templatesDir,
    workers: config.documents.workers,
    recycleAfter: config.documents.recycleAfter,
    timeoutMs: settings.timeoutMs ?? 30_000,
    workerModule: settings.workerModule ?? new URL(`./document-worker${extension}`, import.meta.url),
  })
  const known = new Set<string>()
  let lastId = 0

  function requireTemplate(template: string): void {
    if (known.has(template)) return
    if (!templateName.test(template) || !existsSync(path.join(templatesDir, `${template}.typ`))) {
      throw new Fault('DOC-TEMPLATE-UNKNOWN', { status: 500, params: { template } })
    }
    known.add(template)
  }

  return {
    async render(request: DocumentRequest): Promise<RenderedDocument> {
      requireTemplate(request.template)
      const answer = await pool.run(renderJob(++lastId, request))
      if (answer.kind !== 'pdf') throw new Fault('DOC-WORKER-LOST', { status: 503, params: { template: request.template } })
      return { pdf: Buffer.from(answer.pdf), pages: answer.pages, boxes: answer.boxes }
    },
    async draw(request: DrawingRequest): Promise<string> {
      requireTemplate(request.template)
      const { template, locale, digits } = request
      const answer = await pool.run({ kind: 'svg', id: ++lastId, template, locale, digits, data: JSON.stringify(request.data) })
      if (answer.kind !== 'svg') throw new Fault('DOC-WORKER-LOST', { status: 503, params: { template } })
      return answer.svg
    },
    close: () => pool.close(),
  }
}

function renderJob(id: number, request: DocumentRequest): RenderJob {
  const attachments = request.attachments ?? []
  const names = new Set<string>()
  for (const { name, description } of attachments) {
    if (!fileName.test(name) || names.has(name)) throw new Fault('DOC-ATTACHMENT-NAME', { params: { name } })
    if (description.trim() === '') throw new Fault('DOC-ATTACHMENT-DESCRIPTION', { params: { name } })
    names.add(name)
  }
  const images = Object.entries(request.images ?? {}).map(([name, image]) => {
    if (!fileName.test(name)) throw new Fault('DOC-ATTACHMENT-NAME', { params: { name } })
    return { name, bytes: image.bytes }
  })
  return {
    kind: 'pdf',
    id,
    template: request.template,
    data: JSON.stringify(request.data),
    locale: request.locale,
    digits: request.digits,
    title: request.title,
    createdAt: Math.floor(request.createdAt.getTime() / 1000),
    standard: request.standard ?? '1.7',
    images,
    attachments,
  }
}
