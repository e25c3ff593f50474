import { call, calmly, on, pointerUp } from './page.js'

const palette = document.getElementById('k-palette')
if (palette !== null) start(palette)

function start(dialog) {
  const input = dialog.querySelector('input')
  const list = dialog.querySelector('[role=listbox]')
  const entries = JSON.parse(input.dataset.paletteEntries)
  let asked = 0

  const open = () => {
    if (dialog.open) return
    input.value = ''
    show(entries.slice(0, 12))
    dialog.showModal()
  }
  on('click', '[data-palette]', open)
  document.addEventListener('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'k') return
    event.preventDefault()
    open()
  })
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })

  function show(found) {
    list.replaceChildren(
      ...found.map(({ label, href, kind }, index) => {
        const option = document.createElement('a')
        option.className = 'k-pop-item'
        option.role = 'option'
        option.id = `k-palette-${index}`
        option.href = href
        option.tabIndex = -1
        option.setAttribute('aria-selected', String(index === 0))
        const name = document.createElement('bdi')
        name.textContent = label
        option.append(name)
        if (kind !== undefined) {
          const sort = document.createElement('span')
          sort.className = 'k-muted'
          sort.textContent = kind
          option.append(sort)
        }
        return option
      }),
    )
    if (found.length === 0) {
      const none = document.createElement('p')
      none.className = 'k-muted'
      none.textContent = list.dataset.empty
      list.append(none)
    }
    input.setAttribute('aria-activedescendant', found.length > 0 ? 'k-palette-0' : '')
  }

  const search = calmly(async () => {
    await pointerUp()
    const wanted = input.value.trim().toLowerCase()
    const pages = entries.filter(({ label }) => label.toLowerCase().includes(wanted))
    show(pages.slice(0, 12))
    const mine = ++asked
    if (wanted.length < 2) return
    const answer = await call(`/app/search?q=${encodeURIComponent(wanted)}`)
    if (!answer.ok || mine !== asked) return
    const { records } = await answer.json()
    await pointerUp()
    if (mine === asked) show([...pages.slice(0, 6), ...records])
  }, 150)
  input.addEventListener('input', search)
  input.addEventListener('keydown', (event) => {
    const options = [...list.querySelectorAll('[role=option]')]
    const at = options.findIndex((option) => option.getAttribute('aria-selected') === 'true')
    if (event.key === 'Enter') {
      event.preventDefault()
      options[at]?.click()
    }
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    event.preventDefault()
    const next = options[(at + (event.key === 'ArrowDown' ? 1 : -1) + options.length) % options.length]
    options[at]?.setAttribute('aria-selected', 'false')
    next?.setAttribute('aria-selected', 'true')
    next?.scrollIntoView({ block: 'nearest' })
    if (next !== undefined) input.setAttribute('aria-activedescendant', next.id)
  })
}
