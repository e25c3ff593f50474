import { assets, post } from './call.js'
import { make } from './dom.js'

const dialog = document.querySelector('[data-ink]')
const purposes = { signature: undefined, initials: undefined }
const uploadLimit = 8 * 1024 * 1024
let faces
const arabic = 'U+0600-06FF, U+0750-077F, U+08A0-08FF, U+FB50-FDFF, U+FE70-FEFF, U+200C-200F'
const others = 'U+0000-05FF, U+1E00-1EFF, U+2000-200B, U+2010-20CF'

/** Faces of typed names are fetched when somebody looks at them. */
function loadFaces() {
  faces ??= Promise.all(
    [
      ['Khatm Hand', 'ArefRuqaa-400Regular', arabic],
      ['Khatm Hand', 'Caveat-500Medium', others],
      ['Khatm Script', 'Amiri-400Regular_Italic', arabic],
      ['Khatm Script', 'MarckScript-400Regular', others],
      ['Khatm Naskh', 'NotoNaskhArabic-400Regular', arabic],
      ['Khatm Naskh', 'NotoSans-400Regular', others],
    ].map(([family, file, unicodeRange]) => {
      const face = new FontFace(family, `url(${assets}/fonts/${file}.ttf)`, { unicodeRange })
      document.fonts.add(face)
      return face.load().catch(() => undefined)
    }),
  )
  return faces
}

/** What is shown of a signature that was given. */
export function pictureOf(store, capture, label) {
  const known = store.shown.get(capture)
  if (known?.text !== undefined) {
    void loadFaces()
    return make('span', { className: `s-sign-name s-typed-${known.font}`, dir: 'auto' }, known.text)
  }
  return make('img', { className: 's-picture', alt: label, src: known?.picture ?? `${store.page.path}/capture/${capture}` })
}

/** The dialog: draw, type or upload. Answers the id of what was given; undefined when it was closed. */
export async function openInk(store, purpose) {
  const { words } = store.page
  const title = make('h2', { id: 'ink-title' }, words[purpose === 'initials' ? 'field.initials' : 'field.signature'])
  const fault = make('p', { className: 's-fault', role: 'alert', hidden: true })
  const close = make('button', { type: 'button', className: 's-link' }, words.close)
  const panels = { draw: drawPanel(words), type: typePanel(store, purpose, words), upload: uploadPanel(words) }
  const tabs = Object.keys(panels).map((name) =>
    make('button', { type: 'button', role: 'tab', id: `ink-${name}`, 'aria-controls': `ink-panel-${name}`, 'data-tab': name }, words[name]),
  )
  const list = make('div', { className: 's-tabs', role: 'tablist', 'aria-labelledby': 'ink-title' }, ...tabs)
  const apply = make('button', { type: 'button', className: 's-button s-primary' }, words.apply)
  const reuse = purposes[purpose] === undefined ? undefined : make('button', { type: 'button', className: 's-button' }, words.reuse)
  for (const [name, panel] of Object.entries(panels)) {
    Object.assign(panel.root, { id: `ink-panel-${name}` })
    panel.root.setAttribute('role', 'tabpanel')
    panel.root.setAttribute('aria-labelledby', `ink-${name}`)
  }
  dialog.replaceChildren(
    make(
      'div',
      { className: 's-dialog-body' },
      make('div', { className: 's-dialog-head' }, title, close),
      reuse,
      list,
      ...Object.values(panels).map(({ root }) => root),
      fault,
      make('div', { className: 's-row' }, apply),
    ),
  )
  let current = 'draw'
  const choose = (name) => {
    current = name
    fault.hidden = true
    for (const tab of tabs) {
      const on = tab.dataset.tab === name
      tab.setAttribute('aria-selected', String(on))
      tab.tabIndex = on ? 0 : -1
    }
    for (const [one, panel] of Object.entries(panels)) panel.root.hidden = one !== name
    panels[name].open?.()
  }
  list.addEventListener('click', (event) => event.target.dataset.tab !== undefined && choose(event.target.dataset.tab))
  list.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step === undefined) return
    const turn = document.dir === 'rtl' ? -step : step
    const next = tabs[(tabs.findIndex((tab) => tab.dataset.tab === current) + turn + tabs.length) % tabs.length]
    choose(next.dataset.tab)
    next.focus()
  })
  dialog.showModal()
  choose(matchMedia('(pointer: none)').matches ? 'type' : 'draw')
  return new Promise((resolve) => {
    const finish = (value) => {
      panels.draw.stop()
      dialog.close()
      resolve(value)
    }
    close.addEventListener('click', () => finish(undefined))
    dialog.addEventListener('cancel', () => finish(undefined), { once: true })
    reuse?.addEventListener('click', () => finish(purposes[purpose]))
    apply.addEventListener('click', async () => {
      apply.disabled = true
      fault.hidden = true
      try {
        const { data, files, shown } = await panels[current].read()
        const { capture } = await post(`${store.page.path}/capture`, { data: JSON.stringify({ purpose, ...data }) }, files)
        if (shown !== undefined) store.shown.set(capture, shown)
        purposes[purpose] = capture
        finish(capture)
      } catch (error) {
        fault.textContent = error.message === '' ? words.failed : error.message
        fault.hidden = false
        apply.disabled = false
      }
    })
  })
}

function drawPanel(words) {
  const canvas = make('canvas', { className: 's-pad', 'aria-label': words['draw.hint'], role: 'img' })
  const undo = make('button', { type: 'button', className: 's-button' }, words.undo)
  const clear = make('button', { type: 'button', className: 's-button' }, words.clear)
  const root = make(
    'div',
    {},
    make('p', { className: 's-soft' }, words['draw.hint']),
    canvas,
    make('div', { className: 's-row' }, undo, clear),
    make('p', { className: 's-soft' }, words['ink.alternative']),
  )
  let pad
  let pointer = 'unknown'
  const fit = () => {
    if (pad === undefined || canvas.offsetWidth === 0) return
    const data = pad.toData()
    const ratio = Math.max(devicePixelRatio, 1)
    canvas.width = canvas.offsetWidth * ratio
    canvas.height = canvas.offsetHeight * ratio
    canvas.getContext('2d').scale(ratio, ratio)
    pad.clear()
    pad.fromData(data)
  }
  canvas.addEventListener('pointerdown', (event) => {
    pointer = event.pointerType
  })
  undo.addEventListener('click', () => pad?.fromData(pad.toData().slice(0, -1)))
  clear.addEventListener('click', () => pad?.clear())
  addEventListener('resize', fit)
  return {
    root,
    open: async () => {
      const { default: SignaturePad } = await import(`${assets}/signature_pad.js`)
      pad ??= new SignaturePad(canvas, { penColor: '#10243e', minWidth: 0.8, maxWidth: 2.6 })
      fit()
      canvas.dataset.ready = ''
    },
    stop: () => {
      removeEventListener('resize', fit)
      pad?.off()
    },
    read: () => {
      const groups = pad?.toData() ?? []
      const start = groups[0]?.points[0]?.time ?? 0
      const strokes = groups.map(({ points }) =>
        points.map(({ x, y, pressure, time }) => ({ x, y, pressure: Math.min(1, Math.max(0, pressure)), time: Math.max(0, time - start) })),
      )
      const ink = { width: canvas.offsetWidth, height: canvas.offsetHeight, strokes }
      return { data: { kind: 'drawn', pointer, ink }, files: {} }
    },
  }
}

function typePanel(store, purpose, words) {
  const { name, fonts } = store.page
  const proposed = purpose === 'initials' ? initialsOf(name) : name
  const input = make('input', { className: 's-input', id: 'ink-name', value: proposed, maxLength: 80, dir: 'auto', autocomplete: 'off' })
  const samples = fonts.map((font) => make('span', { className: `s-typed-${font}`, dir: 'auto' }, proposed))
  const choices = fonts.map((font, index) => make('input', { type: 'radio', name: 'ink-font', value: font, checked: index === 0 }))
  const root = make(
    'div',
    {},
    make('label', { className: 's-label', for: 'ink-name' }, words['type.hint']),
    input,
    make(
      'fieldset',
      { className: 's-faces' },
      make('legend', { className: 's-hidden' }, words.type),
      ...choices.map((choice, index) => make('label', {}, choice, samples[index])),
    ),
  )
  input.addEventListener('input', () => {
    for (const sample of samples) sample.textContent = input.value
  })
  return {
    root,
    open: () => void loadFaces(),
    read: () => {
      const font = choices.find(({ checked }) => checked)?.value ?? fonts[0]
      const text = input.value.trim()
      return { data: { kind: 'typed', text, font }, files: {}, shown: { text, font } }
    },
  }
}

function initialsOf(name) {
  const parts = name.split(/\s+/).filter(Boolean)
  return [...new Set([parts[0], parts.at(-1)])].map((part) => Array.from(part ?? '')[0] ?? '').join(' ')
}

function uploadPanel(words) {
  const input = make('input', { type: 'file', className: 's-input', id: 'ink-file', accept: 'image/png,image/jpeg' })
  const preview = make('img', { className: 's-picture', alt: '', hidden: true })
  let made
  input.addEventListener('change', async () => {
    made = undefined
    preview.hidden = true
    const [file] = input.files
    if (file === undefined || file.size > uploadLimit) return
    made = await cleaned(file).catch(() => undefined)
    if (made === undefined) return
    preview.src = URL.createObjectURL(made)
    preview.hidden = false
  })
  return {
    root: make('div', {}, make('label', { className: 's-label', for: 'ink-file' }, words['upload.hint']), input, preview),
    read: () => {
      if (made === undefined) throw new Error(words['upload.large'])
      return { data: { kind: 'uploaded' }, files: { png: made }, shown: { picture: preview.src } }
    },
  }
}

/** A photographed signature: paper becomes transparent, ink stays, the edges are cut off; always a PNG. */
async function cleaned(file) {
  const bitmap = await createImageBitmap(file)
  const scale = Math.min(1, 1000 / Math.max(bitmap.width, bitmap.height))
  const canvas = make('canvas', { width: Math.round(bitmap.width * scale), height: Math.round(bitmap.height * scale) })
  const context = canvas.getContext('2d')
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  const picture = context.getImageData(0, 0, canvas.width, canvas.height)
  const { data } = picture
  let [left, top, right, bottom] = [canvas.width, canvas.height, -1, -1]
  for (let at = 0; at < data.length; at += 4) {
    const light = 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]
    // Lighter than 215 is paper, darker than 150 is ink, between them the edge of a line.
    data[at + 3] = Math.round(data[at + 3] * Math.min(1, Math.max(0, (215 - light) / 65)))
    if (data[at + 3] < 40) continue
    const [x, y] = [(at / 4) % canvas.width, Math.floor(at / 4 / canvas.width)]
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  }
  if (right < left) throw new Error('blank')
  context.putImageData(picture, 0, 0)
  const cut = make('canvas', { width: right - left + 1, height: bottom - top + 1 })
  cut.getContext('2d').drawImage(canvas, -left, -top)
  return new Promise((resolve, reject) => cut.toBlob((blob) => (blob === null ? reject(new Error('blank')) : resolve(blob)), 'image/png'))
}
