import { announce, h, icon, root, t } from './dom.js'
import { makeActions } from './actions.js'
import { showBoxes, spoken } from './boxes.js'
import { addRole, keyOf } from './fields.js'
import { followKeys } from './keyboard.js'
import { showList, showThumbnails } from './outline.js'
import { layPages, openPdf } from './pages.js'
import { followPointer } from './pointer.js'
import { makePreview } from './preview.js'
import { showProperties } from './properties.js'
import { showRoles } from './roles.js'
import { keepSaved } from './saving.js'
import { createStore } from './store.js'

const stage = document.getElementById('se-stage')
const byId = (id) => document.getElementById(id)
const narrow = matchMedia('(max-width: 900px)')

void start()

async function start() {
  let loaded
  try {
    const answer = await fetch(root.dataset.document, { headers: { accept: 'application/json' } })
    if (answer.status === 401) location.reload()
    if (!answer.ok) throw new Error(String(answer.status))
    loaded = await answer.json()
  } catch {
    fail()
    return
  }
  const opening = openPdf(root.dataset.source, loaded.size)
  opening.catch(() => undefined)
  build(loaded, opening)
}

function fail() {
  byId('se-loading')?.replaceChildren(
    h('span', { textContent: t('document-failed') }),
    h('button', { type: 'button', className: 'btn', on: { click: () => location.reload() } }, t('save.retry')),
  )
}

function build(loaded, opening) {
  const fixed = root.dataset.fixed !== undefined
  const { direction } = root.dataset
  const store = createStore({ roles: loaded.roles, fields: loaded.fields }, loaded.pages)
  const view = layPages(stage, store)
  const boxes = showBoxes(store, view, { fixed, direction })
  const actions = makeActions(store, view, boxes, { fixed })
  const sheets = makeSheets()
  const pointer = followPointer(stage, store, view, boxes, actions, { fixed, palette: byId('se-start'), onPlaced: sheets.close })
  const goTo = (key) => {
    store.select([key])
    const box = boxes.boxOf(key)
    box?.scrollIntoView({ block: 'center' })
    box?.focus({ preventScroll: true })
    sheets.close()
  }
  const toPanel = () => {
    sheets.tab('properties')
    if (narrow.matches) sheets.open('end')
    byId('se-properties').querySelector('input, select, textarea')?.focus()
  }
  showProperties(byId('se-properties'), store, actions, {
    fixed,
    direction,
    focusBox() {
      sheets.close()
      const key = store.selection.at(-1)
      if (key !== undefined) boxes.focus(key)
    },
  })
  const roles = showRoles(byId('se-roles'), byId('se-role'), store, { fixed })
  const thumbnails = showThumbnails(byId('se-pages'), store, view)
  const list = showList(byId('se-list'), store, { direction, goTo })
  const preview = makePreview(stage, byId('se-step'), store, view, {
    direction,
    onEnd: () => byId('se-preview').setAttribute('aria-pressed', 'false'),
  })

  let findings = []
  function showFindings(found, document) {
    findings = found.map((one) => ({ ...one, keys: keysOf(one.path, document) }))
    boxes.showFindings(findings)
    list.showFindings(findings)
    const errors = findings.filter(({ level }) => level === 'error').length
    const button = byId('se-check')
    button.hidden = false
    button.dataset.level = errors > 0 ? 'error' : findings.length > 0 ? 'warning' : 'good'
    button.replaceChildren(
      icon(errors > 0 ? 'alert-circle' : findings.length > 0 ? 'alert-triangle' : 'check-circle'),
      h('span', { textContent: findings.length === 0 ? t('check.none') : t('check.show', { count: findings.length }) }),
    )
  }

  const say = (text) => {
    const banner = byId('se-banner')
    banner.replaceChildren(
      icon('alert-circle'),
      h('span', { textContent: text }),
      h(
        'button',
        { type: 'button', className: 'k-iconbutton', 'aria-label': t('close'), on: { click: () => (banner.hidden = true) } },
        icon('x'),
      ),
    )
    banner.hidden = false
    announce(text)
  }
  showFindings(loaded.findings, store.document)
  const saving = keepSaved(store, byId('se-state'), {
    url: root.dataset.document,
    initial: loaded,
    onFindings: showFindings,
    onVersion: ({ number }) => say(t('new-version', { number })),
    say,
  })
  // Somebody has to sign: the first role is made with the first document, and saved with the first field.
  if (store.document.roles.length === 0 && !fixed) {
    const { document: first, role } = addRole(store.document, t('role.name-new', { number: 1 }))
    store.change(first, { name: t('changed-step') })
    store.look({ role: role.id })
  }

  followKeys(root, stage, store, actions, pointer, { toPanel, help: () => byId('se-help').showModal(), save: () => void saving.save() })

  const acts = {
    undo: actions.undo,
    redo: actions.redo,
    'zoom-in': () => view.zoom(view.scale * 1.2),
    'zoom-out': () => view.zoom(view.scale / 1.2),
    'zoom-fit': () => view.fit(),
    help: () => byId('se-help').showModal(),
    'role-add': () => roles.add(),
    check: () => {
      sheets.tab('list')
      if (narrow.matches) sheets.open('end')
      byId('se-list').scrollTop = 0
      byId('se-tab-list').focus()
    },
    preview: () => {
      const on = root.dataset.mode === 'preview'
      if (on) preview.end()
      else {
        store.select([])
        sheets.close()
        byId('se-preview').setAttribute('aria-pressed', 'true')
        preview.begin()
      }
    },
    'sheet-start': () => sheets.toggle('start'),
    'sheet-properties': () => sheets.toggle('end', 'properties'),
    'sheet-pages': () => sheets.toggle('end', 'pages'),
    'sheet-list': () => sheets.toggle('end', 'list'),
    'sheet-close': () => sheets.close(),
  }
  root.addEventListener('click', (event) => {
    const button = event.target.closest('[data-act]')
    if (button !== null) acts[button.dataset.act]()
  })
  root.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') sheets.close()
  })

  // Leaving by the button: first everything is saved, then what is still wrong is told.
  byId('se-next').addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey) return
    event.preventDefault()
    void leave(event.currentTarget.href)
  })
  byId('se-leave-anyway').addEventListener('click', () => saving.release())
  async function leave(address) {
    if (!(await saving.save())) {
      byId('se-state').scrollIntoView({ block: 'nearest' })
      announce(byId('se-state').textContent)
      return
    }
    const errors = findings.filter(({ level }) => level === 'error')
    if (errors.length === 0) {
      location.assign(address)
      return
    }
    byId('se-leave-list').replaceChildren(
      ...errors.map((one) => h('li', { data: { level: 'error' } }, icon('alert-circle'), h('span', { textContent: one.text }))),
    )
    byId('se-leave').showModal()
    sheets.tab('list')
  }

  const showState = () => {
    root.querySelector('[data-act=undo]').disabled = !store.canUndo
    root.querySelector('[data-act=redo]').disabled = !store.canRedo
  }
  store.on('document', showState)
  store.on('view', ({ scale }) => {
    if (scale !== undefined) showZoom()
  })
  const showZoom = () => (byId('se-zoom').firstChild.textContent = `${Math.round(((view.scale * 72) / 96) * 100)} %`)
  showState()
  showZoom()
  store.on('selection', () => {
    const chosen = store.chosen()
    root.dataset.chosen = String(chosen.length)
    if (chosen.length === 1 && root.dataset.mode !== 'preview') sheets.tab('properties')
    if (chosen.length > 1) announce(t('selected-many', { count: chosen.length }))
    else if (chosen.length === 1 && document.activeElement?.dataset?.key !== chosen[0].key)
      announce(spoken(store.document, chosen[0], store.pages))
  })

  opening.then(
    (file) => {
      view.draw(file)
      thumbnails.draw(file)
      root.dataset.ready = String(file.numPages)
    },
    () => say(t('document-failed')),
  )
  // For tests and for whoever wants to know: what the page holds.
  root.dataset.fields = String(store.document.fields.length)
  store.on('document', () => (root.dataset.fields = String(store.document.fields.length)))
}

/** Places that a finding speaks of: `fields[3].areas[0]` is one, `fields[3].options` all of the field. */
function keysOf(path, document) {
  const [, index, area] = /^fields\[(\d+)\](?:\.areas\[(\d+)\])?/.exec(path) ?? []
  const field = document.fields[Number(index)]
  if (field === undefined) return []
  return area === undefined ? field.areas.map((_, at) => keyOf(field.id, at)) : [keyOf(field.id, Number(area))]
}

/** Panels: tabs at the end, and on narrow windows sheets that come up from below. */
function makeSheets() {
  const tabs = ['properties', 'pages', 'list']
  const sheets = {
    tab(name) {
      for (const one of tabs) {
        const on = one === name
        const button = byId(`se-tab-${one}`)
        button.setAttribute('aria-selected', String(on))
        button.tabIndex = on ? 0 : -1
        byId(`se-${one}`).hidden = !on
      }
    },
    open(side) {
      root.dataset.panel = side
    },
    close() {
      delete root.dataset.panel
    },
    toggle(side, tab) {
      const same = root.dataset.panel === side && (tab === undefined || !byId(`se-${tab}`).hidden)
      if (tab !== undefined) sheets.tab(tab)
      if (same) sheets.close()
      else sheets.open(side)
    },
  }
  for (const [index, name] of tabs.entries()) {
    const button = byId(`se-tab-${name}`)
    button.addEventListener('click', () => sheets.tab(name))
    button.addEventListener('keydown', (event) => {
      const forward = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight'
      const back = document.documentElement.dir === 'rtl' ? 'ArrowRight' : 'ArrowLeft'
      const step = event.key === forward ? 1 : event.key === back ? -1 : 0
      if (step === 0) return
      event.preventDefault()
      const target = tabs[(index + step + tabs.length) % tabs.length]
      sheets.tab(target)
      byId(`se-tab-${target}`).focus()
    })
  }
  return sheets
}
