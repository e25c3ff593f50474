// What every part of the editor of written texts uses: what the host gave, the parts of the page, elements.
export const root = document.querySelector('#te')
export const setup = JSON.parse(root.dataset.setup)
export const { texts } = setup
export const content = { preamble: {}, mergeFields: [], ...setup.content }
export const place = (id) => document.querySelector(`#te-${id}`)

export const direction = (language) => setup.languages.find(({ locale }) => locale === language).direction
export const label = (language) => setup.languages.find(({ locale }) => locale === language).label
export const icon = (name) => document.querySelector('#te-icons').content.querySelector(`[data-icon=${name}]`).cloneNode(true)

export function element(name, attributes = {}, children = []) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value)
    else if (value === true) made.setAttribute(key, '')
    else if (value !== false && value !== undefined) made.setAttribute(key, value)
  }
  made.append(...children)
  return made
}

export function option(value, text, chosen = false) {
  const made = element('option', { value }, [text])
  made.selected = chosen
  return made
}

export function say(words) {
  place('state').textContent = words
}
