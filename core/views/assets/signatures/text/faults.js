import { element, place, root } from './page.js'

// Faults of the host: beside the field they are about, and as a list that leads there.

export function clearFault(field) {
  field.classList.remove('is-invalid')
  field.removeAttribute('aria-invalid')
  field.removeAttribute('aria-describedby')
  const next = field.nextElementSibling
  if (next?.classList.contains('te-fault') === true) next.remove()
}

export function showFaults(faults, lead = true) {
  for (const field of root.querySelectorAll('[aria-invalid]')) clearFault(field)
  const box = place('faults')
  const lines = faults.map((fault, index) => {
    const field = fault.path === null ? null : root.querySelector(`[data-path="${CSS.escape(fault.path)}"]`)
    if (field !== null && field.getAttribute('aria-invalid') === null) {
      field.classList.add('is-invalid')
      field.setAttribute('aria-invalid', 'true')
      field.setAttribute('aria-describedby', `te-fault-${index}`)
      field.after(element('p', { class: 'te-fault', id: `te-fault-${index}` }, [fault.text]))
    }
    const words = element('span', {}, [fault.text])
    if (field === null) return element('li', {}, [words])
    return element('li', {}, [element('button', { type: 'button', class: 'k-linkbutton', onclick: () => field.focus() }, [fault.text])])
  })
  if (!lead) return
  box.querySelector('ul').replaceChildren(...lines)
  box.hidden = faults.length === 0
  if (faults.length > 0) box.focus()
}
