import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs'
import { addFormFields } from '../../core/signing/formats/pades/forms/add-form-fields.js'
import { existingFields } from '../../core/signing/formats/pades/forms/existing-fields.js'
import { fillFormFields } from '../../core/signing/formats/pades/forms/fill-form-fields.js'
import { geometryOf, seenSize, toSeenRectangle } from '../../core/signing/formats/pades/page-geometry.js'
import { typstPdf } from '../../core/signing/test/typst-pdf.js'
import { PdfDocument } from '../../core/validation/pdf/document.js'
import { build, streamBody } from '../../core/validation/test/pdf-forgery.js'

/** Points, A6 to A0 and both letter sizes. */
const sizes = [
  [298, 420],
  [420, 595],
  [595, 842],
  [842, 1191],
  [1191, 1684],
  [1684, 2384],
  [2384, 3370],
  [612, 792],
  [612, 1008],
] as const

interface Shape {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly bottom: number
  readonly rotation: number
  /** Shares of the page that the crop box leaves out at its four sides; none without. */
  readonly crop: readonly [number, number, number, number] | undefined
  readonly unit: number
  /** Boxes and turn stand above the pages. */
  readonly inherits: boolean
}

const shape: fc.Arbitrary<Shape> = fc
  .record({
    size: fc.constantFrom(...sizes),
    turned: fc.boolean(),
    left: fc.integer({ min: -700, max: 700 }),
    bottom: fc.integer({ min: -700, max: 700 }),
    rotation: fc.constantFrom(0, 90, 180, 270, -90, 450),
    crop: fc.option(
      fc.tuple(
        ...([0, 1, 2, 3].map(() => fc.double({ min: 0, max: 0.3, noNaN: true })) as [
          fc.Arbitrary<number>,
          fc.Arbitrary<number>,
          fc.Arbitrary<number>,
          fc.Arbitrary<number>,
        ]),
      ),
      { nil: undefined },
    ),
    unit: fc.constantFrom(1, 1, 1, 2, 0.5),
    inherits: fc.boolean(),
  })
  .map(({ size: [short, long], turned, ...rest }) => ({ ...rest, width: turned ? long : short, height: turned ? short : long }))

const area = fc.record({
  x: fc.double({ min: 0.02, max: 0.7, noNaN: true }),
  y: fc.double({ min: 0.02, max: 0.7, noNaN: true }),
  width: fc.double({ min: 0.06, max: 0.25, noNaN: true }),
  height: fc.double({ min: 0.04, max: 0.25, noNaN: true }),
})
type Area = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

/** A document of these pages, as scanners, plotters and other programs leave them; all pages are white. */
function documentOf(pages: readonly Shape[]): Buffer {
  const inheritor = pages[0]
  const boxes = ({ left, bottom, width, height, crop, rotation }: Shape): string => {
    const edges =
      crop === undefined
        ? undefined
        : [left + crop[0] * width, bottom + crop[1] * height, left + width * (1 - crop[2]), bottom + height * (1 - crop[3])]
    return `/MediaBox [${left} ${bottom} ${left + width} ${bottom + height}] /Rotate ${rotation} ${edges === undefined ? '' : `/CropBox [${edges.map((edge) => edge.toFixed(3)).join(' ')}]`}`
  }
  const objects: Record<number, string> = {
    1: '<</Type /Catalog /Pages 2 0 R>>',
    2: `<</Type /Pages /Count ${pages.length} /Kids [${pages.map((_, index) => `${index + 4} 0 R`).join(' ')}] ${inheritor === undefined ? '' : boxes(inheritor)}>>`,
    3: streamBody('q Q'),
  }
  for (const [index, page] of pages.entries()) {
    const own = page.inherits && page === inheritor ? '' : boxes({ ...page, crop: page.crop ?? [0, 0, 0, 0] })
    objects[index + 4] =
      `<</Type /Page /Parent 2 0 R /Contents 3 0 R /Resources <<>> ${page.unit === 1 ? '' : `/UserUnit ${page.unit}`} ${own}>>`
  }
  return build(objects)
}

/** Edges of what is dark on a rendered page, in pixels from its upper left corner; 0 is the first pixel's outer edge. */
function darkBox(ppm: Buffer): { box: [number, number, number, number]; width: number; height: number } {
  const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(ppm.toString('latin1', 0, 40))
  assert.ok(header !== null)
  const [width, height] = [Number(header[1]), Number(header[2])]
  let [left, top, right, bottom] = [width, height, 0, 0]
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if ((ppm[header[0].length + (y * width + x) * 3] ?? 255) < 128) {
        if (x < left) left = x
        if (x + 1 > right) right = x + 1
        if (y < top) top = y
        if (y + 1 > bottom) bottom = y + 1
      }
  return { box: [left, top, right, bottom], width, height }
}

describe('a field stands where it was placed on the page as it is seen', function () {
  this.timeout(1_200_000)
  const folder = mkdtempSync(join(tmpdir(), 'geometry-'))
  after(() => {
    rmSync(folder, { recursive: true })
  })
  const runs = process.env['KHATM_FULL'] === '1' ? 400 : 8

  /** The pages with a field each, painted black over its whole place by a picture of the field's shape. */
  function painted(pages: readonly Shape[], places: readonly Area[]): { pdf: Buffer; seen: { width: number; height: number }[] } {
    const original = documentOf(pages)
    const document = PdfDocument.open(original)
    const seen = document.pages().map(({ page }) => seenSize(geometryOf(document, page)))
    const rectangles = seen.map((size, index) => toSeenRectangle(size, places[index] ?? { x: 0, y: 0, width: 0.1, height: 0.1 }))
    const made = addFormFields(
      original,
      rectangles.map((rect, index) => ({ name: `field${index}`, kind: 'text', areas: [{ page: index + 1, rect }] })),
    )
    const picture = typstPdf(
      rectangles.map(([, , width, height]) => `#page(width: ${width}pt, height: ${height}pt, margin: 0pt, fill: black)[]`).join('\n'),
      '1.7',
    )
    const fills = rectangles.map((_, index) => ({ name: `field${index}`, value: 'x', pictures: [{ pdf: picture, page: index + 1 }] }))
    return { pdf: fillFormFields(made, fills, new Date(0)), seen }
  }

  it('in the pixels of pdftoppm and of mutool, within a point', async () => {
    let worst = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(shape, area), { minLength: 1, maxLength: 3 }), async (drawn) => {
        const pages = drawn.map(([one]) => one)
        const places = drawn.map(([, place]) => place)
        const { pdf, seen } = painted(pages, places)
        const file = join(folder, 'page.pdf')
        writeFileSync(file, pdf)
        for (const [index, place] of places.entries()) {
          const size = seen[index]
          assert.ok(size !== undefined)
          // One pixel a point, or fewer on a plotter's page: an edge in the pixels is then worth as much more.
          for (const [name, args] of [
            ['pdftoppm', ['-r', '72', '-cropbox', '-aa', 'no', '-aaVector', 'no', '-f', String(index + 1), '-l', String(index + 1), file]],
            ['mutool', ['draw', '-q', '-r', '72', '-A', '0', '-F', 'ppm', '-o', '-', file, String(index + 1)]],
          ] as const) {
            const { box, width, height } = darkBox(execFileSync(name, args, { maxBuffer: 256e6, stdio: ['ignore', 'pipe', 'ignore'] }))
            // Poppler draws a unit of the page as a point, whatever the page says of it.
            const scale = name === 'pdftoppm' ? (pages[index]?.unit ?? 1) : 1
            const expected = [
              place.x * size.width,
              place.y * size.height,
              (place.x + place.width) * size.width,
              (place.y + place.height) * size.height,
            ]
            assert.ok(
              Math.abs(width * scale - size.width) <= 1.5 * scale && Math.abs(height * scale - size.height) <= 1.5 * scale,
              `${name}: page of ${width} x ${height}`,
            )
            for (const [edge, value] of box.entries()) {
              const error = Math.abs(value * scale - (expected[edge] ?? 0))
              worst = Math.max(worst, error)
              // A pixel's raster, and the point allowed.
              assert.ok(
                error <= Math.max(1, scale) + 0.5,
                `${name}: edge ${edge} is ${value * scale}, not ${expected[edge]} (${JSON.stringify(pages[index])})`,
              )
            }
          }
        }
      }),
      { numRuns: runs, seed: 20261122 },
    )
    if (process.env['KHATM_FULL'] === '1') process.stdout.write(`worst edge: ${worst.toFixed(2)} points\n`)
  })

  it('in the viewport of the browser (pdf.js), and back in fractions', async () => {
    await fc.assert(
      fc.asyncProperty(shape, area, async (page, place) => {
        const { pdf } = painted([page], [place])
        const task = getDocument({ data: new Uint8Array(pdf), verbosity: 0, disableFontFace: true })
        const opened = await (await task.promise).getPage(1)
        const viewport = opened.getViewport({ scale: 1 })
        const [annotation] = (await opened.getAnnotations()) as { rect: [number, number, number, number] }[] // as pdf.js documents it
        assert.ok(annotation !== undefined)
        const corners = viewport.convertToViewportRectangle(annotation.rect) as [number, number, number, number]
        await task.destroy()
        const [left, right] = [Math.min(corners[0], corners[2]), Math.max(corners[0], corners[2])]
        const [top, bottom] = [Math.min(corners[1], corners[3]), Math.max(corners[1], corners[3])]
        const fractions = [left / viewport.width, top / viewport.height, (right - left) / viewport.width, (bottom - top) / viewport.height]
        const expected = [place.x, place.y, place.width, place.height]
        for (const [index, value] of fractions.entries())
          assert.ok(Math.abs(value - (expected[index] ?? 0)) < 0.001, `${fractions.join()} ${expected.join()}`)
        const [known] = existingFields(PdfDocument.open(pdf))
        assert.ok(known?.areas[0] !== undefined)
        const told = [known.areas[0].x, known.areas[0].y, known.areas[0].width, known.areas[0].height]
        for (const [index, value] of told.entries()) assert.ok(Math.abs(value - (expected[index] ?? 0)) < 0.0001)
      }),
      { numRuns: runs, seed: 20261122 },
    )
  })
})
