import { assets } from '../../browser/page.js'
import { h, root, t } from './dom.js'

/**
 * The pages of the document on the stage: sheets with a canvas and a layer for fields. Sheets stand at once, by the sizes that the host
 * knows; a canvas is drawn when its sheet comes into view and let go when it is far away.
 */

const smallestScale = 0.35
const largestScale = 4
/** Pixels of one canvas; more is refused by phones. */
const mostPixels = 12_000_000
const mostDrawn = 14

/**
 * Bytes of one part. Small, since a flat list of pages makes the reader look at each page's entry, wherever in the file it stands; the
 * parts that it asks for at one time travel in one answer.
 */
const part = 32_768
const mostTogether = 300

/** The reader and its thread, on their way while the page still asks for its data. */
const engine = import(`${assets}/pdfjs/pdf.mjs`).then((pdfjs) => {
  pdfjs.GlobalWorkerOptions.workerSrc = `${assets}/pdfjs/pdf.worker.mjs`
  return { pdfjs, worker: new pdfjs.PDFWorker() }
})
engine.catch(() => undefined)

/**
 * @param size of the file, when parts of it can be asked for: then only what is looked at is fetched, and the first page of a large file
 *   stands long before the whole would be here. Without it the file is read from its beginning.
 */
export async function openPdf(url, size) {
  const { pdfjs, worker } = await engine
  const task = pdfjs.getDocument({
    ...(size === undefined || size <= 1_000_000 ? { url } : { range: partsOf(pdfjs, url, size) }),
    standardFontDataUrl: `${assets}/pdfjs/standard_fonts/`,
    cMapUrl: `${assets}/pdfjs/cmaps/`,
    cMapPacked: true,
    wasmUrl: `${assets}/pdfjs/wasm/`,
    isEvalSupported: false,
    enableXfa: false,
    worker,
    rangeChunkSize: part,
    disableAutoFetch: true,
    disableStream: true,
  })
  return task.promise
}

function partsOf(pdfjs, url, size) {
  const transport = new pdfjs.PDFDataRangeTransport(size, null)
  let wanted = []
  const collect = () => {
    const together = wanted.splice(0, mostTogether)
    if (wanted.length > 0) setTimeout(collect)
    void bring(together)
  }
  transport.requestDataRange = (begin, end) => {
    wanted.push({ begin, end: Math.min(end, size) })
    if (wanted.length === 1) setTimeout(collect, 3)
  }
  async function bring(together) {
    const query = together.map(({ begin, end }) => `${begin}-${end}`).join()
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await fetch(`${url}?parts=${query}`)
        if (!answer.ok) throw new Error(String(answer.status))
        const bytes = new Uint8Array(await answer.arrayBuffer())
        let at = 0
        for (const { begin, end } of together) {
          transport.onDataRange(begin, bytes.slice(at, at + end - begin))
          at += end - begin
        }
        return
      } catch {
        // The page waits for its parts: a short break of the connection is sat out.
        await new Promise((resolve) => setTimeout(resolve, Math.min(attempt, 10) * 1000))
      }
    }
  }
  return transport
}

export function layPages(stage, store) {
  const sheets = store.pages.map((page, index) => {
    const canvas = h('canvas', { role: 'img', 'aria-label': t('page', { page: index + 1, pages: store.pages.length }), dir: 'ltr' })
    const layer = h('div', { className: 'se-layer' })
    const sheet = h('div', { className: 'se-page', data: { page: index + 1 } }, canvas, layer)
    return { sheet, canvas, layer, page, drawnAt: 0, seen: false, task: undefined }
  })
  stage.replaceChildren(...sheets.map(({ sheet }) => sheet))
  let file
  let fit = true
  const view = {
    scale: 1,
    sheets,
    layerOf: (page) => sheets[page - 1]?.layer,

    /** CSS pixels per point. */
    zoom(scale, anchor) {
      fit = false
      view.setScale(scale, anchor)
    },
    fit() {
      fit = true
      view.setScale(widest())
    },
    setScale(wanted, anchor) {
      const scale = Math.min(Math.max(wanted, smallestScale), largestScale)
      if (Math.abs(scale - view.scale) < 0.0005 && sheets[0].sheet.style.width !== '') return
      const held = hold(anchor)
      view.scale = scale
      for (const { sheet, page } of sheets) {
        sheet.style.width = `${page.width * scale}px`
        sheet.style.height = `${page.height * scale}px`
      }
      stage.style.setProperty('--se-scale', String(scale))
      restore(held)
      redrawSoon()
      store.look({ scale })
    },
    show(page, options = {}) {
      const sheet = sheets[page - 1]?.sheet
      sheet?.scrollIntoView({ block: options.block ?? 'start' })
    },
    /** Page and point of it (in points) under a place of the window; undefined between the sheets. */
    at(clientX, clientY, loose = false) {
      let best
      for (const [index, { sheet, page }] of sheets.entries()) {
        const box = sheet.getBoundingClientRect()
        const away = Math.max(box.left - clientX, 0, clientX - box.right) + Math.max(box.top - clientY, 0, clientY - box.bottom)
        if (away > 0 && !loose) continue
        if (best !== undefined && best.away <= away) continue
        best = {
          away,
          page: index + 1,
          x: ((clientX - box.left) / box.width) * page.width,
          y: ((clientY - box.top) / box.height) * page.height,
        }
        if (away === 0) break
      }
      return best
    },
    draw(loadedFile) {
      file = loadedFile
      for (const { sheet } of sheets) watcher.observe(sheet)
    },
  }

  function widest() {
    const width = Math.max(...store.pages.map((page) => page.width))
    const room = stage.clientWidth - (stage.clientWidth < 600 ? 16 : 64)
    return Math.min(Math.max(room / width, smallestScale), 1.6)
  }

  /** What stays in place while the scale changes: the point under the anchor, else the middle of the stage. */
  function hold(anchor) {
    const box = stage.getBoundingClientRect()
    const place = anchor ?? { x: box.left + box.width / 2, y: box.top + box.height / 3 }
    const found = view.at(place.x, place.y, true)
    return found === undefined ? undefined : { ...found, place }
  }
  function restore(held) {
    if (held === undefined) return
    const box = sheets[held.page - 1].sheet.getBoundingClientRect()
    stage.scrollTop += box.top + held.y * view.scale - held.place.y
    stage.scrollLeft += box.left + held.x * view.scale - held.place.x
  }

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const sheet = sheets[Number(entry.target.dataset.page) - 1]
        sheet.seen = entry.isIntersecting
        if (sheet.seen) void render(sheet)
      }
      letGo()
    },
    { root: stage, rootMargin: '300px' },
  )

  let timer
  function redrawSoon() {
    clearTimeout(timer)
    timer = setTimeout(() => {
      for (const sheet of sheets) if (sheet.seen) void render(sheet)
    }, 120)
  }

  async function render(sheet) {
    if (file === undefined) return
    const { scale } = view
    const density = Math.min(devicePixelRatio, 2.5, Math.sqrt(mostPixels / (sheet.page.width * sheet.page.height)) / scale)
    const wanted = scale * density
    if (sheet.task !== undefined || Math.abs(sheet.drawnAt - wanted) < 0.01) return
    sheet.task = wanted
    const number = Number(sheet.sheet.dataset.page)
    try {
      const page = await file.getPage(number)
      const plain = page.getViewport({ scale: 1 })
      const viewport = page.getViewport({ scale: (wanted * sheet.page.width) / plain.width })
      const fresh = document.createElement('canvas')
      fresh.width = Math.ceil(viewport.width)
      fresh.height = Math.ceil(viewport.height)
      // A canvas takes its writing direction from the page: on a right-to-left one glyphs would be drawn left of their places.
      fresh.dir = 'ltr'
      fresh.setAttribute('role', 'img')
      fresh.setAttribute('aria-label', sheet.canvas.getAttribute('aria-label'))
      await page.render({ canvas: fresh, canvasContext: fresh.getContext('2d'), viewport }).promise
      sheet.canvas.replaceWith(fresh)
      sheet.canvas = fresh
      sheet.drawnAt = wanted
      sheet.sheet.dataset.drawn = ''
      root.dataset.firstPage ??= String(Math.round(performance.now()))
    } catch (error) {
      if (error?.name !== 'RenderingCancelledException') sheet.sheet.dataset.failed = ''
    } finally {
      sheet.task = undefined
    }
    if (sheet.seen && Math.abs(view.scale - scale) > 0.0005) redrawSoon()
  }

  /** Canvases out of view give their memory back, those farthest away first. */
  function letGo() {
    const drawn = sheets.filter((sheet) => sheet.drawnAt > 0 && !sheet.seen)
    if (drawn.length <= mostDrawn) return
    const here = store.page
    const distance = (sheet) => Math.abs(Number(sheet.sheet.dataset.page) - here)
    for (const sheet of drawn.sort((one, other) => distance(other) - distance(one)).slice(0, drawn.length - mostDrawn)) {
      sheet.canvas.width = 0
      sheet.canvas.height = 0
      sheet.drawnAt = 0
      delete sheet.sheet.dataset.drawn
    }
  }

  /** The page that fills the upper third of the stage is the one that is looked at. */
  let waiting = false
  stage.addEventListener('scroll', () => {
    if (waiting) return
    waiting = true
    requestAnimationFrame(() => {
      waiting = false
      const box = stage.getBoundingClientRect()
      const found = view.at(box.left + box.width / 2, box.top + box.height / 3, true)
      if (found !== undefined && found.page !== store.page) store.look({ page: found.page })
    })
  })
  new ResizeObserver(() => {
    if (fit) view.setScale(widest())
  }).observe(stage)
  stage.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey) return
      event.preventDefault()
      view.zoom(view.scale * Math.exp(-event.deltaY / 400), { x: event.clientX, y: event.clientY })
    },
    { passive: false },
  )
  view.setScale(widest())
  return view
}
