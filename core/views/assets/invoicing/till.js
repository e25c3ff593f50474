/** The parts of the till's page, its words, and elements made for it. */
export const till = document.getElementById('k-till')
export const part = (name) => document.getElementById(`till-${name}`)
export const words = till?.dataset ?? {}
export const say = (text) => (part('said').textContent = text)

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}
export const isolated = (text, attributes) => element('bdi', attributes, text)
