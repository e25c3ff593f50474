import { assets } from './page.js'

/** Draws a PDF into the page with pdf.js; pages are drawn when they come into view. */
for (const viewer of document.querySelectorAll('[data-pdf]')) void open(viewer)

async function open(viewer) {
  const state = viewer.querySelector('.k-pdf-state')
  const pages = viewer.querySelector('.k-pdf-pages')
  try {
    const pdfjs = await import(`${assets}/pdfjs/pdf.mjs`)
    pdfjs.GlobalWorkerOptions.workerSrc = `${assets}/pdfjs/pdf.worker.mjs`
    const file = await pdfjs.getDocument({
      url: viewer.dataset.pdf,
      standardFontDataUrl: `${assets}/pdfjs/standard_fonts/`,
      cMapUrl: `${assets}/pdfjs/cmaps/`,
      cMapPacked: true,
      wasmUrl: `${assets}/pdfjs/wasm/`,
      isEvalSupported: false,
      enableXfa: false,
    }).promise
    state.textContent = `1 / ${file.numPages}`
    const seen = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) {
          if (!entry.isIntersecting) continue
          state.textContent = `${entry.target.dataset.number} / ${file.numPages}`
          if (entry.target.dataset.drawn === undefined) void draw(file, entry.target)
        }
      },
      { root: pages, rootMargin: '200px' },
    )
    for (let number = 1; number <= file.numPages; number++) {
      const page = await file.getPage(number)
      const { width, height } = page.getViewport({ scale: 1 })
      const canvas = document.createElement('canvas')
      canvas.dataset.number = String(number)
      // A canvas takes its writing direction from the page: on a right-to-left one every glyph would be drawn left of its place.
      canvas.dir = 'ltr'
      canvas.role = 'img'
      canvas.setAttribute('aria-label', `${viewer.dataset.page} ${number}`)
      canvas.style.aspectRatio = `${width} / ${height}`
      pages.append(canvas)
      seen.observe(canvas)
    }
    viewer.dataset.ready = String(file.numPages)
  } catch {
    state.textContent = viewer.dataset.failed
    viewer.classList.add('k-pdf-failed')
  }
}

async function draw(file, canvas) {
  canvas.dataset.drawn = ''
  const page = await file.getPage(Number(canvas.dataset.number))
  const scale = (canvas.clientWidth / page.getViewport({ scale: 1 }).width) * Math.min(devicePixelRatio, 2)
  const viewport = page.getViewport({ scale })
  canvas.width = viewport.width
  canvas.height = viewport.height
  await page.render({ canvas, canvasContext: canvas.getContext('2d'), viewport }).promise
  canvas.dataset.shown = ''
}
