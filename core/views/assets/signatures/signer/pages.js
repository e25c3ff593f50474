import { assets } from './call.js'
import { make } from './dom.js'
import { pictureOf } from './ink.js'

/**
 * Draws the document with pdf.js, which is fetched only now, and lays the fields over it. The text of each page stands beside its
 * picture for who listens instead of looking.
 */
export async function drawPages(store, place, onField) {
  const { page: facts } = store
  const loading = place.querySelector('[data-loading]')
  const sheets = facts.pages.map((shape, index) => {
    const sheet = make('div', { className: 's-page', 'data-page': String(index + 1) })
    sheet.style.aspectRatio = `${shape.width} / ${shape.height}`
    return sheet
  })
  const boxes = facts.fields.flatMap((field) =>
    field.areas.flatMap((area, index) => {
      const sheet = sheets[area.page - 1]
      if (sheet === undefined) return []
      const box = make('button', { type: 'button', className: 's-box', 'data-box': field.id, 'data-align': field.align })
      if (area.option !== undefined) box.dataset.option = area.option
      Object.assign(box.style, {
        insetInlineStart: 'auto',
        left: `${area.x * 100}%`,
        top: `${area.y * 100}%`,
        width: `${area.width * 100}%`,
        height: `${area.height * 100}%`,
        fontSize: sizeOf(facts.pages[area.page - 1], area),
      })
      if (field.readonly) box.classList.add('s-fixed')
      box.addEventListener('click', () => field.readonly || onField(field, area))
      sheet.append(box)
      return [{ box, field, area, index }]
    }),
  )
  place.append(...sheets)
  const refresh = () => {
    const shown = new Set(store.fields.map(({ id }) => id))
    for (const one of boxes) drawBox(store, one, shown.has(one.field.id))
  }
  refresh()
  store.onChange(refresh)
  await nextFrame()
  const saying = speak(facts.path, sheets[0], facts.words.page)
  const pdfjs = await import(`${assets}/pdfjs/pdf.mjs`)
  pdfjs.GlobalWorkerOptions.workerSrc = `${assets}/pdfjs/pdf.worker.mjs`
  const file = await pdfjs.getDocument({
    url: `${facts.path}/document.pdf`,
    standardFontDataUrl: `${assets}/pdfjs/standard_fonts/`,
    cMapUrl: `${assets}/pdfjs/cmaps/`,
    cMapPacked: true,
    wasmUrl: `${assets}/pdfjs/wasm/`,
    isEvalSupported: false,
    enableXfa: false,
  }).promise
  const spoken = await saying
  loading?.remove()
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting || target.dataset.drawn !== undefined) continue
        target.dataset.drawn = ''
        void drawPage(pdfjs, file, target, facts.words.page, spoken)
      }
    },
    { rootMargin: '600px' },
  )
  for (const sheet of sheets.slice(0, file.numPages)) seen.observe(sheet)
}

/** Letters as large as they will be on paper (at most 11 points), in widths of the page; never too small to be read here. */
function sizeOf(page, area) {
  const points = Math.min(11, area.height * page.height * 0.62)
  return `max(9px, ${(points / page.width) * 100}cqw)`
}

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))

/** The words of a document that was written here, before its first page. False: the file's own text is all there is. */
async function speak(path, sheet, word) {
  const answer = await fetch(`${path}/text`).catch(() => undefined)
  const { texts } = answer?.ok === true ? await answer.json() : { texts: [] }
  for (const { locale, direction, text } of texts)
    sheet.before(
      make('div', { className: 's-hidden', lang: locale, dir: direction, role: 'region', 'aria-label': `${word} (${locale})` }, text),
    )
  return texts.length > 0
}

async function drawPage(pdfjs, file, sheet, word, spoken) {
  const page = await file.getPage(Number(sheet.dataset.page))
  const scale = (sheet.clientWidth / page.getViewport({ scale: 1 }).width) * Math.min(Math.max(devicePixelRatio, 1), 2.5)
  const viewport = page.getViewport({ scale })
  // A canvas takes its writing direction from the page: on a right-to-left one every glyph would be drawn left of its place.
  const canvas = make('canvas', {
    width: Math.floor(viewport.width),
    height: Math.floor(viewport.height),
    dir: 'ltr',
    'aria-hidden': 'true',
  })
  sheet.prepend(canvas)
  await page.render({ canvas, canvasContext: canvas.getContext('2d'), viewport, annotationMode: pdfjs.AnnotationMode.ENABLE }).promise
  if (!spoken) {
    const { items } = await page.getTextContent()
    const text = items.map(({ str, hasEOL }) => `${str ?? ''}${hasEOL ? '\n' : ' '}`).join('')
    canvas.before(make('div', { className: 's-hidden', dir: 'auto', role: 'region', 'aria-label': `${word} ${sheet.dataset.page}` }, text))
  }
  sheet.dataset.shown = ''
}

function drawBox(store, { box, field, area, index }, shown) {
  const { words } = store.page
  const value = store.values[field.id]
  const filled = value !== undefined && value !== false && value !== ''
  box.hidden = !shown
  box.classList.toggle('s-filled', filled)
  box.classList.toggle('s-wrong', store.faults.has(field.id))
  box.classList.toggle('s-multi', field.type === 'multiline')
  const isMark = field.type === 'checkbox' || (field.type === 'radio' && area.option !== undefined)
  box.classList.toggle('s-mark-box', isMark)
  const state = filled ? words.filled : field.required ? words.required : words.optional
  const option = area.option === undefined ? '' : ` – ${area.option}`
  box.setAttribute('aria-label', `${field.label}${option} – ${state}`)
  box.title = `${field.label}${option}`
  // Only the first of many places of one field is in the way of the keyboard.
  box.tabIndex = field.readonly || (index > 0 && !isMark) ? -1 : 0
  if (isMark) box.textContent = (field.type === 'checkbox' ? value === true : value === area.option) ? '✓' : ''
  else if (typeof value === 'object' && 'capture' in value) box.replaceChildren(pictureOf(store, value.capture, ''))
  else if (typeof value === 'object' && 'attachment' in value) box.textContent = `📎 ${store.shown.get(value.attachment)?.name ?? ''}`
  else box.textContent = typeof value === 'string' && value !== '' ? (field.type === 'date' ? dayOf(store, value) : value) : field.label
  box.dir = 'auto'
}

function dayOf(store, value) {
  const day = new Date(`${value}T00:00:00Z`)
  return Number.isNaN(day.getTime()) ? value : day.toLocaleDateString(`${store.page.locale}-u-nu-latn-ca-gregory`, { timeZone: 'UTC' })
}
