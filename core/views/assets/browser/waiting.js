// A page that shows work in progress follows it: it is fetched again until what it waits for has come, less and less often. It is
// not exchanged under somebody's hands: not while the form is changed or a dialog is open.
const longest = 30_000

function busy() {
  return document.querySelector('#k-form[data-dirty], dialog[open], details.k-menu[open], textarea:focus') !== null
}

function signs(page) {
  return [...page.querySelectorAll('[data-waiting]')].map((sign) => sign.dataset.waiting).join()
}

async function look(pause) {
  if (!document.hidden) {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } }).catch(() => undefined)
    if (answer?.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
      if (signs(fresh) !== signs(document) && !busy()) {
        location.reload()
        return
      }
    }
  }
  setTimeout(() => void look(Math.min(pause * 1.5, longest)), pause)
}

if (signs(document) !== '') setTimeout(() => void look(1000), 700)
