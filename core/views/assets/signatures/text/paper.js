import { assets } from '../../browser/page.js'

let library
/** pdf.js, loaded when there is a paper to draw. */
function pdfjs() {
  library ??= import(`${assets}/pdfjs/pdf.mjs`).then((loaded) => {
    loaded.GlobalWorkerOptions.workerSrc = `${assets}/pdfjs/pdf.worker.mjs`
    return loaded
  })
  return library
}

let turn = 0

/** Draws all pages of a PDF; the old ones stay until the new ones are there, so that nothing jumps. */
export async function drawPages(place, bytes, words) {
  const mine = ++turn
  const { getDocument } = await pdfjs()
  const file = await getDocument({
    data: bytes,
    standardFontDataUrl: `${assets}/pdfjs/standard_fonts/`,
    cMapUrl: `${assets}/pdfjs/cmaps/`,
    cMapPacked: true,
    wasmUrl: `${assets}/pdfjs/wasm/`,
    isEvalSupported: false,
    enableXfa: false,
  }).promise
  const pages = []
  const width = Math.max(place.clientWidth - 26, 240)
  for (let number = 1; number <= file.numPages && mine === turn; number += 1) {
    const page = await file.getPage(number)
    const viewport = page.getViewport({ scale: (width / page.getViewport({ scale: 1 }).width) * Math.min(devicePixelRatio, 2) })
    const canvas = document.createElement('canvas')
    // A canvas takes its writing direction from the page: on a right-to-left one every glyph would be drawn left of its place.
    canvas.dir = 'ltr'
    canvas.role = 'img'
    canvas.setAttribute('aria-label', `${words} ${number}`)
    canvas.width = viewport.width
    canvas.height = viewport.height
    await page.render({ canvas, canvasContext: canvas.getContext('2d'), viewport }).promise
    pages.push(canvas)
  }
  if (mine === turn) {
    const { scrollTop } = place
    place.replaceChildren(...pages)
    place.scrollTop = scrollTop
    place.dataset.pages = String(pages.length)
  }
  await file.loadingTask.destroy()
}
