import path from 'node:path'
import { NodeCompiler, type NodeTypstDocument } from '@myriaddreamin/typst-ts-node-compiler'
import { z } from 'zod'
import type { PlacedBox } from './documents.js'
import { documentFonts } from './fonts.js'
import { PrintableCharacters } from './printable.js'
import { mendTextLayer } from './text-layer.js'
import type { DocumentJob, DrawingJob, RenderJob } from './worker-messages.js'

/** A template that does not compile, or data it does not expect. `place` names file and message for the log. */
export class TypstFailure extends Error {
  constructor(
    message: string,
    readonly place: string,
  ) {
    super(message)
    this.name = 'TypstFailure'
  }
}

const diagnostics = z.array(z.object({ message: z.string(), path: z.string().optional(), range: z.unknown().optional() }))

const placedBoxes = z.array(
  z.object({
    label: z.string(),
    page: z.number().int().positive(),
    x: z.number(),
    top: z.number(),
    width: z.number(),
    height: z.number(),
    pageHeight: z.number(),
  }),
)

/** Results of one compilation are kept this many documents long; more only costs memory (probe: 570 MB if kept). */
const cacheAge = 3

/** Typst in this thread. Calls are synchronous: it belongs into a worker. */
export class TypstCompiler {
  readonly #compiler: NodeCompiler
  readonly #templatesDir: string
  readonly #printable: PrintableCharacters

  constructor(templatesDir: string) {
    this.#templatesDir = templatesDir
    const fonts = documentFonts()
    this.#printable = new PrintableCharacters(fonts)
    this.#compiler = NodeCompiler.create({ workspace: templatesDir, fontArgs: [{ fontBlobs: fonts }] })
  }

  /** @throws TypstFailure */
  pdf(job: RenderJob): { pdf: Buffer; pages: number; boxes: PlacedBox[] } {
    return this.#with(job, (document) => {
      const pdf = mendTextLayer(this.#compiler.pdf(document, { pdfStandard: job.standard, creationTimestamp: job.createdAt }))
      const found = placedBoxes.parse(this.#compiler.query(document, { selector: '<khatm-box>', field: 'value' }))
      const boxes = found.map(({ label, page, x, top, width, height, pageHeight }) => ({
        label,
        page,
        x,
        y: pageHeight - top - height,
        width,
        height,
      }))
      return { pdf, pages: document.numOfPages, boxes }
    })
  }

  /** @throws TypstFailure */
  svg(job: DrawingJob): string {
    return this.#with(job, (document) => this.#compiler.plainSvg(document))
  }

  #with<Result>(job: DocumentJob, work: (document: NodeTypstDocument) => Result): Result {
    const attachments = job.kind === 'pdf' ? job.attachments : []
    const images = job.kind === 'pdf' ? job.images : []
    for (const image of images) this.#shadow(`assets/${image.name}`, image.bytes)
    attachments.forEach((attachment, index) => this.#shadow(`attachments/${index}`, attachment.bytes))
    const frame = {
      locale: job.locale,
      digits: job.digits,
      title: job.kind === 'pdf' ? job.title : '',
      assets: images.map((image) => image.name),
      attachments: attachments.map(({ name, mediaType, relationship, description }) => ({ name, mediaType, relationship, description })),
    }
    try {
      const compiled = this.#compiler.compile({
        mainFileContent: mainSource(job.template),
        inputs: { data: this.#printable.clean(job.data), frame: JSON.stringify(frame) },
      })
      const document = compiled.result
      if (compiled.hasError() || document === null) throw this.#failure(compiled.takeError() ?? compiled.takeDiagnostics())
      return work(document)
    } catch (error) {
      throw error instanceof TypstFailure ? error : this.#failure(error)
    } finally {
      this.#compiler.resetShadow()
      this.#compiler.evictCache(cacheAge)
    }
  }

  #shadow(name: string, bytes: Uint8Array): void {
    this.#compiler.mapShadow(path.join(this.#templatesDir, name), Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  }

  #failure(error: unknown): TypstFailure {
    const short = typeof error === 'object' && error !== null && 'shortDiagnostics' in error ? error.shortDiagnostics : undefined
    const parsed = diagnostics.safeParse(short)
    const first = parsed.success ? parsed.data[0] : undefined
    if (first !== undefined) return new TypstFailure(first.message, first.path ?? '')
    return new TypstFailure(error instanceof Error ? error.message : String(error), '')
  }
}

/** The document around a template: it is code of ours and holds no data; data comes in by `sys.inputs`. */
function mainSource(template: string): string {
  return `#import "/partials/document.typ": document-frame
#import "/${template}.typ": render
#let frame = json(bytes(sys.inputs.frame))
#let data = json(bytes(sys.inputs.data))
#show: document-frame.with(frame)
#render(data, frame)
`
}
